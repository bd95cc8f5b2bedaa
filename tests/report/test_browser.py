"""The report in a real browser: drawn, bilingual, quiet, alone."""

import csv
import io
import json
import re
import time
from pathlib import Path

import pytest
import yaml
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from browsing import CHROMIUM, DRIVER, chromium, click_first_point, drawn, figure_words, swiped, visible, waited
from helpers.__main__ import main
from helpers.chapters import registry
from helpers.text import labellers
from small_study import SMALL

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Debian's chromium and chromium-driver")

CHAPTERS = [name for name, chapter in registry.chapters().items() if not chapter.in_time]  # what the demo has none of


@pytest.fixture(scope="session")
def page(tmp_path_factory) -> Path:
    """The demo's report with a network that is as small as can be."""
    folder = tmp_path_factory.mktemp("report")
    study = {
        "name": "tiny",
        "dataset": "demo",
        "chapters": CHAPTERS,
        "models": [{"name": "mixture", **SMALL, "controls": ["untrained", "permuted"]}],
        "baselines": [{"name": "categories", "family": "categories"}],
        "permutations": 5,
    }
    (folder / "tiny.yml").write_text(yaml.safe_dump(study))
    assert main(["report", str(folder / "tiny.yml"), "--outputs", str(folder)]) == 0
    return folder / "tiny" / "report.html"


@pytest.fixture(scope="module")
def whole(page, tmp_path_factory):
    """A browser in which every figure of the page is drawn, for tests that change no more than language and colours."""
    driver = chromium(tmp_path_factory.mktemp("browser"))
    driver.get(f"file://{page}#lang=en")
    drawn(driver, len(driver.find_elements("css selector", "figure.plot")))
    yield driver
    driver.quit()


def speak(browser, language: str) -> None:
    if browser.execute_script("return document.documentElement.lang") != language:
        browser.find_element("id", "language").click()
        drawn(browser, 1)


def axis_titles(browser) -> str:
    return browser.execute_script(
        "return [...document.querySelectorAll('text[class*=title], .legendtext')].map(t => t.textContent).join('|')"
    )


def test_the_report_is_drawn_bilingual_and_quiet(page, browser):
    browser.get(f"file://{page}#lang=en")
    n_figures = len(browser.find_elements("css selector", "figure.plot"))
    assert n_figures >= 3
    drawn(browser, n_figures)
    assert "Stimuli and networks" in visible(browser) and "Estímulos y redes" not in visible(browser)
    assert "Median test r²" in axis_titles(browser) and "Layer" in axis_titles(browser)
    browser.find_element("id", "language").click()
    drawn(browser, n_figures)
    assert "Estímulos y redes" in visible(browser) and "Stimuli and networks" not in visible(browser)
    titles = axis_titles(browser)
    assert "Mediana de r² en el" in titles and "Median test" not in titles
    assert browser.execute_script("return document.documentElement.lang") == "es"
    assert "lang=es" in browser.current_url and browser.title.startswith("¿")
    widths = browser.execute_script(
        "return [...document.querySelectorAll('figure.plot')]"
        ".map(f => [f.clientWidth, f.querySelector('.main-svg').clientWidth])"
    )
    assert all(abs(place - drawing) < 3 for place, drawing in widths), widths
    # "rendering" is Chromium's own advice about drawing 3-D without a graphics card, not a word of the page
    said = [entry for entry in browser.get_log("browser") if entry["source"] != "rendering"]
    assert not said


def test_the_language_survives_a_reload_and_stands_in_the_address(page, browser):
    browser.get(f"file://{page}")
    assert browser.execute_script("return document.documentElement.lang") == "en"
    browser.find_element("id", "language").click()
    browser.get(f"file://{page}")
    browser.refresh()
    assert browser.execute_script("return document.documentElement.lang") == "es"
    browser.get("about:blank")
    browser.get(f"file://{page}#lang=en")
    assert browser.execute_script("return document.documentElement.lang") == "en"


