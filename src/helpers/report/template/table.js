"use strict";
// A figure's numbers as a table, in the words and signs of a language: `said` is what export.py keeps of it for scripts.
const reportTable = (() => {
  const MOST = 200;  // rows shown; all are in the file
  // As pandas writes them; 001, 1e3 and 0x10 are somebody's names
  const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]\d+)?$/;
  const CELL = /("(?:[^"]|"")*"|[^,\n]*)(,|\r?\n|$)/y;

  function rows(csv) {
    const found = [[]];
    for (CELL.lastIndex = 0; CELL.lastIndex < csv.length;) {
      const [, cell, end] = CELL.exec(csv);
      found[found.length - 1].push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
      if (end !== "," && CELL.lastIndex < csv.length) found.push([]);
    }
    return found;
  }

  function number(value, separator) {
    const size = Math.abs(value);
    const text = Number.isInteger(value) && size < 1e6 ? String(value)
      : size && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : value.toFixed(4);
    return text.replace(".", separator).replaceAll("-", "−");
  }

  function word(cell, column, said, letters) {
    if (cell === "") return "–";
    const known = said.names[column] || {};
    const parts = cell.split(", ").map(part => known[part]);
    if (parts.every(Boolean)) return parts.join(", ");
    return letters || !NUMBER.test(cell) ? cell : number(Number(cell), said.separators[0]);
  }

  // `r2_layer_3` is column `r2_layer` of layer 3
  function title(column, said) {
    const [, name, n] = column.match(/^(.*)_(\d+)$/) || [];
    return said.columns[column] ?? (said.columns[name] ? `${said.columns[name]} ${n}` : column);
  }

  function line(kind, cells) {
    const row = document.createElement("tr");
    for (const cell of cells) row.appendChild(document.createElement(kind)).textContent = cell;
    return row;
  }

  // Buttons in the head of a table that sort it; `sorted(column, way)` puts its rows in order, way 1 or -1
  function sortable(table, sorted) {
    for (const [at, head] of [...table.tHead.rows[0].cells].entries()) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const way = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
        sorted(at, way);
      });
    }
  }

  // Numbers by size, before words by letter; what is missing comes last, either way
  function compared(one, other, way) {
    const empty = cell => Number(cell === "");
    if (empty(one) || empty(other)) return empty(one) - empty(other);
    const numbers = NUMBER.test(one) && NUMBER.test(other);
    return way * (numbers ? Number(one) - Number(other) : one.localeCompare(other));
  }

  // A table that is in the page as text, in the signs of its language
  function still(table, separators) {
    const plain = cell => {
      const text = cell.textContent.trim();
      const number = text.replaceAll(separators[1], "").replace(separators[0], ".").replaceAll("−", "-");
      return text === "–" ? "" : NUMBER.test(number) ? number : text;
    };
    sortable(table, (at, way) => {
      const rows = [...table.tBodies[0].rows];
      table.tBodies[0].append(...rows.sort((one, other) => compared(plain(one.cells[at]), plain(other.cells[at]), way)));
    });
  }

  // The columns in `text` hold text, which is shown letter by letter even where all of it looks like numbers
  function built(csv, said, text = []) {
    const [columns, ...all] = rows(csv), table = document.createElement("table");
    table.className = "numbers";
    table.createTHead().append(line("th", columns.map(column => title(column, said))));
    const body = table.createTBody();
    const letters = columns.map(column => text.includes(column));
    const fill = () => body.replaceChildren(...all.slice(0, MOST).map(cells => (
      line("td", cells.map((cell, i) => word(cell, columns[i], said, letters[i]))))));
    fill();
    sortable(table, (at, way) => {
      all.sort((one, other) => compared(one[at], other[at], way));
      fill();
    });
    if (all.length > MOST) {
      table.createCaption().textContent = said.some.replace("{shown}", MOST).replace("{all}", all.length);
    }
    return table;
  }

  return Object.assign(built, {still});
})();
