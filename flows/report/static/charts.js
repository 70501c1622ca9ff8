// Charts: Vega-Lite specifications drawn as SVG. Colours are CSS variables, so that they follow the colour scheme and print.

const FUENTE = getComputedStyle(document.body).fontFamily;
const AJUSTES = {
  background: null, padding: { left: 2, top: 10, right: 22, bottom: 2 }, font: FUENTE,
  view: { stroke: null },
  axis: {
    labelColor: "var(--apagado)", titleColor: "var(--apagado)", gridColor: "var(--linea)", domainColor: "var(--linea)",
    tickColor: "var(--linea)", labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", labelFont: FUENTE, titleFont: FUENTE,
    ticks: false, labelPadding: 7,
  },
  axisY: { domain: false, labelExpr: "numero(datum.value)", tickCount: 5 },
  text: { font: FUENTE, fontSize: 12, color: "var(--tinta)" },
};
const OPCIONES = {
  mode: "vega-lite", renderer: "svg", actions: false, defaultStyle: false, hover: true,
  expressionFunctions: { numero },
  tooltip: (_, event, item, value) => {
    if (value === null || value === undefined || value === "") quitarGlobo();
    else mostrarGlobo(String(value), { left: event.clientX, width: 0, top: event.clientY - 6, bottom: event.clientY + 12 });
  },
};
const dibujados = new Map();

// Draws a chart into an element, now and whenever its width changes; `spec` makes it for a width.
function dibujar(id, description, spec) {
  const box = porId(id);
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", description);
  dibujados.set(id, { spec, width: 0 });
  trazar(id);
}

function trazar(id) {
  const box = porId(id);
  const drawn = dibujados.get(id);
  const width = Math.floor(box.clientWidth);
  if (!width || width === drawn.width) return;
  drawn.width = width;
  const full = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json", config: AJUSTES,
    width, autosize: { type: "fit", contains: "padding" }, ...drawn.spec(width),
  };
  vegaEmbed(box, full, OPCIONES).then((result) => {
    drawn.result?.finalize();
    drawn.result = result;
    // The chart is one image with a description; its marks would be read one by one.
    box.querySelector("svg")?.setAttribute("aria-hidden", "true");
  });
}

let espera = 0;
new ResizeObserver(() => {
  clearTimeout(espera);
  espera = setTimeout(() => { for (const id of dibujados.keys()) trazar(id); }, 120);
}).observe(document.body);

function ejePeriodos(names) {
  return {
    field: "periodo", type: "ordinal", sort: null, scale: { type: "point", domain: names, padding: 0.4 },
    axis: { title: null, labelAngle: 0, labelOverlap: "parity", labelSeparation: 6, grid: false },
  };
}

// History as a line, the forecast as another with its bands, and what a point says when the pointer is near.
function graficoSerie(points, names) {
  const x = ejePeriodos(names);
  const y = (field) => ({ field, type: "quantitative", title: null, scale: { zero: true, nice: true } });
  const band = (low, high, color) => ({
    transform: [{ filter: `isValid(datum.${high})` }],
    mark: { type: "area", color, tooltip: null, line: false },
    encoding: { x, y: y(low), y2: { field: high } },
  });
  const line = (field, color, dash) => [
    { transform: [{ filter: `isValid(datum.${field})` }], mark: { type: "line", color, strokeWidth: 2.2, strokeDash: dash }, encoding: { x, y: y(field) } },
  ];
  return (width) => ({
    height: width < 500 ? 250 : 330,
    data: { values: points },
    layer: [
      band("b95", "a95", "var(--banda95)"),
      band("b80", "a80", "var(--banda80)"),
      ...line("real", "var(--tinta)", [1, 0]),
      ...line("pronostico", "var(--azul)", [5, 4]),
      {
        transform: [{ filter: "datum.esPronostico" }],
        mark: { type: "point", filled: true, size: 70, color: "var(--azul)", opacity: 1 }, encoding: { x, y: y("pronostico") },
      },
      {
        params: [{ name: "cerca", select: { type: "point", on: "pointerover", nearest: true, encodings: ["x"], clear: "pointerout" } }],
        mark: { type: "point", filled: true, size: 90, color: "var(--tinta)", tooltip: true },
        encoding: {
          x, y: y("valor"), tooltip: { field: "detalle", type: "nominal" },
          opacity: { condition: { param: "cerca", empty: false, value: 1 }, value: 0 },
        },
      },
    ],
  });
}

// What came and what was forecast, period by period.
function graficoAciertos(points, names) {
  const x = ejePeriodos(names);
  const y = { field: "valor", type: "quantitative", title: null, scale: { zero: false, nice: true } };
  const tooltip = { field: "detalle", type: "nominal" };
  return (width) => ({
    height: width < 500 ? 220 : 270,
    data: { values: points },
    layer: [
      { mark: { type: "rule", color: "var(--linea)", strokeWidth: 5 }, encoding: { x, y: { ...y, field: "real" }, y2: { field: "pronostico" }, tooltip } },
      { mark: { type: "point", filled: true, size: 95, color: "var(--tinta)", opacity: 1 }, encoding: { x, y: { ...y, field: "real" }, tooltip } },
      { mark: { type: "point", filled: true, size: 130, color: "var(--azul)", opacity: 1, shape: "diamond" }, encoding: { x, y: { ...y, field: "pronostico" }, tooltip } },
    ],
  });
}

// Cancelled sections against students turned away.
function graficoFrontera(points) {
  const x = { field: "cancelaciones", type: "quantitative", title: "secciones canceladas", axis: { labelExpr: "numero(datum.value)", tickCount: 6 }, scale: { zero: true } };
  const y = { field: "rechazados", type: "quantitative", title: "alumnos sin asiento", scale: { zero: true } };
  const tooltip = { field: "detalle", type: "nominal" };
  return (width) => ({
    height: width < 500 ? 280 : 340,
    data: { values: points },
    layer: [
      { transform: [{ filter: "datum.plan === 'aforo'" }], mark: { type: "line", color: "var(--azul)", strokeWidth: 2 }, encoding: { x, y, order: { field: "cancelaciones" } } },
      { transform: [{ filter: "datum.plan === 'aforo'" }], mark: { type: "point", filled: true, size: 60, color: "var(--azul)", opacity: 1 }, encoding: { x, y, tooltip } },
      { transform: [{ filter: "datum.plan !== 'aforo'" }], mark: { type: "point", filled: true, size: 110, shape: "diamond", color: "var(--ocre)", opacity: 1 }, encoding: { x, y, tooltip } },
      { transform: [{ filter: width < 500 ? "datum.plan !== 'aforo' && datum.plan !== 'oraculo'" : "datum.plan !== 'aforo'" }], mark: {
        type: "text", dy: { expr: "datum.plan === 'aforo_con_uniones' ? 15 : -12" }, dx: { expr: "datum.cancelaciones > 0.6 * domain('x')[1] ? 6 : -4" },
        align: { expr: "datum.cancelaciones > 0.6 * domain('x')[1] ? 'right' : 'left'" },
      }, encoding: { x, y, text: { field: "nombre" } } },
    ],
  });
}
