"""Executed chapters as one self-contained HTML file: it makes no network requests."""

from __future__ import annotations

import html as escaping
import itertools
import re
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
from helpers.chapters.chapter import FOLDED, LEAD, Chapter
from helpers.errors import ChapterError
from helpers.names import LANGUAGES
from helpers.report import figures, outputs, pictures
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
CHAPTER = "chapter"  # metadata of a cell
DIAGNOSTIC = "diagnostic"  # tag of a cell that the page folds
SCRIPTS = ("unpack.js", "table.js", "controls.js", "page.js")
Executed = list[tuple[Chapter, nbformat.NotebookNode]]


def write(target: Path, chapters: Executed, study: Study, facts: dict, still: bool = False) -> None:
    """Write all chapters in both languages as one page, in the order of their parts: the summary first.

    `still`: with a picture of each figure for readers without scripts. An existing page made from the same input is
    kept. Raises ChapterError for a page that would ask the network.
    """
    ordered = sorted(chapters, key=lambda one: one[0].part)  # chapters of a part stay in the study's order
    parts = [path for path in sorted(FOLDER.iterdir()) if is_own(path.name) and path.is_file()]
    templates = [path.read_text(encoding="utf-8") for path in parts]
    words = {language: labeller.words for language, labeller in labellers().items()}
    # What the study gives to the page is in the facts: its parameters, and checksums of its sounds
    made_by = code_digest("helpers.report.export", neutral=("helpers.store", "helpers.errors", "helpers.study"))
    shown = [(chapter.part, notebook.metadata) for chapter, notebook in ordered]
    made_from = [shown, facts, _pieces(study.remarks()), templates, words, still]
    stamp = storage.digest(*made_from, made_by)
    if _stamp_of(target) == stamp:
        return
    context = _context(study) | {"footer": facts, "stamp": stamp}
    offline = Offline()
    whole, resources = offline.preprocess(merged(ordered), {"report": context})
    page = figures.referred(_html(whole, resources), offline.numbers)
    addresses = pictures.of(offline.drawn, target.parent / "pictures") if still else {}
    for name in offline.drawn:
        page = page.replace(figures.picture_of(name), figures.picture_of(name, addresses[name]) if still else "")
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


def merged(chapters: Executed) -> nbformat.NotebookNode:
    """Return one notebook with the cells of all, in order; ids are made anew because chapters may share them.

    Every cell knows its chapter, and the first and last ones of a chapter to which part of the page they belong.
    """
    whole, in_appendix = nbformat.v4.new_notebook(), False
    whole.metadata = chapters[0][1].metadata
    for chapter, notebook in chapters:
        cells = [nbformat.from_dict(dict(cell)) for cell in notebook.cells]
        for at, cell in enumerate(cells, start=len(whole.cells)):
            cell.id, cell.metadata[CHAPTER] = f"c{at}", chapter.name
        first = chapter.part in FOLDED and not in_appendix
        in_appendix |= chapter.part in FOLDED
        part = "lead" if chapter.part == LEAD else "appendix" if chapter.part in FOLDED else "story"
        if not cells:
            continue
        cells[0].metadata["opens"], cells[-1].metadata["closes"] = {"part": part, "first": first}, part
        _fold(cells)
        whole.cells += cells
    return whole


def _fold(cells: list[nbformat.NotebookNode]) -> None:
    """Mark where runs of cells with the tag DIAGNOSTIC begin and end, each section a run of its own.

    The page folds them behind the title of the section, or behind the word for diagnostics where there is none.
    """
    tagged, titled = [DIAGNOSTIC in _tags(cell) for cell in cells], [bool(_title(cell)) for cell in cells]
    begins = [
        own and (at == 0 or not tagged[at - 1] or (titled[at] and not titled[at - 1])) for at, own in enumerate(tagged)
    ]
    for at, cell in enumerate(cells):
        ends = at + 1 == len(cells) or not tagged[at + 1] or begins[at + 1]
        cell.metadata["begins"] = _titles(cells[at : at + len(LANGUAGES)]) if begins[at] else {}
        cell.metadata["ends"] = tagged[at] and ends


def _titles(cells: list[nbformat.NotebookNode]) -> dict[str, str]:
    """Return the title of a section in each language, which the first cells are in."""
    found = {language: words("report.diagnostics") for language, words in labellers().items()}
    return found | {
        language: title
        for language in LANGUAGES
        for cell in cells
        if f"lang-{language}" in _tags(cell) and (title := _title(cell))
    }


