"""Executed chapters as one self-contained HTML file: it makes no network requests."""

from __future__ import annotations

import base64
import html as escaping
import json
import re
import zlib
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path

import nbformat
from latex2mathml.converter import convert as to_mathml
from markupsafe import Markup
from nbconvert import HTMLExporter, TemplateExporter
from nbconvert.preprocessors import Preprocessor

from helpers import text
from helpers.names import LANGUAGES
from helpers.report import outputs
from helpers.report.notebooks import ChapterError
from helpers.report.outputs import PLOTLY
from helpers.report.script import plotly_script
from helpers.stimuli import audio
from helpers.store import files as storage
from helpers.store.code import code_digest
from helpers.store.own import is_own
from helpers.study import Study
from helpers.text import labellers

FOLDER = Path(str(files("helpers.report") / "template"))
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
STAMP = re.compile(r'<meta name="made-from" content="(\w+)">')


def write(target: Path, notebooks: list[nbformat.NotebookNode], study: Study, facts: dict) -> None:
    """Write all chapters in both languages as one page; an existing page made from the same input is kept."""
    parts = [path for path in sorted(FOLDER.iterdir()) if is_own(path.name) and path.is_file()]
    templates = [path.read_text(encoding="utf-8") for path in parts]
    words = {language: labeller.words for language, labeller in labellers().items()}
    # What the study gives to the page is in the facts: its parameters, and checksums of its sounds
    made_by = code_digest("helpers.report.export", neutral=("helpers.store", "helpers.errors", "helpers.study"))
    made_from = [[notebook.metadata for notebook in notebooks], facts, _pieces(study.remarks()), templates, words]
    stamp = storage.digest(*made_from, made_by)
    if _stamp_of(target) == stamp:
        return
    context = _context(study) | {"footer": facts, "stamp": stamp}
    whole, resources = Offline().preprocess(merged(notebooks), {"report": context})
    page = _html(whole, resources)
    if asked := outputs.addresses(page):
        raise ChapterError(
            f"{target}: not written, because it would ask for {', '.join(asked[:3])}; a report makes no network "
            "requests: take these out of the chapters"
        )
    storage.write_text(target, page)


def _stamp_of(page: Path) -> str:
    """Return what a page says it was made from; "" if there is none or it does not say."""
    if not page.exists():
        return ""
    with page.open(encoding="utf-8", errors="replace") as file:
        found = STAMP.search(file.read(1000))
    return found[1] if found else ""


def _html(notebook: nbformat.NotebookNode, resources: dict) -> str:
    exporter = HTMLExporter(template_name="template", extra_template_basedirs=[str(FOLDER.parent)])
    exporter.exclude_anchor_links = True
    exporter.register_filter("highlight_code", escaping.escape)  # a template below this one asks for it
    # Not its own from_notebook_node, which parses the whole page again to add what this template does not need
    return TemplateExporter.from_notebook_node(exporter, notebook, resources)[0]


def merged(notebooks: list[nbformat.NotebookNode]) -> nbformat.NotebookNode:
    """Return one notebook with the cells of all, in order; ids are made anew because chapters may share them."""
    whole = nbformat.v4.new_notebook()
    whole.metadata = notebooks[0].metadata
    for notebook in notebooks:
        whole.cells += [
            nbformat.from_dict({**cell, "id": f"c{len(whole.cells) + i}"}) for i, cell in enumerate(notebook.cells)
        ]
    return whole


def _context(study: Study) -> dict:
    return {
        "language": study.parameters.language,
        "languages": LANGUAGES,
        "words": {language: labeller.words for language, labeller in labellers().items()},
        "script_words": script_words(),
        "sounds": _sounds(study),
        "contents": {language: [] for language in LANGUAGES},  # (id, title) of chapters, filled by Offline
        "made": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "synthetic": study.brain.synthetic,
        "remarks": _pieces(study.remarks()),
        "style": Markup((FOLDER / "style.css").read_text(encoding="utf-8")),
        "early": Markup((FOLDER / "early.js").read_text(encoding="utf-8")),
        "tables": Markup((FOLDER / "table.js").read_text(encoding="utf-8")),
        "unpack": Markup((FOLDER / "unpack.js").read_text(encoding="utf-8")),
        "script": Markup((FOLDER / "page.js").read_text(encoding="utf-8")),
        "plotly": packed(plotly_script()),
    }


def _pieces(piece: text.Bilingual | None) -> dict[str, str]:
    """Return HTML by language; nothing where there is none."""
    return {} if piece is None else piece.pieces


def _sounds(study: Study) -> dict[str, str]:
    """Return the sounds to embed: synthetic ones, and real ones only where the study or the dataset says so."""
    said, waveforms = (study.parameters.sounds_in_report, study.brain.embeds), study.brain.waveforms
    if not next((one for one in said if one is not None), study.brain.synthetic):
        return {}
    return audio.addresses(study.keep(audio.compressed, waveforms=waveforms, rate=waveforms.attrs["rate_hz"]))


def script_words() -> dict[str, dict]:
    """Return the scripts' texts by language: titles, tables' words, and Plotly's own, keyed by the English ones."""
    english = labellers()["en"].words
    own = [key for key in english if key.startswith("plotly.")]
    return {
        language: {
            "title": labeller.words["report.title"],
            "separators": labeller.separators,
            "playing": labeller.words["report.playing"],
            "plotly": {english[key]: labeller.words[key] for key in own},
            "some": labeller.words["report.some_rows"],
            "columns": labeller.columns,
            "names": labeller.names_by_column,
        }
        for language, labeller in labellers().items()
    }


