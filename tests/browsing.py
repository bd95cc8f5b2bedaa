"""A headless Chromium, and what tests do with a page in it."""

import shutil
import time
from pathlib import Path

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1200,900",
]


def chromium(folder: Path):
    """A headless Chromium that keeps its profile and its network log in `folder`."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    hosts = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
    for flag in [*FLAGS, hosts, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={folder / 'net.json'}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_script_timeout(180)  # axe looks at every element of the page, on a machine that may be busy
    # A page without the focus hears of no focus: JupyterLab would have no current notebook, a keyboard nowhere to start
    driver.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
    return driver


def drawn(browser, n_figures: int) -> None:
    """Scroll through the page, with all that is folded open, until every figure is drawn, in the language of now."""
    folds = "document.querySelectorAll('details:is(.chapter, .diagnostic)')"
    browser.execute_script(f"for (const fold of {folds}) fold.open = true")
    is_drawn = (
        "arguments[0].scrollIntoView(); const figure = reportFigures.find(one => one.place === arguments[0]);"
        "return arguments[0].querySelector('.main-svg') && !figure.stale"
    )
    for place in browser.find_elements("css selector", "figure.plot"):
        waited(browser, is_drawn, place)
    assert browser.execute_script("return document.querySelectorAll('figure.plot .main-svg').length") >= n_figures


def visible(browser) -> str:
    return browser.find_element("tag name", "body").text


def figure_words(browser) -> str:
    return browser.execute_script(
        "return [...document.querySelectorAll('.main-svg')].map(e => e.textContent).join(' ')"
    )


def click_first_point(browser, plot: str) -> None:
    """Click on the first point of a Plotly figure, which listens on a layer above its points."""
    browser.execute_script(
        f"const plot = {plot}, point = plot.querySelector('.point').getBoundingClientRect();"
        "const at = {clientX: point.x + point.width / 2, clientY: point.y + point.height / 2, bubbles: true};"
        "for (const kind of ['mousemove', 'mousedown', 'mouseup', 'click'])"
        " plot.querySelector('.nsewdrag').dispatchEvent(new MouseEvent(kind, at))"
    )


def waited(browser, script: str, *arguments, seconds: float = 20):
    """What a script returns, as soon as that is not nothing."""
    deadline = time.monotonic() + seconds
    while not (found := browser.execute_script(script, *arguments)):
        assert time.monotonic() < deadline, script
        time.sleep(0.1)
    return found


def swiped(browser, x: float, y: float, up: int = 150) -> None:
    """Move a finger up over the page, from a place in the window."""

    def touch(kind: str, *points: dict) -> None:
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    touch("touchStart", {"x": x, "y": y})
    for way in range(10, up, 10):
        touch("touchMove", {"x": x, "y": y - way})
    touch("touchEnd")
