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

  // The columns in `text` hold text, which is shown letter by letter even where all of it looks like numbers
  return (csv, said, text = []) => {
    const [columns, ...all] = rows(csv), table = document.createElement("table");
    table.className = "numbers";
    table.createTHead().append(line("th", columns.map(column => title(column, said))));
    const body = table.createTBody();
    const letters = columns.map(column => text.includes(column));
    for (const cells of all.slice(0, MOST)) {
      body.append(line("td", cells.map((cell, i) => word(cell, columns[i], said, letters[i]))));
    }
    if (all.length > MOST) {
      table.createCaption().textContent = said.some.replace("{shown}", MOST).replace("{all}", all.length);
    }
    return table;
  };
})();