def packed(text: str) -> str:
    """Return `text` in a quarter of its size, for unpack.js: bytes of the whole, a space, base64 of raw DEFLATE."""
    whole = text.encode()
    return f"{len(whole)} {base64.b64encode(zlib.compress(whole, 9, wbits=-zlib.MAX_WBITS)).decode()}"


_TABLE = '<details class="numbers"><summary>{words}</summary><div class="table" tabindex="0"></div></details>'


class Offline(Preprocessor):
    """Turns figures into divs with data, formulas into MathML, headings into anchors; drops output for the log.

    What code prints, such as shapes, is shown with the code.
    """

    def preprocess(self, notebook, resources):
        self.figures, self.headings = 0, dict.fromkeys(LANGUAGES, 0)
        return super().preprocess(notebook, resources)

    def preprocess_cell(self, cell, resources, index):  # noqa: ARG002  (its signature)
        if cell.cell_type == "markdown":
            cell.source = FORMULA.sub(_formula, cell.source)
            contents = resources.get("report", {}).get("contents", {})
            for language in LANGUAGES:
                if f"lang-{language}" in cell.metadata.get("tags", []):
                    cell.source = HEADING.sub(partial(self._heading, language, contents), cell.source)
        if cell.cell_type == "code":
            printed = [output for output in cell.outputs if _is_printed(output)]
            cell.metadata["printed"] = "".join(map(_printed, printed)).rstrip()
            cell.outputs = [self._shown(output) for output in cell.outputs if not _is_log(output) | _is_printed(output)]
        return cell, resources

    def _heading(self, language: str, contents: dict, match: re.Match) -> str:
        """Return a heading one level below the page's, with one number in both languages; chapters are listed."""
        marks, title = match.groups()
        self.headings[language] += 1
        name, level = f"{language}-{self.headings[language]}", len(marks) + 1
        if level == 2 and language in contents:
            contents[language].append((name, title))
        return f'<h{level} id="{name}">{title}</h{level}>\n'

    def _shown(self, output):
        figure = output.get("data", {}).get(PLOTLY)
        if figure is not None:
            self.figures += 1
            output.data = nbformat.from_dict({"text/html": figure_html(figure, f"figure-{self.figures}")})
        return output


def _is_log(output) -> bool:
    return output.get("name") == "stderr"


def _is_printed(output) -> bool:
    """Return whether an output is plain text, printed or the value of a cell's last line."""
    return output.get("name") == "stdout" or set(output.get("data", {})) == {"text/plain"}


def _printed(output) -> str:
    return output["text"] if "text" in output else output["data"]["text/plain"] + "\n"


def _formula(match: re.Match) -> str:
    block, inline = match.groups()
    mathml = to_mathml(block or inline, display="block" if block else "inline")
    return mathml.replace("_", "&#95;").replace("*", "&#42;")  # markdown would take them for emphasis


def figure_html(figure: dict, name: str) -> str:
    """Return a figure's place, alternative text, CSV link and packed data, which page.js draws."""
    meta = figure.get("layout", {}).get("meta") or {}
    texts = "".join(_paragraph(language, text) for language, text in meta.get("alt", {}).items())
    words = _spans("report.download")
    link = f'<p class="download"><a href="#{name}" download="{name}.csv">{words}</a></p>' if "table" in meta else ""
    texts += _listening(meta.get("sounds", []))
    texts += _TABLE.format(words=_spans("report.table")) if "table" in meta else ""
    content = {"data": figure["data"], "layout": figure["layout"]}
    data = packed(json.dumps(content, ensure_ascii=False, separators=(",", ":")))
    return (
        f'<figure class="plot" id="{name}"><div class="canvas" role="group" style="{_height(figure)}"></div>'
        f'<p class="failed">{_spans("report.failed")}</p>'
        f'<figcaption>{texts}{link}</figcaption><script type="text/plain">{data}</script></figure>'
    )


def _height(figure: dict) -> str:
    """Return the figure's height in advance, so that the page does not shift; on a phone it may differ."""
    layout = figure.get("layout", {})
    sizes = (layout.get("meta") or {}).get("sizes", {}).get("narrow", [])
    narrow = "".join(f";--narrow:{value}px" for path, value in sizes if path == ["layout", "height"])
    return f"height:{layout.get('height', 450)}px{narrow}"


def _listening(names: list[str]) -> str:
    """Return a button per sound, for users who do not click on points; page.js shows those that can be played."""
    if not names:
        return ""
    words = _spans("report.listen")
    buttons = "".join(
        f'<button type="button" data-sound="{escaping.escape(name)}">{escaping.escape(name)}</button>' for name in names
    )
    silent = "".join(
        f'<p class="silent" lang="{language}">{labeller("report.silent")}</p>'
        for language, labeller in labellers().items()
    )
    return f'<details class="sounds"><summary>{words}</summary>{silent}<div class="buttons">{buttons}</div></details>'


def _spans(key: str) -> str:
    return "".join(
        f'<span lang="{language}">{escaping.escape(labeller(key))}</span>' for language, labeller in labellers().items()
    )


def _paragraph(language: str, text: str) -> str:
    return f'<p class="alt" lang="{language}">{escaping.escape(text)}</p>'
