"""Chapters run with their parameters and fail with their reason; the page holds what it must and asks for nothing."""

import base64
import json
import re
import zlib

import nbformat
import pytest

from conftest import ROOT
from helpers.chapters.chapter import Chapter
from helpers.errors import ChapterError, UserError
from helpers.report import export, figures
from helpers.report import notebooks as chapters

CHAPTER = """
# %% tags=["parameters"]
study = "demo"  # a comment
models: list = []

# %%
{body}
"""


@pytest.fixture
def run(tmp_path):
    def run_(body, depends_on="a", **parameters):
        (tmp_path / "99_test.py").write_text(CHAPTER.format(body=body), encoding="utf-8")
        return chapters.run(tmp_path / "99_test.py", parameters, tmp_path / "out" / "99_test.ipynb", depends_on)

    return run_


def printed(notebook):
    return "".join(
        o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", []) if o.get("name") == "stdout"
    )


def test_a_chapter_gets_its_parameters_and_is_run_again_only_when_something_changed(run, tmp_path):
    body = "import time; print(study, models, time.time())"
    first = run(body, study="x", models=["a"])
    assert printed(first).startswith("x ['a']")
    assert printed(run(body, study="x", models=["a"])) == printed(first)
    assert printed(run(body, "b", study="x", models=["a"])) != printed(first)
    assert printed(run(body + "  # changed", "b", study="x", models=["a"])) != printed(first)
    assert [path.name for path in (tmp_path / "out").glob("[!.]*")] == ["99_test.ipynb"]


def test_failures_say_where_and_why_and_keep_the_notebook(run, tmp_path):
    with pytest.raises(ChapterError, match=r"99_test\.py, cell \d+ failed with ZeroDivisionError: division by zero"):
        run("1 / 0")
    assert (tmp_path / "out" / "99_test.failed.ipynb").exists() and not (tmp_path / "out" / "99_test.ipynb").exists()
    with pytest.raises(UserError, match=r"99_test\.py, cell \d+: mend this"):
        run("from helpers.errors import UserError\nraise UserError('mend this')")
    run("print(1)")
    assert not (tmp_path / "out" / "99_test.failed.ipynb").exists()


def test_a_kernel_that_was_killed_is_reported_as_such(run, tmp_path):
    with pytest.raises(ChapterError, match="ended from outside, by SIGKILL, as the system does when memory"):
        run("import os, signal\nprint('so far')\nos.kill(os.getpid(), signal.SIGKILL)")
    assert (tmp_path / "out" / "99_test.failed.ipynb").exists()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, ""),
        (-9, ", by SIGKILL, as the system does when memory runs out"),
        (138, ", by exit code 138, as the system does when memory runs out"),
        (-15, ", by SIGTERM"),
        (3, ", with exit code 3"),
    ],
)
def test_how_a_kernel_ended_is_said(status, words):
    assert chapters.how_ended(status) == words


def test_a_kernel_that_does_not_start_is_tried_once_more(run, monkeypatch):
    real, failures = chapters._papermill, [RuntimeError("Kernel didn't respond in 120 seconds")]
    monkeypatch.setattr(chapters, "_papermill", lambda *given: _raised(failures) if failures else real(*given))
    assert printed(run("print(1)")) == "1\n"
    failures += [RuntimeError("Kernel didn't respond"), RuntimeError("Kernel didn't respond")]
    with pytest.raises(ChapterError, match=r"did not start, twice \(Kernel didn't respond\)"):
        run("print(2)")


def _raised(failures):
    raise failures.pop()


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"nbformat": 4', b"\xff\xfe", b'{"nbformat": 4, "cells": 3}'])
def test_a_damaged_notebook_is_made_again(run, tmp_path, content):
    run("print(1)")
    (tmp_path / "out" / "99_test.ipynb").write_bytes(content)
    assert printed(run("print(1)")) == "1\n"


def test_a_parameter_that_the_chapter_lacks_is_refused(run):
    with pytest.raises(UserError, match="no parameter modles in its cell"):
        run("print(1)", modles=["a"])


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("[0-9]*.py")), ids=lambda path: path.stem)
def test_chapters_are_thin_and_speak_both_languages(path):
    import jupytext

    notebook = jupytext.read(path)
    tags = [tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])]
    assert tags.count("lang-es") == tags.count("lang-en") > 0, "each text cell is there in Spanish and in English"
    assert tags.count("parameters") == 1, "one cell is tagged 'parameters'"
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    long = [source for source in code if len(source.splitlines()) > 8]
    assert not long, "cells of code have at most eight lines"
    assert not [source for source in code if re.search(r"^\s*(for|if|while|def)\b", source, re.MULTILINE)]
    assert any("banner()" in source for source in code)
    (parameters,) = [cell.source for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert parameters.startswith("study = ") and len(parameters.splitlines()) == 1
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert len([text for text in prose if text.startswith("# ")]) == 2


# Numbers that a run determines; years, and what a definition fixes, are no such numbers
OF_A_RUN = (
    r"0[.,]18\d|10\^\{?-?\d\d|\b(ten|diez)\b( (ResiDual|times|capas|veces))|\bhalves\b|\bmitad(es)? de (los|entren)"
)


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("[0-9]*.py")), ids=lambda path: path.stem)
def test_prose_says_no_number_that_a_run_determines(path):
    import jupytext

    prose = [cell.source for cell in jupytext.read(path).cells if cell.cell_type == "markdown"]
    assert not [found.group() for text in prose for found in re.finditer(OF_A_RUN, text, re.IGNORECASE)]