def test_no_request_leaves_the_page(page, browser, tmp_path):
    browser.get(f"file://{page}")
    drawn(browser, 1)
    browser.find_element("id", "language").click()
    time.sleep(1)
    browser.quit()
    log = json.loads((tmp_path / "net.json").read_text())
    start = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    asked = [event.get("params", {}) for event in log["events"] if event["type"] == start]
    pages = [one["url"] for one in asked if one.get("url", "").startswith(("http", "ws")) and _by_the_page(one)]
    assert asked and not pages


def _by_the_page(request: dict) -> bool:
    """Chromium itself asks for components and updates, without initiator, and for its empty tab's, as chrome://..."""
    initiator = request.get("initiator") or "not an origin"
    return initiator != "not an origin" and not initiator.startswith("chrome")


def test_synthetic_data_say_so_on_the_page_and_in_every_figure(whole):
    speak(whole, "es")
    assert whole.find_element("css selector", ".banner").is_displayed()
    titles = whole.execute_script("return reportFigures.map(f => f.content.layout.title.text)")
    assert all("Datos sintéticos" in title for title in titles)


def test_the_table_of_a_figure_is_what_is_drawn(whole):
    speak(whole, "en")
    table, drawn_lines = whole.execute_script(
        "const f = reportFigures.find(f => f.place.id === '03_components-by_layer');"
        "const lines = f.canvas._fullData.filter(t => t.name === 'Mixture network');"
        "return [f.content.layout.meta.table, lines.map(t => Array.from(t.y))]"
    )
    header, *lines = [line.split(",") for line in table.strip().splitlines()]
    trained = [float(row[header.index("median_r2")]) for row in lines if row[header.index("step")] == "2"]
    assert sorted(trained) == pytest.approx(sorted(value for line in drawn_lines for value in line))
    links, names = whole.execute_script(
        "return [[...document.querySelectorAll('a.csv')].map(a => a.download), reportFigures.map(f => f.place.id)]"
    )
    assert links and links == [f"{name}.csv" for name in names] and len(set(names)) == len(names)


def test_maps_are_lower_on_a_phone_and_as_high_as_before_on_a_wider_page(page, browser):
    def heights(width: int) -> list[int]:
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        time.sleep(1)
        return browser.execute_script(
            "const f = reportFigures.find(f => f.content.layout.sliders);"
            "return [f.canvas, f.canvas.querySelector('.main-svg')].map(e => e.clientHeight)"
        )

    browser.get(f"file://{page}")
    drawn(browser, len(browser.find_elements("css selector", "figure.plot")))
    wide, phone, again = heights(1000), heights(390), heights(1000)
    assert wide == again and wide[0] == wide[1] and phone[0] == phone[1] < wide[0] - 100


def test_what_a_figure_offers_stands_on_one_line(whole):
    """Its numbers, its table, its files; side by side until one is opened."""
    lines = whole.execute_script(
        "return [...document.querySelectorAll('figure .tools')].map(tools => [...tools.children]"
        ".filter(one => one.offsetHeight && !one.open).map(one => one.getBoundingClientRect())"
        ".map(one => (one.top + one.bottom) / 2))"
    )
    assert len(lines) > 15 and all(len(middles) >= 2 for middles in lines)
    assert [middles for middles in lines if max(middles) - min(middles) > 12] == []


CUT = """
const found = [];
for (const place of document.querySelectorAll('figure.plot')) {
  const whole = place.querySelector('.main-svg').getBoundingClientRect();
  for (const text of place.querySelectorAll('.main-svg text')) {
    if (text.closest('.legend')) continue;  // a long one is scrolled
    const own = text.getBoundingClientRect(), size = parseFloat(getComputedStyle(text).fontSize);
    const out = [whole.left - own.left, own.right - whole.right, whole.top - own.top, own.bottom - whole.bottom];
    if (own.width && size > 4 && Math.max(...out) > 2) found.push(place.id + ': ' + text.textContent);
  }
}
return found
"""


