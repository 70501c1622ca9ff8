// The page: the period at a glance, demand, accuracy, sources.

const REGLAS = {
  flujo: "todos los alumnos del curso anterior", naive: "los alumnos del último periodo",
  naive_estacional: "los de la misma estación del ciclo anterior", media_estacional: "la media de las tres últimas estaciones iguales",
};
const PLANES = {
  aforo: "Aforo", aforo_con_uniones: "Aforo con uniones", regla_clasica: "Regla clásica", regla_clasica_ultimo_periodo: "Regla clásica, último periodo",
  oraculo: "Si se supiera todo", institucion: "El instituto",
};

function lineaDeCambio(label, now, before, name) {
  if (!before || before[name] === null || before[name] === undefined || now === null || now === undefined) return null;
  const change = now - before[name];
  const share = before[name] ? ` (${conSigno((100 * change) / before[name], decimal)} %)` : "";
  const detail = `${periodos[before.p]?.largo ?? ""}: ${entero(before[name])}`;
  return el("li", { "data-detalle": detail, tabindex: "0" }, el("span", {}, label), el("span", {}, `${conSigno(change)}${share}`));
}

function linea(label, value, help) { return el("li", {}, help ? ayuda(label, help) : el("span", {}, label), el("span", {}, value)); }

function cifra(name, help, value, ...lines) {
  return el("div", { class: "cifra" }, el("p", { class: "nombre" }, help ? ayuda(name, help) : name), el("p", { class: "valor" }, value), el("ul", {}, ...lines.filter(Boolean)));
}

function mostrarResumen(one) {
  const before = one.anterior && periodos[one.anterior.p] ? `vs. ${periodos[one.anterior.p].corto}` : "vs. último periodo";
  const year = one.anio && periodos[one.anio.p] ? `vs. ${periodos[one.anio.p].corto}` : "vs. hace un año";
  const open = one.anterior && periodos[one.anterior.p]?.estado === "abierto" ? linea("ese periodo", "aún se matricula") : null;
  const plan = one.plan && one.plan.secciones !== null ? one.plan : null;
  const cards = [
    cifra("Alumnos esperados", "esperados", entero(one.alumnos),
      linea("banda 80 %", `${entero(one.banda[0])} – ${entero(one.banda[1])}`, "banda"),
      lineaDeCambio(before, one.alumnos, one.anterior, "alumnos"), open, lineaDeCambio(year, one.alumnos, one.anio, "alumnos")),
    plan ? cifra("Secciones por abrir", "secciones", entero(plan.secciones),
      linea("cancelaciones esperadas", numero(plan.cancelaciones), "cancelaciones"),
      lineaDeCambio(before, plan.secciones, one.anterior, "secciones"), lineaDeCambio(year, plan.secciones, one.anio, "secciones"))
      : cifra("Secciones por abrir", "secciones", VACIO, el("li", {}, el("span", {}, one.plan?.falta ? `Falta ${one.plan.falta.replace(", ", " y ")} de los cursos.` : "Sin plan de apertura."))),
    plan ? cifra("Celdas por mirar", "celda", entero(plan.vigilar + plan.unir),
      linea("por vigilar", entero(plan.vigilar), "vigilar"), linea("por unir", entero(plan.unir), "unir"),
      linea("alumnos sin asiento", numero(plan.rechazados), "rechazados"))
      : cifra("Celdas con alumnos", "celdas", entero(one.celdas)),
  ];
  if (plan && plan.programadas !== null) {
    cards.push(cifra("Secciones programadas", "programadas", entero(plan.programadas), linea("faltan", entero(plan.faltante)), linea("sobran", entero(plan.sobrante))));
  } else if (plan) {
    cards.push(cifra("Celdas con alumnos", "celdas", entero(one.celdas), plan.sin_decidir ? linea("sin decidir: falta un dato", entero(plan.sin_decidir)) : null, linea("programación", "aún no hay")));
  }
  porId("cifras").replaceChildren(...cards);
}