def figure(**layout):
    return {"data": [{"x": [1], "y": [2], "name": "</script><b>x"}], "layout": {"height": 300, **layout}}


def test_figures_cannot_break_out_of_their_data():
    meta = {"alt": {"en": "<img src=x>", "es": "b"}, "words": {}}
    html = figures.html(figure(meta=meta), "figure-1", 1)
    assert html.count("</script>") == 1 and "<img" not in html and "&lt;img" in html
    data = re.search(r'<script type="text/plain">(.*)</script>', html).group(1)
    assert json.loads(unpacked(data))["data"][0]["name"] == "</script><b>x"


def test_titles_and_choices_are_text_whatever_a_study_calls_its_networks():
    title = {"text": "A &lt;b&gt; and<br><img src=x onerror=1>B<br><sup>Synthetic data</sup>"}
    button = {"label": "&lt;i&gt;<script>", "name": "a"}
    layout = {"title": title, "updatemenus": [{"name": "model", "buttons": [button]}]}
    page = figures.html(figure(**layout), "f", 3)
    assert "A &lt;b&gt; and  B" in page and "<img" not in page and ">Synthetic data</span>" in page
    shown = figures.picks([figure(**layout)] * 2)["model"]["a"]
    assert set(shown.values()) == {"&lt;i&gt;"}


def unpacked(text):
    size, packed = text.split(" ")
    whole = zlib.decompress(base64.b64decode(packed), wbits=-15)
    assert len(whole) == int(size)
    return whole.decode()


def test_packed_text_is_small_and_whole():
    text = "ñandú <script>\n" * 1000
    assert unpacked(figures.packed(text)) == text and unpacked(figures.packed("")) == ""
    assert len(figures.packed(text)) < 200 and re.fullmatch(r"[0-9]+ [A-Za-z0-9+/=]+", figures.packed(text))


def test_offline_cells_have_formulas_and_figures_and_no_log():
    markdown = nbformat.v4.new_markdown_cell(r"Let $x_i^2$ be" + "\n\n$$\\frac{a}{b}$$")
    outputs = [
        nbformat.v4.new_output("stream", name="stderr", text="log"),
        nbformat.v4.new_output(
            "display_data", data={export.PLOTLY: figure(), "text/html": "<script src='https://cdn'>"}
        ),
    ]
    code = nbformat.v4.new_code_cell("1", outputs=outputs)
    done, _ = export.Offline().preprocess(nbformat.v4.new_notebook(cells=[markdown, code]), {})
    assert (
        "<math" in done.cells[0].source
        and "$" not in done.cells[0].source
        and 'display="block"' in done.cells[0].source
    )
    (shown,) = done.cells[1].outputs
    assert list(shown.data) == ["text/html"] and 'id="figure"' in shown.data["text/html"] and "cdn" not in str(shown)


def test_sections_of_detail_are_folded_behind_their_titles():
    """Each section of its own, by its title in each language; cells without a title behind the word for diagnostics."""

    def cell(source: str, *tags: str, kind=nbformat.v4.new_markdown_cell) -> nbformat.NotebookNode:
        return kind(source, metadata={"tags": list(tags)})

    code, folded = nbformat.v4.new_code_cell, "diagnostic"
    cells = [
        cell("# Capítulo", "lang-es"),
        cell("1", folded, kind=code),
        cell("2", kind=code),
        cell("## Uno\n\nTexto.", "lang-es", folded),
        cell("## One\n\nText.", "lang-en", folded),
        cell("3", folded, kind=code),
        cell("## Dos", "lang-es", folded),
        cell("## Two", "lang-en", folded),
        cell("4", folded, kind=code),
        cell("5", kind=code),
    ]
    whole = export.merged([(Chapter("00_a"), nbformat.v4.new_notebook(cells=cells))])
    begins = {at: dict(one.metadata["begins"]) for at, one in enumerate(whole.cells) if one.metadata["begins"]}
    assert begins == {
        1: {"es": "Diagnóstico", "en": "Diagnostics"},
        3: {"es": "Uno", "en": "One"},
        6: {"es": "Dos", "en": "Two"},
    }
    assert [at for at, one in enumerate(whole.cells) if one.metadata["ends"]] == [1, 5, 8]


def test_merged_chapters_have_unique_cell_ids():
    cells = [nbformat.v4.new_markdown_cell("a", id="same")]
    two = [(Chapter(name), nbformat.v4.new_notebook(cells=cells)) for name in ("00_a", "01_b")]
    whole = export.merged(two)
    assert len({cell.id for cell in whole.cells}) == 2
    assert [cell.metadata.chapter for cell in whole.cells] == ["00_a", "01_b"]
    nbformat.validate(whole)
