// Numbers and names as a reader in Spanish expects them, and small elements.

const datos = JSON.parse(document.getElementById("datos").textContent);
const porId = (id) => document.getElementById(id);

const formatos = [0, 1].map((digits) => new Intl.NumberFormat("es", {
  minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: "always",
}));
const VACIO = "–";

function entero(value) { return value === null || value === undefined ? VACIO : formatos[0].format(value).replace("-", "−"); }
function decimal(value) { return value === null || value === undefined ? VACIO : formatos[1].format(value).replace("-", "−"); }
function numero(value) { return Number.isInteger(value) || Math.abs(value) >= 100 ? entero(value) : decimal(value); }
function conSigno(value, format = entero) { return (value > 0 ? "+" : "") + format(value); }
function porcentaje(value) { return value === null || value === undefined ? VACIO : `${entero(value)} %`; }
function plural(count, one, many) { return `${entero(count)} ${count === 1 ? one : many}`; }

// An element with attributes and children; text is text, whatever the institute's names hold.
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "onclick") made.addEventListener("click", value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// Columns as rows of objects.
function filas(columns, names = Object.keys(columns)) {
  const lists = names.filter((name) => Array.isArray(columns[name]));
  const count = lists.length ? columns[lists[0]].length : 0;
  return Array.from({ length: count }, (_, place) => {
    const row = {};
    for (const name of lists) row[name] = columns[name][place];
    return row;
  });
}

// A period is named by its month where it is one, else as the institute names it.
const periodos = filas(datos.periodos).map((period) => {
  const days = period.fin ? (new Date(period.fin) - new Date(period.inicio)) / 864e5 : null;
  const isMonth = period.inicio && period.ciclo === 12 && (days === null || (days > 24 && days < 40));
  const name = (options) => new Intl.DateTimeFormat("es", { timeZone: "UTC", ...options }).format(new Date(period.inicio));
  return {
    ...period,
    corto: isMonth ? name({ month: "short", year: "2-digit" }).replace(".", "") : period.nombre,
    largo: isMonth ? name({ month: "long", year: "numeric" }) : period.nombre,
  };
});
const conocidos = periodos.filter((period) => period.h === null).length;

function curso(place) {
  const name = datos.cursos.nombre[place];
  return name ? `${datos.cursos.codigo[place]} ${name}` : datos.cursos.codigo[place];
}

function fecha(text) {
  if (!text) return VACIO;
  return new Intl.DateTimeFormat("es", { timeZone: "UTC", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" })
    .format(new Date(`${text}Z`));
}

// For a search: without accents and capitals.
function llano(text) { return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase(); }

// Radio buttons that look like one control.
function opciones(box, name, choices, chosen, onChange) {
  box.append(...choices.map(([value, text]) => {
    const input = el("input", { type: "radio", name, value, checked: value === chosen });
    input.addEventListener("change", () => onChange(value));
    return el("label", {}, input, el("span", {}, text));
  }));
}

// What a number means, on hover and on focus; the words are the glossary's.
const globo = porId("globo");
function mostrarGlobo(text, box) {
  globo.textContent = text;
  globo.hidden = false;
  const width = document.documentElement.clientWidth;
  const left = Math.min(Math.max(8, box.left + box.width / 2 - globo.offsetWidth / 2), width - globo.offsetWidth - 8);
  const above = box.top - globo.offsetHeight - 8;
  globo.style.left = `${left + window.scrollX}px`;
  globo.style.top = `${(above > 0 ? above : box.bottom + 8) + window.scrollY}px`;
}
function quitarGlobo() { globo.hidden = true; }
function ayuda(text, entry) {
  return el("span", { "data-ayuda": entry, tabindex: "0", "aria-describedby": `def-${entry}` }, text);
}
function explicar(event) {
  const target = event.target.closest?.("[data-ayuda], [data-detalle]");
  if (!target) return;
  const text = target.dataset.detalle ?? porId(`def-${target.dataset.ayuda}`).textContent;
  mostrarGlobo(text, target.getBoundingClientRect());
}
document.addEventListener("mouseover", explicar);
document.addEventListener("focusin", explicar);
document.addEventListener("mouseout", quitarGlobo);
document.addEventListener("focusout", quitarGlobo);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") quitarGlobo(); });
for (const term of document.querySelectorAll("[data-ayuda]")) {
  term.tabIndex = 0;
  term.setAttribute("aria-describedby", `def-${term.dataset.ayuda}`);
}
