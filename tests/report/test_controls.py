"""What a reader turns on a page: menus, sliders, one choice for all figures, contents, light and dark, the appendix."""

import json
import random
import time

import nbformat
import pandas as pd
import plotly.graph_objects as go
import pytest
from selenium.webdriver.common.keys import Keys

from browsing import CHROMIUM, DRIVER, swiped, waited
from helpers.chapters.chapter import APPENDIX, LEAD, Chapter
from helpers.plotting import panels, style
from helpers.plotting.bilingual import bilingual
from helpers.report import export, figures
from helpers.study import open_study
from helpers.text import labellers
from report.test_packed_page import FACTS

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Debian's chromium and chromium-driver")

MODELS, LAYERS = ["mixture", "music"], [1, 2, 3]


def menus(labeller):
    """A figure with a menu of networks: line 1 is the mixture's, line 2 the music network's."""
    figure = go.Figure([go.Scatter(x=[1, 2], y=[n, 2 * n], ids=["a", "b"]) for n in (1, 2)])
    panels.choose_model(figure, MODELS, labeller)
    figure.update_layout(margin={"t": 130})
    return style.laid_out(figure, labeller, labeller("report.code"), 400, synthetic=False)


def sliding(labeller):
    """The same with a slider of layers, whose steps move the lines."""
    figure = menus(labeller)
    steps = [
        {"method": "restyle", "label": str(n), "name": str(n), "args": [{"x": [[n, n + 1], [n, n + 1]]}]}
        for n in LAYERS
    ]
    slider = {"name": "layer", "steps": steps, "active": 0, "currentvalue": {"prefix": labeller("axis.layer") + " "}}
    return figure.update_layout(sliders=[slider], margin={"b": 150})


def cell(build):
    def named(labeller):
        return build(labeller)

    named.__qualname__ = f"{build.__name__}.<locals>.build"
    data = pd.DataFrame({"x": [1, 2], "y": [10, 9]})
    made = json.loads(bilingual(named, lambda labeller: labeller("report.code"), data).to_json())
    return nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", data={export.PLOTLY: made})])


def notebook(title: str, *builds):
    cells = []
    for language, word in (("es", "Sección"), ("en", "Section")):
        text = f"# {title} {language}\n\n" + "Words. " * 300 + f"\n\n## {word}\n\n" + "Words. " * 300
        cells.append(nbformat.v4.new_markdown_cell(text, metadata={"tags": [f"lang-{language}"]}))
    made = nbformat.v4.new_notebook(cells=cells + [cell(build) for build in builds])
    made.metadata = nbformat.from_dict({"papermill": {"end_time": str(random.random()), "duration": 1}})
    return made


@pytest.fixture
def page(small_brain, tmp_path):
    chapters = [
        (Chapter("03_appendix", part=APPENDIX), notebook("Appendix", menus)),
        (Chapter("01_story", part=1), notebook("Story", menus, sliding, menus)),
        (Chapter("00_lead", part=LEAD), notebook("Lead")),
    ]
    study = open_study({"study": "demo", "outputs": str(tmp_path / "out")})
    export.write(tmp_path / "page.html", chapters, study, FACTS)
    return f"file://{tmp_path / 'page.html'}"


# Which line each figure shows, of those that are drawn as things are now; others are drawn when they come near
STATE = (
    "return reportFigures.filter(f => f.drawn && !f.stale)"
    ".map(f => f.canvas.data.findIndex(trace => trace.visible !== false))"
)


def seen(browser, name: str):
    """A figure that is drawn, by its address."""
    browser.execute_script("document.getElementById(arguments[0]).scrollIntoView({behavior: 'instant'})", name)
    return waited(
        browser,
        "const f = document.getElementById(arguments[0]);"
        "return f.querySelector('.main-svg') && f.querySelector('select') && f",
        name,
    )


def at_rest(browser) -> None:
    """Wait until nothing scrolls: a finger that is lifted leaves a page moving."""
    places = [0.0, 1.0]
    while places[-1] != places[-2]:
        time.sleep(0.5)
        places.append(browser.execute_script("return scrollY"))