TOUCHING = """
const found = [], meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left);
const overlap = (a, b) => Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
for (const place of document.querySelectorAll('figure.plot')) {
  const words = '.main-svg .annotation-text, .main-svg :is(.xtick, .ytick) text';
  const named = [...place.querySelectorAll(words)]
    .filter(one => !/rotate\\((?!0,)/.test(one.getAttribute('transform')))  // boxes of words aslant meet, not words
    .map(one => [one, one.getBoundingClientRect()]).filter(([, box]) => box.width);
  for (const [at, [one, own]] of named.entries()) for (const [other, box] of named.slice(at + 1))
    if (meet(own, box) > 1 && overlap(own, box) > 1)
      found.push(`${place.id}: ${one.textContent} / ${other.textContent}`);
}
return found
"""


def test_the_name_of_a_colour_bar_stands_right_above_it(whole):
    """A note in every figure, with menus, which the page takes out from below the bar, and without."""
    apart = whole.execute_script(
        "return reportFigures.map(figure => figure.canvas).flatMap(canvas => {"
        "  const notes = canvas.layout.annotations ?? [], place = notes.findIndex(one => one.name === 'bar');"
        "  const bar = canvas.querySelector('.colorbar .cbfills');"
        "  const name = canvas.querySelector(`.annotation[data-index='${place}']`);"
        "  if (!bar || canvas.layout.coloraxis.colorbar.orientation !== 'h') return [];"
        "  return [name === null ? 999 : bar.getBoundingClientRect().top - name.getBoundingClientRect().bottom]})"
    )
    assert apart and all(-3 <= one <= 12 for one in apart), apart


def test_the_title_of_the_page_is_whole_on_a_phone(on_a_phone):
    for language in ("es", "en"):
        speak(on_a_phone, language)
        shown, whole = on_a_phone.execute_script(
            "const title = document.querySelector('.bar h1'); return [title.clientHeight, title.scrollHeight]"
        )
        assert 0 < whole <= shown + 1, language


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("language", ["es", pytest.param("en", marks=pytest.mark.slow)])  # Spanish words are longer
def test_no_word_of_a_figure_is_cut_at_its_edge_or_lies_over_another(whole, language, width):
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    whole.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    speak(whole, language)
    drawn(whole, 15)
    time.sleep(1)
    cut, touching = whole.execute_script(CUT), whole.execute_script(TOUCHING)
    whole.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert cut == [] and touching == []


def test_every_alternative_text_says_numbers_and_the_same_in_both_languages(whole):
    spoken = whole.execute_script("return reportFigures.map(f => f.content.layout.meta.alt)")
    assert len(spoken) > 15
    for alt in spoken:
        spanish, english = (re.findall(r"[−\d][\d.,]*", alt[language]) for language in ("es", "en"))
        swapped = [number.translate(str.maketrans(",.", ".,")).strip(",.") for number in spanish]
        assert sorted(swapped) == sorted(number.strip(",.") for number in english) and english, alt


def test_a_figures_numbers_open_as_a_table_that_speaks_the_pages_language(page, browser):
    browser.get(f"file://{page}#lang=es")
    folded = browser.find_elements("css selector", "details.numbers")
    assert len(folded) == len(browser.find_elements("css selector", "figure.plot"))
    browser.execute_script("for (const place of arguments[0]) place.open = true", folded)
    waited(browser, "return [...document.querySelectorAll('details.numbers')].every(d => d.querySelector('td'))")
    tables = browser.execute_script("return reportFigures.map(f => f.content.layout.meta.table)")
    index = next(i for i, table in enumerate(tables) if "median_r2" in table.splitlines()[0].split(","))
    numbers = list(csv.DictReader(io.StringIO(tables[index])))
    script = "return [...arguments[0].querySelectorAll('tr')].map(r => [...r.cells].map(c => c.textContent))"
    for language, sign in (("es", ","), ("en", ".")):
        header, *rows = browser.execute_script(script, folded[index])
        place = header.index(labellers()[language]("column.median_r2"))
        first = next(iter(numbers[0]))
        assert len(rows) == min(len(numbers), 200) and header[0] == labellers()[language](f"column.{first}")
        shown = [float(row[place].replace(sign, ".").replace("−", "-")) for row in rows]
        assert shown == pytest.approx([float(row["median_r2"]) for row in numbers[:200]], abs=6e-5, rel=6e-3)
        browser.find_element("id", "language").click()


