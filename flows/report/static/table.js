// Tables: columns are {name, title, help, number, cell(row), sort(row), whole}.

function tabla(columns, rows, { cards = false, caption = null, sorted = null, onSort = null } = {}) {
  const head = columns.map((column) => {
    const title = column.help ? ayuda(column.title, column.help) : column.title;
    const attributes = { scope: "col", class: column.number ? "num" : null };
    if (!onSort || !column.sort) return el("th", attributes, title);
    const direction = sorted.name === column.name ? (sorted.down ? "descending" : "ascending") : "none";
    const button = el("button", {
      type: "button", onclick: () => onSort(column), "data-ayuda": column.help, "data-orden": column.name,
    }, column.title);
    return el("th", { ...attributes, "aria-sort": direction }, button);
  });
  const body = rows.map((row) => (row.grupo
    ? el("tr", { class: "grupo" }, el("th", { colspan: columns.length, scope: "rowgroup" }, row.grupo))
    : el("tr", cards ? { role: "row" } : {}, ...columns.map((column) => celda(column, row, cards)))));
  // Where a table is shown as cards its elements are no table any more; the roles stay.
  return el("table", { class: cards ? "fichas-tabla" : null, role: cards ? "table" : null },
    caption ? el("caption", { class: "saltar" }, caption) : null,
    el("thead", cards ? { role: "rowgroup" } : {}, el("tr", cards ? { role: "row" } : {}, ...head)),
    el("tbody", cards ? { role: "rowgroup" } : {}, ...body));
}

function celda(column, row, cards) {
  const classes = [column.number ? "num" : "", column.whole ? "entera" : "", column.class ?? ""].join(" ").trim();
  const content = column.cell(row);
  return el("td", { class: classes || null, role: cards ? "cell" : null, "data-nombre": cards ? column.title : null },
    ...(Array.isArray(content) ? content : [content]));
}

// Sorted by a column: numbers as numbers, words as Spanish sorts them, what is unknown last.
function ordenadas(rows, column, down) {
  const order = new Intl.Collator("es", { numeric: true });
  const sign = down ? -1 : 1;
  return rows
    .map((row) => [column.sort(row), row])
    .sort(([a], [b]) => {
      if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
      if (b === null || b === undefined) return -1;
      return sign * (typeof a === "number" ? a - b : order.compare(a, b));
    })
    .map(([, row]) => row);
}