function mostrarCalor(h) {
  const found = filas(datos.calor).filter((row) => row.h === h && row.alumnos >= 0.5);
  const most = Math.max(...found.map((row) => row.alumnos), 1);
  const byKey = new Map(found.map((row) => [`${row.sede}/${row.horario}`, row]));
  const sites = datos.sedes.map((_, place) => place).filter((place) => found.some((row) => row.sede === place));
  const slots = datos.horarios.nombre.map((_, place) => place).filter((place) => found.some((row) => row.horario === place));
  const sum = (test) => entero(found.filter(test).reduce((total, row) => total + row.alumnos, 0));
  const body = [];
  let shift;
  for (const slot of slots) {
    if (datos.horarios.turno[slot] !== shift) {
      shift = datos.horarios.turno[slot];
      if (shift) body.push(el("tr", { class: "franja" }, el("th", { scope: "rowgroup", colspan: sites.length + 2 }, shift)));
    }
    body.push(el("tr", {}, el("th", { scope: "row" }, datos.horarios.nombre[slot]),
      ...sites.map((site) => celdaCalor(byKey.get(`${site}/${slot}`), most)), el("td", { class: "suma" }, sum((row) => row.horario === slot))));
  }
  const total = el("tr", {}, el("th", { scope: "row" }, "Total"), ...sites.map((site) => el("td", { class: "suma" }, sum((row) => row.sede === site))), el("td", { class: "suma" }, sum(() => true)));
  const box = porId("calor");
  box.classList.add("calor");
  box.replaceChildren(el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Horario"), ...sites.map((site) => el("th", { scope: "col" }, datos.sedes[site])), el("th", { scope: "col" }, "Total"))), el("tbody", {}, ...body, total)));
}

function celdaCalor(row, most) {
  if (!row) return el("td", {}, "");
  // Equal steps of the square root: a small campus is seen beside a large one.
  const share = Math.round(6 + 94 * Math.sqrt(row.alumnos / most));
  const band = row.q10 === null ? "" : `\nbanda del 80 %: ${numero(row.q10)} a ${numero(row.q90)}`;
  return el("td", {
    style: `background: color-mix(in srgb, var(--calor) ${share}%, var(--fondo))`,
    class: share > 70 ? "alto" : share > 52 ? "medio" : null,
    "data-detalle": `${datos.sedes[row.sede]}, ${datos.horarios.nombre[row.horario]}\n${numero(row.alumnos)} alumnos esperados en ${plural(row.celdas, "celda", "celdas")}${band}`,
  }, entero(row.alumnos));
}

function mostrarAciertos() {
  const cuts = filas(datos.exactitud.cortes);
  const all = cuts.find((row) => row.corte === "todo");
  if (!all) {
    porId("aciertos-frase").textContent = "Aún no hay periodos suficientes para probar el pronóstico hacia atrás.";
    porId("aciertos-contenido").hidden = true;
    return;
  }
  const rule = all.regla === null ? "" : ` La mejor regla simple (${REGLAS[datos.exactitud.regla]}) se equivocó en ${decimal(all.regla)}.`;
  porId("aciertos-frase").textContent = `Probado en ${plural(all.origenes, "periodo pasado", "periodos pasados")}, un periodo antes: de cada 100 alumnos, se equivocó en ${decimal(all.wape)}, sumando lo que faltó o sobró en cada celda.${rule}`;
  const points = filas(datos.exactitud.periodos).map((row) => ({
    ...row, periodo: periodos[row.p].corto, valor: row.real,
    detalle: `${periodos[row.p].largo}\nvinieron ${entero(row.real)}\npronosticados ${entero(row.pronostico)} (${conSigno(row.pronostico - row.real)})`,
  }));
  dibujar("grafico-aciertos", `Alumnos que vinieron y pronosticados en ${plural(points.length, "periodo", "periodos")}. Los números están en la tabla.`, graficoAciertos(points, points.map((point) => point.periodo)));
  porId("tabla-aciertos").replaceChildren(tablaDePeriodos(points));
  const kinds = [["todo", null], ["sede", "Por sede"], ["programa", "Por programa"], ["tipo_demanda", "Por tipo de demanda"]];
  const rows = kinds.flatMap(([kind, title]) => conTitulo(title, cuts.filter((row) => row.corte === kind)));
  const most = Math.max(...cuts.map((row) => Math.max(row.wape, row.regla ?? 0)));
  porId("tabla-cortes").replaceChildren(tabla([
    { title: "", cell: (row) => (row.corte === "todo" ? "Todo el instituto" : row.valor) },
    { title: "Alumnos", number: true, cell: (row) => entero(row.alumnos) },
    { title: "Error por cada 100", help: "wape", cell: (row) => [el("span", { class: "barra", "aria-hidden": "true", style: `width:${Math.round((90 * Math.min(row.wape, most)) / most)}px` }), decimal(row.wape)] },
    { title: "Regla simple", help: "regla", number: true, cell: (row) => decimal(row.regla) },
    { title: "Sesgo", help: "sesgo", number: true, cell: (row) => conSigno(row.sesgo, decimal) },
    { title: "Dentro de la banda", help: "dentro", number: true, cell: (row) => porcentaje(row.dentro) },
  ], rows));
}

function conTitulo(title, rows) { return title && rows.length ? [{ grupo: title }, ...rows] : rows; }

function tablaDePeriodos(rows) {
  return tabla([
    { title: "Periodo", cell: (row) => periodos[row.p].largo },
    { title: "Vinieron", number: true, cell: (row) => entero(row.real) },
    { title: "Pronosticados", number: true, cell: (row) => entero(row.pronostico) },
    { title: "Diferencia", number: true, cell: (row) => conSigno(row.pronostico - row.real) },
  ], rows.toReversed());
}

function mostrarPublicados() {
  const rows = filas(datos.publicados.periodos);
  const box = porId("publicados");
  if (!rows.length) {
    box.replaceChildren(el("p", { class: "entrada" }, "Todavía no terminó ningún periodo con un pronóstico ya publicado. Cuando termine uno, aquí se ve lo publicado junto a lo que pasó."));
    return;
  }
  const misses = filas(datos.publicados.fallos);
  box.replaceChildren(tablaDePeriodos(rows));
  if (misses.length) {
    box.append(el("h3", {}, `Las celdas de ${periodos[rows.at(-1).p].largo} que más se alejaron`), tabla([
      { title: "Sede", cell: (row) => datos.sedes[row.sede] ?? VACIO },
      { title: "Curso", cell: (row) => (row.curso === null ? VACIO : curso(row.curso)) },
      { title: "Horario", cell: (row) => datos.horarios.nombre[row.horario] ?? VACIO },
      { title: "Pronosticados", number: true, cell: (row) => entero(row.pronostico) },
      { title: "Vinieron", number: true, cell: (row) => entero(row.real) },
      { title: "Diferencia", number: true, cell: (row) => conSigno(row.pronostico - row.real) },
    ], misses, { cards: true }));
  }
}

function mostrarFrontera() {
  const points = filas(datos.frontera).map((row) => ({
    ...row, nombre: PLANES[row.plan] ?? row.plan,
    detalle: `${PLANES[row.plan] ?? row.plan}${row.costo === null ? "" : `, si cancelar vale ${numero(row.costo)}`}\n${plural(row.cancelaciones, "sección cancelada", "secciones canceladas")}\n${plural(row.rechazados, "alumno sin asiento", "alumnos sin asiento")}`,
  }));
  porId("frontera-contenido").hidden = !points.length;
  if (!points.length) return;
  dibujar("grafico-frontera", "Secciones canceladas contra alumnos sin asiento de cada plan. Los números están en la tabla.", graficoFrontera(points));
  porId("tabla-frontera").replaceChildren(tabla([
    { title: "Plan", cell: (row) => row.nombre },
    { title: "Una cancelación vale", number: true, cell: (row) => (row.costo === null ? VACIO : numero(row.costo)) },
    { title: "Secciones", number: true, cell: (row) => entero(row.secciones) },
    { title: "Canceladas", number: true, cell: (row) => entero(row.cancelaciones) },
    { title: "Sin asiento", number: true, cell: (row) => entero(row.rechazados) },
  ], points));
}

function mostrarFuentes() {
  const rows = filas(datos.fuentes);
  const count = (state) => rows.filter((row) => row.estado === state).length;
  const parts = [[count("viva"), "leída ahora", "leídas ahora"], [count("respaldo"), "de una captura anterior", "de una captura anterior"], [count("ausente"), "no entregada", "no entregadas"]];
  porId("fuentes-frase").textContent = `${plural(rows.length, "tabla", "tablas")}: ${parts.filter(([n]) => n).map(([n, one, many]) => plural(n, one, many)).join(", ")}.`;
  const states = { viva: ["●", "Al día", "abrir"], respaldo: ["▲", "Respaldo", "vigilar"], ausente: ["○", "Ausente", "no_abrir"] };
  porId("tabla-fuentes").replaceChildren(tabla([
    { title: "Tabla", cell: (row) => row.tabla },
    { title: "Estado", cell: (row) => { const [icon, text, style] = states[row.estado]; return el("span", { class: `accion ${style}` }, el("span", { "aria-hidden": "true" }, icon), text); } },
    { title: "Filas", number: true, cell: (row) => entero(row.filas) },
    { title: "Leída (UTC)", cell: (row) => fecha(row.capturada) },
    { title: "En cuarentena", help: "cuarentena", number: true, cell: (row) => entero(row.cuarentena) },
    { title: "Qué pasó", class: "razon", whole: true, cell: (row) => row.motivo ?? "" },
  ], rows, { cards: true, caption: "Estado de las fuentes" }));
  if (datos.corrida.estado_fuente === "respaldo") {
    porId("avisos").replaceChildren(el("p", { class: "aviso" }, `Este pronóstico usa una captura anterior de: ${datos.corrida.tablas_respaldo}. El motivo está en “Estado de las fuentes”.`));
  }
}

function elegirPeriodo(h) {
  const one = datos.resumen.find((row) => row.h === h);
  porId("titulo").textContent = periodos[one.p].largo.replace(/^./, (letter) => letter.toUpperCase());
  document.title = `Aforo: pronóstico de ${periodos[one.p].largo}`;
  mostrarResumen(one);
  mostrarCalor(h);
  periodoDelPlan(h);
}

const origen = periodos[conocidos - 1]?.largo ?? datos.corrida.periodo_origen;
porId("procedencia").textContent = `Con lo conocido hasta ${origen}; datos al ${fecha(datos.corrida.datos_al)} UTC.`;
porId("pie").textContent = `Corrida ${datos.corrida.id}. Los números son los de los marts publicados con este reporte (aforo_marts.duckdb), redondeados.`;
opciones(porId("periodos"), "periodo", datos.resumen.map((row) => [row.h, periodos[row.p].largo]), 1, elegirPeriodo);
prepararPlan();
elegirPeriodo(1);
prepararSeries();
mostrarAciertos();
mostrarPublicados();
mostrarFrontera();
mostrarFuentes();
