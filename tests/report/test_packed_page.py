"""Plotly and figures are packed in the page, and unpacked when they are about to be seen, printed or asked for."""

import base64
import json
import random
import re
import subprocess
import time
import zlib

import nbformat
import pandas as pd
import plotly.graph_objects as go
import pytest

from browsing import CHROMIUM, DRIVER, FLAGS, drawn, visible, waited
from helpers.chapters.chapter import Chapter
from helpers.plotting.bilingual import bilingual
from helpers.report import export, figures
from helpers.report.script import plotly_script
from helpers.stimuli import audio
from helpers.study import open_study
from helpers.text import labellers

needs_browser = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Debian's chromium and chromium-driver")

FACTS = {"commit": "", "clean": True, "versions": {}, "study": "", "checksums": "", "command": "", "times": {}}
FACTS |= {"citation": {"es": "", "en": ""}}
INK = "rgb(255, 0, 102)"  # of the last figure's line, and of nothing else
N_FIGURES = 4


@pytest.fixture
def study(small_brain, tmp_path):
    return open_study({"study": "demo", "outputs": str(tmp_path / "out")})


@pytest.fixture
def page(study, tmp_path):
    """A page of few figures with much text between them, made in no time."""
    export.write(tmp_path / "page.html", chapters(notebook()), study, FACTS)
    return tmp_path / "page.html"


def chapters(notebook):
    return [(Chapter("00_text"), notebook)]


def notebook():
    cells = []
    for index in range(N_FIGURES):
        for language, word in (("es", "Título"), ("en", "Heading")):
            prose = f"# {word} {index}\n\n" + "Words, words, words.\n\n" * 60
            cells.append(nbformat.v4.new_markdown_cell(prose, metadata={"tags": [f"lang-{language}"]}))
        output = nbformat.v4.new_output("display_data", data={export.PLOTLY: figure(index)})
        cells.append(nbformat.v4.new_code_cell("a < b", outputs=[output]))
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata = nbformat.from_dict({"papermill": {"end_time": str(random.random()), "duration": 1}})
    return made


def figure(index: int) -> dict:
    def build(labeller):
        made = go.Figure(go.Scatter(x=[1, 2], y=[index, 2], ids=["s00", "s01"], line_color=INK))
        made.update_layout(title_text=labeller("report.code"), height=300, meta={"sounds": ["s00", "s01"]})
        return made

    data = pd.DataFrame({"x": [1, 2], "y": [index, 2]})
    return json.loads(bilingual(build, lambda labeller: f"{labeller('report.code')} {index} < 9", data).to_json())


def test_plotly_is_there_once_and_packed_as_are_the_figures(page):
    html = page.read_text(encoding="utf-8")
    packed = figures.packed(plotly_script())
    assert html.count(packed) == 1 and "plotly.js v" not in html and len(packed) < 0.42 * len(plotly_script())
    assert len(re.findall(r'<script type="text/plain">\d+ [\w+/=]+</script></figure>', html)) == N_FIGURES
    assert '<pre tabindex="0">a &lt; b</pre>' in html and len(html) - len(packed) < 500_000


def test_a_page_made_from_the_same_is_kept_and_sounds_are_compressed_once(study, tmp_path, monkeypatch):
    target, one = tmp_path / "page.html", notebook()
    export.write(target, chapters(one), study, FACTS)
    old = target.stat().st_ino
    monkeypatch.setattr(audio, "mp3", lambda *_: pytest.fail("a sound was compressed again"))
    export.write(target, chapters(one), study, FACTS)
    assert target.stat().st_ino == old
    export.write(target, chapters(one), study, FACTS | {"commit": "b" * 40})
    assert target.stat().st_ino != old and "bbbbbbbbbbbb" in target.read_text(encoding="utf-8")
    target.write_bytes(b"\xff\xfe damaged")
    export.write(target, chapters(one), study, FACTS)
    assert target.read_text(encoding="utf-8").rstrip().endswith("</html>")


@needs_browser
def test_figures_are_unpacked_when_they_come_near_and_nothing_moves(page, browser):
    def state():
        return browser.execute_script(
            "return [!!window.Plotly, reportFigures.map(f => f.drawn), document.getElementById('plotly') !== null,"
            " [...document.querySelectorAll('h2[id^=en]')].map("
            "h => Math.round(h.getBoundingClientRect().top + scrollY))]"
        )

    browser.get(f"file://{page}#lang=en")
    time.sleep(1)
    loaded, seen, waiting, places = state()
    assert not loaded and seen == [False] * N_FIGURES and waiting
    browser.execute_script("document.getElementById('00_text-figure-3').scrollIntoView({behavior: 'instant'})")
    waited(browser, "return document.getElementById('00_text-figure-3').querySelector('.main-svg')")
    loaded, seen, waiting, after = state()
    assert loaded and seen == [False, False, True, False] and not waiting and after == places
    drawn(browser, N_FIGURES)
    assert state()[3] == places and not browser.execute_script("return document.querySelector('.undrawn')")


@needs_browser
def test_tables_and_csv_need_no_drawn_figure(page, browser):
    browser.get(f"file://{page}#lang=en")
    link, table = browser.execute_script(
        "const place = document.getElementById('00_text-figure-4'), link = place.querySelector('a[download]');"
        "link.addEventListener('click', event => event.preventDefault()); link.click();"
        "place.querySelector('.numbers').open = true; return [link, place.querySelector('.numbers')]"
    )
    assert link.get_attribute("href").startswith("blob:")
    waited(browser, "return arguments[0].querySelector('td')", table)
    assert not browser.execute_script("return window.Plotly || reportFigures.some(f => f.drawn)")