def _tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def _title(cell: nbformat.NotebookNode) -> str:
    """Return the title of the section that a cell of text begins with; "" for any other."""
    first, _, _ = cell.source.partition("\n")
    return first.removeprefix("## ").strip() if cell.cell_type == "markdown" and first.startswith("## ") else ""


def _context(study: Study) -> dict:
    return {
        "language": study.parameters.language,
        "languages": LANGUAGES,
        "words": {language: labeller.words for language, labeller in labellers().items()},
        "script_words": script_words(),
        "sounds": _sounds(study),
        # Filled by Offline: chapters with their sections, titles of chapters, what can be chosen for the whole page
        "contents": {language: [] for language in LANGUAGES},
        "titles": {},
        "picks": {},
        "made": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "synthetic": study.brain.synthetic,
        "remarks": _pieces(study.remarks()),
        "style": Markup((FOLDER / "style.css").read_text(encoding="utf-8")),
        "early": Markup((FOLDER / "early.js").read_text(encoding="utf-8")),
        "scripts": [Markup((FOLDER / name).read_text(encoding="utf-8")) for name in SCRIPTS],
        "plotly": figures.packed(plotly_script()),
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
            "choice": labeller.words["report.choice"],
            "hands": labeller.words["report.hands"],
            "picks": {key[5:]: word for key, word in labeller.words.items() if key.startswith("pick.")},
            "separators": labeller.separators,
            "playing": labeller.words["report.playing"],
            "plotly": {english[key]: labeller.words[key] for key in own},
            "some": labeller.words["report.some_rows"],
            "columns": labeller.columns,
            "names": labeller.names_by_column,
        }
        for language, labeller in labellers().items()
    }


class Offline(Preprocessor):
    """Turns figures into divs with data, formulas into MathML, headings into anchors; drops output for the log.

    What code prints, such as shapes, is shown with the code.
    """

    def preprocess(self, notebook, resources):
        self.numbers: dict[str, int] = {}  # of figures, by their names
        self.drawn: dict[str, dict] = {}
        self.headings: dict[tuple[str, str], int] = {}
        notebook, resources = super().preprocess(notebook, resources)
        resources.get("report", {}).update(picks=figures.picks(list(self.drawn.values())))
        return notebook, resources

    def preprocess_cell(self, cell, resources, index):  # noqa: ARG002  (its signature)
        if cell.cell_type == "markdown":
            cell.source = FORMULA.sub(_formula, cell.source)
            report, chapter = resources.get("report", {}), cell.metadata.get(CHAPTER, "")
            for language in LANGUAGES:
                if f"lang-{language}" in cell.metadata.get("tags", []):
                    cell.source = HEADING.sub(partial(self._heading, language, chapter, report), cell.source)
        if cell.cell_type == "code":
            printed = [output for output in cell.outputs if _is_printed(output)]
            cell.metadata["printed"] = "".join(map(_printed, printed)).rstrip()
            seen = [output for output in cell.outputs if not _is_log(output) | _is_printed(output)]
            cell.outputs = [self._shown(output, cell.metadata.get(CHAPTER, "")) for output in seen]
        return cell, resources

    def _heading(self, language: str, chapter: str, report: dict, match: re.Match) -> str:
        """Return a heading one level below the page's, listed in the contents.

        Its address is that of its chapter with a number, the same in both languages.
        """
        marks, title = match.groups()
        number = self.headings[language, chapter] = self.headings.get((language, chapter), 0) + 1
        name, level = "-".join(filter(None, (language, chapter, str(number)))), len(marks) + 1
        if level == 2 and report:
            report["contents"][language].append({"id": name, "chapter": chapter, "title": title, "sections": []})
            report["titles"].setdefault(chapter, {})[language] = title
        elif level == 3 and report and report["contents"][language]:
            report["contents"][language][-1]["sections"].append((name, title))
        anchor = f'<a class="anchor" href="#{name}" aria-hidden="true" tabindex="-1">#</a>'
        return f'<h{level} id="{name}">{title}{anchor}</h{level}>\n'

    def _shown(self, output, chapter: str):
        figure = output.get("data", {}).get(PLOTLY)
        if figure is not None:
            name = first = "-".join(filter(None, (chapter, figures.name_of(figure))))
            for again in itertools.count(2):
                if name not in self.numbers:
                    break
                name = f"{first}-{again}"
            number = self.numbers[name] = len(self.numbers) + 1
            self.drawn[name] = figure
            output.data = nbformat.from_dict({"text/html": figures.html(figure, name, number)})
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