def test_a_second_report_starts_no_kernel_and_computes_nothing(page, monkeypatch, capsys):
    from helpers.report import notebooks
    from helpers.store import files

    def never(*_, **__):
        raise AssertionError("this was computed again")

    monkeypatch.setattr(notebooks, "_papermill", never)
    monkeypatch.setattr(files, "write_array", never)
    folder = page.parent.parent
    assert main(["report", str(folder / "tiny.yml"), "--outputs", str(folder)]) == 0
    assert "report.html" in capsys.readouterr().out


def test_a_click_on_a_point_plays_its_sound_and_so_does_enter_on_its_button(page, browser):
    from selenium.webdriver.common.keys import Keys

    browser.get(f"file://{page}#lang=es")
    unfold(browser)
    index = browser.execute_script("return reportFigures.findIndex(f => f.content.layout.meta.sounds)")
    place = browser.find_elements("css selector", "figure.plot")[index]
    browser.execute_script("arguments[0].scrollIntoView()", place)
    waited(browser, "return document.querySelectorAll('figure.plot')[arguments[0]].querySelector('.point')", index)
    click_first_point(browser, f"reportFigures[{index}].canvas")
    waited(browser, "return window.reportAudio && reportAudio.readyState > 1")
    assert browser.find_element("id", "player").text.startswith("Suena: ")
    button = place.find_elements("css selector", "button[data-sound]")[3]
    folded = place.find_element("css selector", ".sounds")
    browser.execute_script("arguments[0].open = true; arguments[0].scrollIntoView({block: 'center'})", folded)
    button.send_keys(Keys.ENTER)
    waited(browser, "return document.getElementById('player').textContent.endsWith(arguments[0])", button.text)
    assert browser.execute_script("return reportAudio.duration") == pytest.approx(2, abs=0.2)


PAIRS = [("es", "light"), ("en", "dark"), ("es", "dark"), ("en", "light")]


@pytest.fixture
def on_a_phone(page, browser):
    """The report on a touch screen of 390 px, all of its parts unfolded."""
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(f"file://{page}#lang=en")
    unfold(browser)
    yield browser
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def unfold(browser) -> None:
    """Open what is folded, but for tables and lists within figures."""
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.closest('figure') || (d.open = true))")


def test_a_swipe_over_any_figure_scrolls_the_page(on_a_phone):
    names = on_a_phone.execute_script("return [...document.querySelectorAll('figure.plot')].map(f => f.id)")
    assert len(names) > 20
    for name in names:
        x, y, before = on_a_phone.execute_script(
            "const f = document.getElementById(arguments[0]).querySelector('.canvas');"
            "f.scrollIntoView({block: 'center', behavior: 'instant'});"
            "const b = f.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2, scrollY]",
            name,
        )
        waited(on_a_phone, "return document.getElementById(arguments[0]).querySelector('.main-svg') !== null", name)
        swiped(on_a_phone, x, min(max(y, 200), 600))
        for _ in range(50):
            time.sleep(0.1)
            after = on_a_phone.execute_script("return scrollY")
            if after > before + 50:
                break
        else:
            pytest.fail(f"{name}: a swipe scrolled from {before} to {after}")