def test_chapters_stand_by_part_and_figures_have_lasting_names_and_numbers_in_order(page, browser):
    browser.get(f"{page}#lang=en")
    order = "return [...document.querySelectorAll('section.chapter')].map(e => e.id)"
    assert browser.execute_script(order) == ["00_lead", "01_story", "03_appendix"]
    found = browser.execute_script(
        "return [...document.querySelectorAll('figure.plot')].map(f => "
        "[f.id, f.querySelector('.title [lang=en] .number').textContent])"
    )
    names = ["01_story-menus", "01_story-sliding", "01_story-menus-2", "03_appendix-menus"]
    assert found == [[name, f"Figure {n}."] for n, name in enumerate(names, start=1)]
    headings = browser.execute_script("return [...document.querySelectorAll('main [id^=en-]')].map(e => e.id)")
    assert headings[:2] == ["en-00_lead-1", "en-00_lead-2"] and "en-03_appendix-1" in headings


def test_a_choice_in_one_figure_is_taken_over_by_all_and_kept_in_the_address(page, browser):
    browser.get(f"{page}#lang=en")
    first = seen(browser, "01_story-menus")
    select = first.find_element("css selector", ".controls select")
    assert [option.text for option in select.find_elements("css selector", "option")] == [
        labellers()["en"].name("model", model) for model in MODELS
    ]
    select.send_keys(Keys.DOWN)  # by keyboard alone
    waited(browser, f"const shown = (() => {{ {STATE} }})(); return shown.length && shown.every(n => n === 1)")
    assert browser.execute_script("return document.querySelector('#picker select[data-kind=model]').value") == "music"
    seen(browser, "01_story-menus-2")
    waited(browser, f"return (() => {{ {STATE} }})().every(n => n === 1)")
    assert "&model=music" in browser.current_url
    browser.get("about:blank")
    browser.get(f"{page}#lang=es&model=music")
    seen(browser, "01_story-menus")
    waited(browser, f"return (() => {{ {STATE} }})().every(n => n === 1)")


def test_the_pages_own_choice_reaches_the_figures_and_a_language_keeps_it(page, browser):
    browser.set_window_size(1300, 900)
    browser.get(f"{page}#lang=en")
    seen(browser, "01_story-sliding")
    browser.find_element("css selector", "#picker label[lang=en] select[data-kind=model]").send_keys(Keys.DOWN)
    waited(browser, f"return (() => {{ {STATE} }})().every(n => n === 1)")
    slider = "const f = reportFigures[1], range = f.place.querySelector('input[type=range]');"
    browser.find_element("css selector", "[id='01_story-sliding'] input[type=range]").send_keys(Keys.RIGHT, Keys.RIGHT)
    waited(browser, slider + "return f.canvas.data[1].x[0] === 3 && range.getAttribute('aria-valuetext') === '3'")
    browser.find_element("id", "language").click()
    waited(browser, slider + "return range && f.place.querySelector('.slider').textContent.startsWith('Capa')")
    waited(
        browser,
        slider + "return f.canvas.data[1].x[0] === 3 && range.value === '2' && f.canvas.data[0].visible === false",
    )
    assert "layer=3" in browser.current_url and "model=music" in browser.current_url


def test_an_address_into_the_appendix_opens_it(page, browser):
    browser.get(f"{page}#lang=en")
    opened = "return document.querySelector('details.chapter').open"
    assert not browser.execute_script(opened)
    browser.get("about:blank")
    browser.get(f"{page}#es-03_appendix-2")
    waited(browser, opened)
    waited(browser, "return Math.abs(document.getElementById('es-03_appendix-2').getBoundingClientRect().top) < 200")
    bar = browser.execute_script("return document.querySelector('.bar').getBoundingClientRect().bottom")
    top = browser.execute_script("return document.getElementById('es-03_appendix-2').getBoundingClientRect().top")
    assert browser.execute_script("return document.documentElement.lang") == "es" and top >= bar, "not under the bar"


