"""Executed chapters as one HTML file that asks nobody for anything: no request leaves the page."""

from __future__ import annotations

import html as escaping
import json
import re
from importlib.resources import files
from pathlib import Path

import nbformat
from latex2mathml.converter import convert as to_mathml
from markupsafe import Markup
from nbconvert import HTMLExporter
from nbconvert.preprocessors import Preprocessor
from plotly.offline import get_plotlyjs

from helpers.names import LANGUAGES
from helpers.pipeline import Work
from helpers.text import labellers

PLOTLY = "application/vnd.plotly.v1+json"
FOLDER = Path(str(files("helpers.report") / "template"))
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)


def html(notebooks: list[nbformat.NotebookNode], work: Work, footer: dict) -> str:
    """One page of all chapters in both languages."""
    exporter = HTMLExporter(template_name="template", extra_template_basedirs=[str(FOLDER.parent)])
    exporter.register_preprocessor(Offline(), enabled=True)
    body, _ = exporter.from_notebook_node(merged(notebooks), resources={"report": _context(work, footer)})
    return body


def merged(notebooks: list[nbformat.NotebookNode]) -> nbformat.NotebookNode:
    """One notebook with the cells of all, in order; ids are made anew because chapters may share them."""
    whole = nbformat.v4.new_notebook()
    whole.metadata = notebooks[0].metadata
    for notebook in notebooks:
        whole.cells += [
            nbformat.from_dict({**cell, "id": f"c{len(whole.cells) + i}"}) for i, cell in enumerate(notebook.cells)
        ]
    return whole


def _context(work: Work, footer: dict) -> dict:
    words = {language: labeller.words for language, labeller in labellers().items()}
    return {
        "language": work.study.language,
        "languages": LANGUAGES,
        "words": words,
        "synthetic": work.brain.synthetic,
        "footer": footer,
        "style": Markup((FOLDER / "style.css").read_text(encoding="utf-8")),
        "script": Markup((FOLDER / "page.js").read_text(encoding="utf-8")),
        "plotly": Markup(get_plotlyjs()),
    }


class Offline(Preprocessor):
    """Figures become divs with their data beside them, formulas become MathML, what only the log needs is dropped."""

    def preprocess(self, notebook, resources):
        self.figures = 0
        return super().preprocess(notebook, resources)

    def preprocess_cell(self, cell, resources, index):  # noqa: ARG002  (its signature)
        if cell.cell_type == "markdown":
            cell.source = FORMULA.sub(_formula, cell.source)
        if cell.cell_type == "code":
            cell.outputs = [self._shown(output) for output in cell.outputs if output.get("name") != "stderr"]
        return cell, resources

    def _shown(self, output):
        figure = output.get("data", {}).get(PLOTLY)
        if figure is not None:
            self.figures += 1
            output.data = nbformat.from_dict({"text/html": figure_html(figure, f"figure-{self.figures}")})
        return output


def _formula(match: re.Match) -> str:
    block, inline = match.groups()
    mathml = to_mathml(block or inline, display="block" if block else "inline")
    return mathml.replace("_", "&#95;").replace("*", "&#42;")  # markdown would take them for emphasis


def figure_html(figure: dict, name: str) -> str:
    """A place for the figure, its alternative text, its numbers as a CSV, and its data, which page.js draws."""
    meta = figure.get("layout", {}).get("meta") or {}
    height = figure.get("layout", {}).get("height", 450)
    texts = "".join(
        f'<p class="alt" lang="{language}">{escaping.escape(text)}</p>'
        for language, text in meta.get("alt", {}).items()
    )
    data = json.dumps({"data": figure["data"], "layout": figure["layout"]}).replace("<", "\\u003c")
    return (
        f'<figure class="plot" id="{name}"><div class="canvas" role="img" style="height:{height}px"></div>{texts}'
        f'<script type="application/json">{data}</script></figure>'
    )