@needs_browser
def test_a_page_that_is_printed_at_once_has_all_its_figures(page, browser):
    browser.get(f"file://{page}#lang=en")
    assert not browser.execute_script("return window.Plotly")
    browser.execute_cdp_cmd("Page.printToPDF", {})
    assert browser.execute_script("return document.querySelectorAll('.main-svg').length >= arguments[0]", N_FIGURES)
    assert browser.execute_script("return reportFigures.every(f => f.drawn && !f.failed)")


@needs_browser
def test_the_browsers_own_printing_has_the_lines_of_all_figures(page, tmp_path):
    flags = [*FLAGS, f"--user-data-dir={tmp_path / 'print'}", "--no-pdf-header-footer"]
    done = [CHROMIUM, *flags, f"--print-to-pdf={tmp_path / 'page.pdf'}", f"file://{page}#lang=en"]
    subprocess.run(done, check=True, capture_output=True, timeout=120)
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", (tmp_path / "page.pdf").read_bytes(), re.DOTALL)
    drawing = b"".join(zlib.decompress(one) for one in streams if one[:1] == b"\x78")
    assert len(re.findall(rb"\b1 0 \.4(?:0*\d*)? RG", drawing)) >= N_FIGURES  # INK, as a PDF says it


@needs_browser
def test_a_browser_without_decompression_of_its_own_draws_all_the_same(page, browser):
    source = "delete window.DecompressionStream"
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})
    browser.get(f"file://{page}#lang=en")
    assert browser.execute_script("return typeof DecompressionStream") == "undefined"
    drawn(browser, N_FIGURES)


@needs_browser
@pytest.mark.parametrize(("place", "n_failed"), [('id="plotly" type="text/plain">', N_FIGURES), ('text/plain">', 1)])
def test_a_figure_that_cannot_be_drawn_says_so_in_both_languages(page, browser, place, n_failed):
    html = page.read_text(encoding="utf-8")
    start = html.index(place) + len(place)
    page.write_text(html[:start] + "1" + html[start:], encoding="utf-8")  # ten times its size, or more
    browser.get(f"file://{page}#lang=en")
    assert not _sentences(browser)
    for element in browser.find_elements("css selector", "figure.plot"):
        browser.execute_script("arguments[0].scrollIntoView()", element)
        waited(browser, "return arguments[0].matches('.undrawn') || arguments[0].querySelector('.main-svg')", element)
    assert _sentences(browser) == [labellers()["en"]("report.failed")] * n_failed
    browser.find_element("id", "language").click()
    assert _sentences(browser) == [labellers()["es"]("report.failed")] * n_failed
    browser.execute_cdp_cmd("Page.printToPDF", {})
    assert len(_sentences(browser)) == n_failed


@needs_browser
def test_without_scripts_every_figure_says_in_both_languages_that_it_was_not_drawn(page, browser):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.get(f"file://{page}")
    shown = visible(browser)
    for labeller in labellers().values():
        assert shown.count(labeller("report.failed")) == N_FIGURES


def _sentences(browser) -> list[str]:
    return [place.text for place in browser.find_elements("css selector", ".failed") if place.is_displayed()]


@pytest.fixture
def unpack(browser, tmp_path):
    """unpack.js on a page of its own: gives the text of what is packed, or the error's message."""
    script = (export.FOLDER / "unpack.js").read_text(encoding="utf-8")
    (tmp_path / "unpack.html").write_text(f'<meta charset="utf-8"><script>{script}</script>', encoding="utf-8")
    browser.get(f"file://{tmp_path / 'unpack.html'}")
    one = "try { return unpacked(one); } catch (error) { return {error: error.message}; }"
    return lambda texts: browser.execute_script(f"return arguments[0].map(one => {{ {one} }})", texts)


def deflated(text: str, level: int, strategy: int) -> str:
    made = zlib.compressobj(level, wbits=-zlib.MAX_WBITS, strategy=strategy)
    return f"{len(text.encode())} {base64.b64encode(made.compress(text.encode()) + made.flush()).decode()}"


@needs_browser
def test_every_kind_of_deflate_is_unpacked(unpack):
    chance = random.Random(0)
    texts = ["", "a", "ab" * 70_000, "x" * 300, "".join(chance.choices("ñ€𝄞 <&>\n", k=5_000))]
    texts.append("".join(map(chr, chance.choices(range(32, 0x2000), k=90_000))))
    strategies = [zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED]
    for text in texts:
        packed = [deflated(text, level, strategy) for level in (0, 1, 9) for strategy in strategies]
        assert all(found == text for found in unpack([*packed, figures.packed(text)]))


@needs_browser
def test_damaged_text_is_refused_and_never_waited_for(unpack):
    chance = random.Random(1)
    size, code = figures.packed("".join(map(chr, chance.choices(range(32, 300), k=3_000)))).split(" ")
    broken = [f"{int(size) + 1} {code}", f"{int(size) - 1} {code}", f"{size} {code[:800]}", f"{size} AAAA"]
    for found in unpack(broken):
        assert found == {"error": "packed text is damaged"}
    damaged = []
    for _ in range(200):
        letters = list(code)
        for place in chance.choices(range(len(code) - 4), k=3):
            letters[place] = chance.choice("ABCDEFxyz0123456789+/")
        damaged.append(f"{size} {''.join(letters[: chance.choice([len(letters), 400])])}")
    assert len(unpack(damaged)) == len(damaged)  # each ends, with an error or with other words