def test_contents_follow_the_reader_and_open_on_a_phone(page, browser):
    browser.set_window_size(1300, 900)
    browser.get(f"{page}#lang=en")
    browser.execute_script("document.getElementById('en-01_story-2').scrollIntoView({behavior: 'instant'})")
    waited(browser, "return document.querySelector('nav a[aria-current]')?.getAttribute('href') === '#en-01_story-2'")
    browser.set_window_size(500, 900)
    assert not browser.find_element("id", "nav").is_displayed()
    browser.find_element("id", "contents").click()
    assert browser.find_element("id", "nav").is_displayed()
    browser.find_element("css selector", "nav ul[lang=en] a[href='#en-01_story-1']").click()
    assert not browser.find_element("id", "nav").is_displayed()


def test_light_dark_and_code_are_kept(page, browser):
    browser.set_window_size(1300, 900)
    browser.get(f"{page}#lang=en")
    browser.execute_script(
        "const theme = document.querySelector('label[lang=en] select.theme'); theme.value = 'dark';"
        "theme.dispatchEvent(new Event('change')); document.getElementById('code').click()"
    )
    browser.refresh()
    look = browser.execute_script(
        "const s = getComputedStyle(document.body); return [document.documentElement.dataset.theme, s.backgroundColor,"
        " document.documentElement.classList.contains('with-code'), document.querySelector('select.theme').value]"
    )
    assert look == ["dark", "rgb(20, 24, 29)", True, "dark"]


def test_a_finger_scrolls_the_page_until_it_is_asked_to_zoom(page, browser):
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(f"{page}#lang=en")
    assert browser.execute_script("return matchMedia('(pointer: coarse)').matches")
    for name in ("01_story-menus", "01_story-sliding"):
        place = seen(browser, name).find_element("css selector", ".canvas")
        box = browser.execute_script(
            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'});"
            "const b = arguments[0].getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2, scrollY]",
            place,
        )
        swiped(browser, *box[:2])
        waited(browser, "return scrollY > arguments[0] + 50", box[2])
        ranges = "const axis = arguments[0]._fullLayout.yaxis; return axis.autorange"
        assert browser.execute_script(ranges, place), "nothing was zoomed"
    hands = browser.find_element("css selector", "[id='01_story-menus'] .hands")
    browser.execute_script(
        "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'}); arguments[0].click()", hands
    )
    waited(browser, "return reportFigures[0].canvas._fullLayout.dragmode === 'zoom'")
    at_rest(browser)
    x, y, before = browser.execute_script(
        "const b = reportFigures[0].canvas.getBoundingClientRect();"
        "return [b.x + b.width / 2, b.y + b.height / 2, scrollY]"
    )
    swiped(browser, x, y)
    waited(browser, "return !reportFigures[0].canvas._fullLayout.yaxis.autorange")
    at_rest(browser)
    assert browser.execute_script("return scrollY") == pytest.approx(before, abs=5)


def test_nothing_of_plotlys_is_in_the_order_of_the_keyboard_and_a_skip_link_is_first(page, browser):
    browser.get(f"{page}#lang=en")
    browser.find_element("css selector", "body").send_keys(Keys.TAB)
    assert browser.execute_script("return document.activeElement.className") == "skip"
    seen(browser, "01_story-menus")
    tabbed = browser.execute_script(
        "return [...document.querySelectorAll('figure :is(button, a, select, input, [tabindex])')]"
        ".filter(e => e.tabIndex >= 0 && e.closest('.modebar, .main-svg')).length"
    )
    assert not tabbed


def test_references_to_figures_say_their_numbers_and_those_to_none_are_left_out():
    text = 'As seen (<a href="#a-b">figure</a>), not (<a href="#c-d">figura</a>) there.'
    said = figures.referred(text, {"a-b": 4})
    assert ">Figure 4<" in said and ">Figura 4<" in said and "c-d" not in said and said.endswith(", not there.")
