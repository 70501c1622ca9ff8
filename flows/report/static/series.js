// History and forecast of a series that is picked from a list.

const NIVELES = {
  total: "Instituto", sede: "Sede", programa: "Programa", sede_programa: "Programa de una sede", curso: "Curso",
  sede_curso: "Curso de una sede", sede_horario: "Horario de una sede", celda: "Celda",
};
const MOSTRADAS = 400;
const POR_H = 5;

function nombreSerie(place) {
  const s = datos.series;
  return [
    s.sede[place] === null ? null : datos.sedes[s.sede[place]],
    s.programa[place] === null ? null : datos.programas[s.programa[place]],
    s.curso[place] === null ? null : curso(s.curso[place]),
    s.horario[place] === null ? null : datos.horarios.nombre[s.horario[place]],
  ].filter((part) => part !== null).join(" · ") || "Todo el instituto";
}

function puntosSerie(place) {
  const start = datos.series.desde[place];
  const students = datos.series.alumnos[place];
  const forecast = datos.series.pronostico[place];
  return periodos.map((period, p) => {
    const point = { p, periodo: period.corto, esPronostico: period.h !== null };
    if (period.h === null) {
      point.real = p >= start && p - start < students.length ? students[p - start] : 0;
      point.valor = point.real;
      point.detalle = `${period.largo}\n${plural(point.real, "alumno", "alumnos")}${period.estado === "abierto" ? " (aún se matricula)" : ""}`;
      // The forecast's line and bands begin where the history ends.
      if (p === conocidos - 1) Object.assign(point, { pronostico: point.real, b80: point.real, a80: point.real, b95: point.real, a95: point.real });
    } else {
      const [media, b80, a80, b95, a95] = forecast.slice(POR_H * (period.h - 1), POR_H * period.h);
      Object.assign(point, { pronostico: media, valor: media, b80, a80, b95, a95 });
      point.detalle = media === null ? `${period.largo}\nno es candidata` : `${period.largo}\n${numero(media)} alumnos esperados${b80 === null ? "" : `\n80 %: ${numero(b80)} a ${numero(a80)}\n95 %: ${numero(b95)} a ${numero(a95)}`}`;
    }
    return point;
  });
}

function mostrarSerie(place) {
  const points = puntosSerie(place);
  const name = nombreSerie(place);
  porId("serie-titulo").textContent = name;
  const next = points.find((point) => point.esPronostico && point.pronostico !== null);
  const band = next && next.b80 !== null
    ? `; en 8 de cada 10 casos, entre ${numero(next.b80)} y ${numero(next.a80)}.`
    : ". Sin banda: las bandas de varias sedes no se suman; elija el nivel “de una sede” para verla.";
  const phrase = next ? `${periodos[next.p].largo}: ${numero(next.pronostico)} alumnos esperados${band}` : "Sin pronóstico.";
  porId("serie-frase").textContent = phrase;
  dibujar("grafico-serie", `Historia y pronóstico de ${name}. ${phrase}`, graficoSerie(points, periodos.map((period) => period.corto)));
  porId("tabla-serie").replaceChildren(tabla([
    { title: "Periodo", cell: (point) => periodos[point.p].largo },
    { title: "Alumnos", number: true, cell: (point) => (point.esPronostico ? VACIO : entero(point.real)) },
    { title: "Pronóstico", number: true, cell: (point) => (point.esPronostico && point.pronostico !== null ? numero(point.pronostico) : VACIO) },
    { title: "Banda 80 %", number: true, cell: (point) => rango(point.esPronostico, point.b80, point.a80) },
    { title: "Banda 95 %", number: true, cell: (point) => rango(point.esPronostico, point.b95, point.a95) },
  ], points.toReversed(), { caption: name }));
}

function rango(shown, low, high) {
  return shown && low !== null && low !== undefined ? `${numero(low)} – ${numero(high)}` : VACIO;
}

function llenarLista() {
  const level = Number(porId("nivel").value);
  const words = llano(porId("filtro").value).split(/\s+/).filter(Boolean);
  const found = [];
  let count = 0;
  datos.series.nivel.forEach((is, place) => {
    if (is !== level) return;
    const name = nombreSerie(place);
    const plain = words.length ? llano(name) : "";
    if (!words.every((word) => plain.includes(word))) return;
    count += 1;
    if (count <= MOSTRADAS) found.push(el("option", { value: place }, name));
  });
  const list = porId("serie");
  list.replaceChildren(...found);
  list.size = Math.min(Math.max(found.length, 2), 10);
  porId("lista-cuenta").textContent = count > MOSTRADAS
    ? `${entero(count)} series; se ven las primeras ${entero(MOSTRADAS)}: busque para acotar.` : plural(count, "serie", "series");
  if (found.length) {
    list.selectedIndex = 0;
    mostrarSerie(Number(found[0].value));
  }
}

function prepararSeries() {
  const there = new Set(datos.series.nivel);
  datos.series.niveles.forEach((level, code) => {
    if (there.has(code)) porId("nivel").append(el("option", { value: code }, NIVELES[level]));
  });
  porId("nivel").addEventListener("change", () => { porId("filtro").value = ""; llenarLista(); });
  porId("filtro").addEventListener("input", llenarLista);
  porId("serie").addEventListener("change", (event) => mostrarSerie(Number(event.target.value)));
  llenarLista();
}
