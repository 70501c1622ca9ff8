// The class plan: what to open, to watch, to join, with search and sort.

const ACCIONES = {
  abrir: ["●", "Abrir"], abrir_menos: ["◐", "Abrir menos"], vigilar: ["▲", "Vigilar"], unir: ["⇄", "Unir"], no_abrir: ["○", "No abrir"],
};
const DE_UNA_VEZ = window.innerWidth > 760 ? 25 : 10;
const estadoPlan = { accion: "todas", sorted: { name: "alumnos", down: true }, shown: DE_UNA_VEZ, h: 1 };

const todasLasFilas = datos.plan ? filas(datos.plan).map((row) => ({
  ...row,
  // As a number is written in Spanish.
  razon: row.razon,
  accion: datos.plan.acciones[row.accion],
  buscado: llano([datos.sedes[row.sede], curso(row.curso), datos.horarios.nombre[row.horario], row.razon].join(" ")),
})) : [];

function columnasPlan(rows) {
  const columns = [
    { name: "accion", title: "Acción", sort: (row) => datos.plan.acciones.indexOf(row.accion), cell: (row) => insignia(row.accion) },
    { name: "sede", title: "Sede", sort: (row) => datos.sedes[row.sede], cell: (row) => datos.sedes[row.sede] },
    { name: "curso", title: "Curso", class: "curso", sort: (row) => datos.cursos.codigo[row.curso], cell: (row) => [datos.cursos.codigo[row.curso], el("span", { class: "menor" }, datos.cursos.nombre[row.curso] ?? "")] },
    { name: "horario", title: "Horario", class: "horario", sort: (row) => row.horario, cell: (row) => [datos.horarios.nombre[row.horario], el("span", { class: "menor" }, datos.horarios.franja[row.horario] ?? "")] },
    { name: "alumnos", title: "Alumnos esperados", help: "esperados", number: true, sort: (row) => row.alumnos, cell: (row) => (row.alumnos < 100 ? decimal(row.alumnos) : entero(row.alumnos)) },
    { name: "secciones", title: "Secciones", help: "secciones", number: true, sort: (row) => row.secciones, cell: (row) => entero(row.secciones) },
    { name: "prob", title: "Prob. del mínimo", help: "prob", number: true, sort: (row) => row.prob, cell: (row) => porcentaje(row.prob) },
  ];
  if (rows.some((row) => row.programadas !== null)) {
    columns.push({ name: "programadas", title: "Programadas", help: "programadas", number: true, sort: (row) => (row.faltante ?? 0) - (row.sobrante ?? 0), cell: (row) => [entero(row.programadas), el("span", { class: "menor" }, diferencia(row))] });
  }
  return [...columns, { name: "razon", title: "Por qué", class: "razon", whole: true, cell: (row) => row.razon }];
}

function insignia(action) {
  const [icon, text] = ACCIONES[action];
  return el("span", { class: `accion ${action}` }, el("span", { "aria-hidden": "true" }, icon), text);
}

function diferencia(row) {
  if (row.faltante) return row.faltante === 1 ? "falta 1" : `faltan ${entero(row.faltante)}`;
  if (row.sobrante) return row.sobrante === 1 ? "sobra 1" : `sobran ${entero(row.sobrante)}`;
  return "";
}

function filasElegidas() {
  const words = llano(porId("buscar").value).split(/\s+/).filter(Boolean);
  const site = porId("plan-sede").value;
  return todasLasFilas.filter((row) => row.h === estadoPlan.h
    && (estadoPlan.accion === "todas" || row.accion === estadoPlan.accion)
    && (site === "" || row.sede === Number(site))
    && words.every((word) => row.buscado.includes(word)));
}

function mostrarPlan() {
  const found = filasElegidas();
  const columns = columnasPlan(todasLasFilas.filter((row) => row.h === estadoPlan.h));
  const column = columns.find((one) => one.name === estadoPlan.sorted.name) ?? columns[4];
  const rows = ordenadas(found, column, estadoPlan.sorted.down);
  const shown = rows.slice(0, estadoPlan.shown);
  const sections = found.reduce((sum, row) => sum + (row.secciones ?? 0), 0);
  porId("cuenta").textContent = `${plural(found.length, "celda", "celdas")} · ${plural(sections, "sección por abrir", "secciones por abrir")}`;
  porId("tabla-plan").replaceChildren(shown.length
    ? tabla(columns, shown, { cards: true, caption: "Plan de apertura", sorted: estadoPlan.sorted, onSort: ordenarPor })
    : el("p", {}, "Ninguna celda con eso."));
  porId("mas").hidden = rows.length <= estadoPlan.shown;
  porId("mas").textContent = `Mostrar más (${entero(rows.length - shown.length)})`;
  porId("ordenar").replaceChildren(...columns.filter((one) => one.sort).map((one) => el("option", { value: one.name, selected: one.name === estadoPlan.sorted.name }, one.title)));
}

function ordenarPor(column) {
  const same = estadoPlan.sorted.name === column.name;
  // Numbers first from the largest, words from A.
  estadoPlan.sorted = { name: column.name, down: same ? !estadoPlan.sorted.down : Boolean(column.number) };
  mostrarPlan();
  document.querySelector(`#tabla-plan [data-orden="${column.name}"]`)?.focus();
}

function cambiarPlan(change) {
  Object.assign(estadoPlan, { shown: DE_UNA_VEZ }, change);
  mostrarPlan();
}

// The numbers of the actions are those of the period chosen.
function fichasDeAcciones() {
  const count = (action) => todasLasFilas.filter((row) => row.h === estadoPlan.h && row.accion === action).length;
  const box = porId("acciones");
  box.replaceChildren(el("legend", {}, "Acción"));
  const choices = Object.entries(ACCIONES).filter(([action]) => count(action)).map(([action, [, text]]) => [action, `${text} ${entero(count(action))}`]);
  if (!choices.some(([action]) => action === estadoPlan.accion)) estadoPlan.accion = "todas";
  opciones(box, "accion", [["todas", "Todas"], ...choices], estadoPlan.accion, (accion) => cambiarPlan({ accion }));
}

function periodoDelPlan(h) {
  if (!todasLasFilas.length) return;
  estadoPlan.h = h;
  fichasDeAcciones();
  cambiarPlan({});
}

function prepararPlan() {
  if (!todasLasFilas.length) {
    const lacking = datos.resumen[0]?.plan?.falta;
    porId("plan-contenido").replaceChildren(el("p", { class: "aviso" }, lacking
      ? `No se puede decidir qué secciones abrir: falta ${lacking.replace(", ", " y ")} de los cursos. Con esas tablas (minimos_apertura, vacantes_estandar), la próxima corrida trae el plan.`
      : "Esta publicación no trae un plan de apertura."));
    return;
  }
  porId("plan-sede").append(el("option", { value: "" }, "Todas"), ...datos.sedes.map((name, place) => [name, place])
    .filter(([, place]) => todasLasFilas.some((row) => row.sede === place)).map(([name, place]) => el("option", { value: place }, name)));
  porId("buscar").addEventListener("input", () => cambiarPlan({}));
  porId("plan-sede").addEventListener("change", () => cambiarPlan({}));
  porId("ordenar").addEventListener("change", (event) => ordenarPor(columnasPlan(todasLasFilas).find((column) => column.name === event.target.value)));
  porId("mas").addEventListener("click", () => cambiarPlan({ shown: estadoPlan.shown + 4 * DE_UNA_VEZ }));
}
