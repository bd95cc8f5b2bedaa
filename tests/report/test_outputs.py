"""Outputs that a page may hold, and pages that ask the network for nothing."""

import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from helpers import text
from helpers.chapters.chapter import Chapter
from helpers.errors import ChapterError
from helpers.report import export, notebooks, outputs
from helpers.study import Study
from helpers.study.params import Parameters


def shown(kind: str, content: object, output_type: str = "display_data") -> str:
    cell = new_code_cell("x", outputs=[new_output(output_type, data={kind: content})])
    return outputs.foreign(new_notebook(cells=[cell]))


def test_figures_tables_and_printed_text_are_the_packages_own():
    piece = text.both("say.synthetic")._repr_html_()
    assert not shown("text/html", piece) and not shown(outputs.PLOTLY, {"data": [], "layout": {}})
    assert not shown("text/plain", "(12, 3)", "execute_result")


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("text/html", '<script src="https://cdn.plot.ly/plotly.min.js"></script>', "HTML of its own"),
        ("text/html", "<div><table><tr><td>1</td></tr></table></div>", "HTML of its own"),
        ("image/png", "aGVsbG8=", "image/png"),
        ("application/javascript", "alert(1)", "application/javascript"),
        ("text/plain", "Figure({'data': []})", "a figure as text"),
        ("text/plain", "<Figure size 640x480 with 1 Axes>", "a figure as text"),
    ],
)
def test_any_other_output_is_named_with_its_cell(kind, content, said):
    assert shown(kind, content).startswith(f"cell 1 shows {said}") or said in shown(kind, content)


@pytest.mark.parametrize("source", ["import IPython.display as d; d.display(d.HTML('<b>x</b>'))",
                                    "import plotly.io as pio; pio.renderers.default = 'notebook_connected'\n"
                                    "import plotly.graph_objects as go; go.Figure()"])  # fmt: skip
def test_a_chapter_with_foreign_outputs_fails_and_is_not_kept(tmp_path, source):
    chapter = tmp_path / "90_own.py"
    chapter.write_text(f'# %% tags=["parameters"]\nstudy = ""\n# %%\n{source}\n')
    target = tmp_path / "out" / "90_own.ipynb"
    with pytest.raises(ChapterError, match=r"90_own\.py: cell 3 shows HTML of its own"):
        notebooks.run(chapter, {"study": "x"}, target, "")
    assert not target.exists()


def test_a_notebook_kept_with_foreign_outputs_is_executed_again(tmp_path):
    cell = new_code_cell("x", outputs=[new_output("display_data", data={"image/png": "aGVsbG8="})])
    notebook = new_notebook(cells=[cell], metadata={notebooks.STAMP: "s"})
    (tmp_path / "a.ipynb").write_text(nbformat.writes(notebook))
    assert notebooks.executed(tmp_path / "a.ipynb", "s") is None


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        ('<script src="https://cdn.plot.ly/x.js">', ["https://cdn.plot.ly/x.js"]),
        ('<img srcset="//a.b/1.png 1x, data:x 2x">', ["//a.b/1.png 1x"]),
        ('<LINK rel=stylesheet HREF=http://a.b/c.css>', ["http://a.b/c.css"]),
        ('<p style="background: url( \'http://a.b/i\' )">', ["http://a.b/i"]),
        ("<style>@import 'https://fonts.a/b'; p {color: red}</style>", ["https://fonts.a/b"]),
        ('<iframe srcdoc="&lt;img src=x.png&gt;"></iframe>', ["x.png"]),
        ('<meta http-equiv="Refresh" content="0; url=https://a.b">', ["https://a.b"]),
        ('<a href="https://a.b">x</a><img src="data:image/png;base64,aa"><a href="#c">', []),
        ('<script>const a = "<img src=https://a.b>";</script><link rel="icon" href="data:,">', []),
    ],
)  # fmt: skip
def test_what_a_page_would_ask_for_is_found(page, asked):
    assert outputs.addresses(page) == asked


def test_what_code_prints_is_shown_with_the_code_and_not_in_the_prose(small_brain, tmp_path):
    outputs_ = [
        new_output("stream", name="stdout", text="{'sound': 165, 'target': 6}\n"),
        new_output("stream", name="stderr", text="a progress bar"),
        new_output("execute_result", data={"text/plain": "'a value'"}),
        new_output("display_data", data={"text/html": "<p>A sentence.</p>"}),
    ]
    notebook = new_notebook(cells=[new_code_cell("print(dict(splits.sizes))", outputs=outputs_)])
    both = {"es": "", "en": ""}
    facts = {"commit": "", "clean": True, "versions": {}, "study": "", "checksums": "", "citation": both}
    study = Study(Parameters(name="s", dataset="demo", models=[{"name": "a", "family": "mini"}]), tmp_path)
    export.write(tmp_path / "report.html", [(Chapter("00_a"), notebook)], study, facts | {"command": "", "times": both})
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = page[page.index("<main ") : page.index("</main>")]
    assert "a progress bar" not in page and "<p>A sentence.</p>" in page
    inside = page[page.index("<details") : page.index("</details>")]
    shown = ["{&#39;sound&#39;: 165, &#39;target&#39;: 6}", "&#39;a value&#39;"]
    assert all(one in inside and page.count(one) == 1 for one in shown)


def test_a_page_that_would_ask_the_network_is_not_written(small_brain, tmp_path, monkeypatch):
    study = Study(Parameters(name="s", dataset="demo", models=[{"name": "a", "family": "mini"}]), tmp_path)
    monkeypatch.setattr(export, "_html", lambda *_: '<img src="https://a.b/logo.png">')
    with pytest.raises(ChapterError, match=r"would ask for https://a\.b/logo\.png"):
        export.write(tmp_path / "report.html", [(Chapter("00_a"), new_notebook())], study, {})
    assert not (tmp_path / "report.html").exists()


def test_a_page_of_megabytes_is_examined_in_little_time():
    begin = time.monotonic()
    assert outputs.addresses("<p>x</p><script>" + "a<b " * 3_000_000 + "</script>") == []
    assert time.monotonic() - begin < 20
