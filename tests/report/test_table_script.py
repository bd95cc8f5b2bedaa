"""What the table below a figure shows of its cells: names letter by letter, numbers in the signs of a language."""

import json
import shutil
import subprocess

import pandas as pd
import pytest

from helpers.plotting.bilingual import bilingual
from helpers.report.export import FOLDER

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="needs node")

# As much of a browser's document as the script asks for
SCRIPT = """
class El {
  constructor() { this.children = []; this.attributes = {}; }
  appendChild(c) { this.children.push(c); return c; }
  append(...c) { this.children.push(...c); }
  replaceChildren(...c) { this.children = c; }
  createTHead() { return this.tHead = this.appendChild(new El()); }
  createTBody() { return this.appendChild(new El()); }
  createCaption() { return new El(); }
  addEventListener(_, listen) { this.click = listen; }
  getAttribute(name) { return this.attributes[name] ?? null; }
  setAttribute(name, value) { this.attributes[name] = value; }
  removeAttribute(name) { delete this.attributes[name]; }
  get rows() { return this.children; }
  get cells() { return this.children; }
  get childNodes() { return []; }
  set textContent(t) { this.text = t; }
}
const el = () => new El();
global.document = {createElement: el};
const [, path, csv, text, clicks] = process.argv;
eval(require("fs").readFileSync(path, "utf8").replace("const reportTable", "global.reportTable"));
const said = {columns: {}, names: {subject: {all: "todos"}}, separators: ",.", some: ""};
const shown = reportTable(csv, said, JSON.parse(text));
for (const at of JSON.parse(clicks)) shown.tHead.rows[0].cells[at].children[0].click();
console.log(JSON.stringify(shown.children[1].children.map(row => row.children.map(cell => cell.text))));
"""


def shown(csv: str, text=(), clicks=()) -> list[list[str]]:
    """The cells of the body, after clicks on the names of columns, by their places."""
    command = ["node", "-e", SCRIPT, str(FOLDER / "table.js"), csv, json.dumps(list(text)), json.dumps(list(clicks))]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def in_a_figure(frame: pd.DataFrame) -> list[list[str]]:
    import plotly.graph_objects as go

    meta = bilingual(lambda _: go.Figure(), lambda _: "", frame).layout.meta
    return shown(meta["table"], meta["text"])


def test_names_that_look_like_numbers_are_shown_letter_by_letter():
    for names in (["001", "002", "010"], ["1e3", "0x10", "0b11"], ["1000000", "1.10", "-1"], ["+1", " 1", "1e-5"]):
        frame = pd.DataFrame({"subject": names, "r2": [0.25] * 3})
        assert in_a_figure(frame) == [[name, "0,2500"] for name in names]


def test_what_no_program_writes_as_a_number_is_a_name_in_any_column():
    rows = shown("a\n001\n1e3\n0x10\n1.\n.5\n00.5\nInfinity\n")
    assert [row[0] for row in rows] == ["001", "1e3", "0x10", "1.", ".5", "00.5", "Infinity"]


def test_numbers_are_shown_in_the_signs_of_the_language():
    numbers = pd.DataFrame({"x": [1.5, -0.25, 2e-7, 3e20, 4.0, float("nan")], "n": [1, -2, 3, 1_000_000, 5, 6]})
    expected = ["1,5000", "−0,2500", "2,00e−7", "3,00e+20", "4", "–"], ["1", "−2", "3", "1,00e+6", "5", "6"]
    assert in_a_figure(numbers) == [list(row) for row in zip(*expected, strict=True)]


def test_words_of_the_product_and_missing_names_stay_what_they_were():
    assert in_a_figure(pd.DataFrame({"subject": ["all", None, "007"]})) == [["todos"], ["–"], ["007"]]


def test_a_column_is_sorted_by_size_or_letter_and_what_is_missing_stays_last():
    csv = "model,r2\nb,10\na,9\nc,\nd,-0.5\n"
    assert [row[0] for row in shown(csv, clicks=[1])] == ["d", "a", "b", "c"]
    assert [row[0] for row in shown(csv, clicks=[1, 1])] == ["b", "a", "d", "c"]
    assert [row[0] for row in shown(csv, clicks=[1, 0])] == ["a", "b", "c", "d"]


def test_all_rows_are_sorted_though_only_some_are_shown():
    csv = "n\n" + "\n".join(map(str, range(500))) + "\n"
    assert [row[0] for row in shown(csv, clicks=[0, 0])][:2] == ["499", "498"]