def test_a_keyboard_reaches_every_control(page, browser):
    browser.get(f"file://{page}#lang=en")
    unfold(browser)
    drawn(browser, len(browser.find_elements("css selector", "figure.plot")))  # menus come with a figure
    browser.execute_script(
        "window.stops = new Set(); addEventListener('focusin', event => stops.add(event.target));"
        "window.controls = () => [...document.querySelectorAll('button, select, input, summary, a[href], [tabindex]')]"
        ".filter(e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({visibilityProperty: true}))"
        ".filter(e => !e.closest('nav ul ul'));"  # sections come and go with the chapter that is read
        "document.activeElement.blur(); scrollTo({top: 0, behavior: 'instant'})"
    )
    keys, last = ActionChains(browser), -1
    for _ in range(200):
        for _ in range(25):
            keys.send_keys(Keys.TAB)
        keys.perform()
        keys.reset_actions()
        now = browser.execute_script("return stops.size")
        if now == last:
            break
        last = now
    missed = browser.execute_script("return controls().filter(e => !stops.has(e)).map(e => e.outerHTML.slice(0, 120))")
    assert last > 150 and not missed


QUICK = (*PAIRS[1], 390)  # among the ordinary tests; each takes a minute


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [
        pytest.param(*pair, width, marks=[] if (*pair, width) == QUICK else pytest.mark.slow)
        for pair in PAIRS
        for width in (1200, 390)
    ],
)
def test_axe_finds_no_violation(whole, language, scheme, width):
    """All rules, in each language, scheme and width."""
    axe = pytest.importorskip("axe_core_python", reason="needs axe-core-python")
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    whole.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    whole.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    speak(whole, language)
    time.sleep(1)  # figures are drawn anew; axe gives up on a page that changes
    whole.execute_script(
        "[...document.querySelectorAll('details')].filter((d, i) => i % 6 == 0).forEach(d => d.open = 1)"
    )
    whole.execute_script((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    ran, found = whole.execute_async_script(
        "const [done] = arguments;"
        "axe.run(document, {resultTypes: ['violations']}).then(r => done(["
        "r.passes.map(p => p.id), r.violations.map("
        "v => [v.impact, v.id, v.nodes.length, v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary])]), "
        "error => done([[], [['critical', String(error)]]]))"
    )
    whole.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert not found
    assert "color-contrast" in ran


def test_the_page_is_small_enough_to_send(page):
    assert page.stat().st_size < 5e6


@pytest.mark.parametrize("language", ["es", "en"])
def test_no_identifier_and_no_word_of_the_other_language_is_seen(page, browser, language):
    browser.get(f"file://{page}#lang={language}")
    drawn(browser, len(browser.find_elements("css selector", "figure.plot")))
    browser.execute_script("for (const code of document.querySelectorAll('code, pre')) code.remove()")
    # Works are cited by the title that they have, this one too
    browser.execute_script("document.getElementById('14_references')?.remove()")
    browser.execute_script("for (const table of document.querySelectorAll('details.numbers')) table.open = true")
    waited(browser, "return [...document.querySelectorAll('details.numbers')].every(d => d.querySelector('td'))")
    seen = re.sub(r"demo\d+_\w+", "", f"{visible(browser)} {figure_words(browser)}")  # names of sounds
    seen = seen.replace("Song et al.", "")  # an author whose name is also a category's
    assert not set(re.findall(r"\b[a-z]+\d*(?:_[a-z0-9]+)+\b", seen))
    words, other = (labellers()[name].words for name in (language, {"es": "en", "en": "es"}[language]))
    names = {key.split(".")[1] for key in words if key.split(".")[0] in ("component", "category", "hemisphere")}
    raw = names - set(" ".join(words.values()).split()) - {"pitch", "all"}
    assert {"lowfreq", "EngSpeech", "lh"} <= raw
    assert not {name for name in raw if re.search(rf"\b{name}\b", seen)}
    foreign = {text for key, text in other.items() if len(text) > 12 and "{" not in text and text != words[key]}
    plain = {re.sub("<[^>]*>", "", text) for text in foreign if "<br>" not in text} - set(words.values())
    switch = other["report.title"]  # nothing of the other language, not even its title, is left on the page
    assert switch in plain and len(plain) > 50
    assert not {text for text in plain if text in seen}
