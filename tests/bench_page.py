"""How long a report opened from disk takes until it can be read, until it is whole, until a reader who goes to its
first figure sees it, and until that figure speaks the other language, also on a slowed-down machine.

`make bench` measures outputs/demo/report.html; `python tests/bench_page.py PAGE` any other.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

from browsing import chromium
from conftest import ROOT

RUNS = 5
SLOWDOWNS = (1, 4, 6)  # times slower than this machine; six is about a cheap phone
TIMES = (
    "const read = performance.getEntriesByType('paint').find(entry => entry.name === 'first-contentful-paint');"
    "return [read?.startTime, performance.getEntriesByType('navigation')[0].loadEventEnd]"
)
FIRST_FIGURE = (
    "const done = arguments[0], start = performance.now(), place = document.querySelector('figure.plot');"
    "const look = () => place.querySelector('.main-svg') ? done(performance.now() - start)"
    " : requestAnimationFrame(look); place.scrollIntoView({behavior: 'instant'}); look();"
)
SWITCH = (
    "const done = arguments[0], plot = document.querySelector('figure.plot .main-svg'), before = plot.textContent;"
    "const start = performance.now(), shown = () => document.querySelector('figure.plot .main-svg')?.textContent;"
    "const look = () => (shown() ?? before) !== before ? done(performance.now() - start) : requestAnimationFrame(look);"
    "document.getElementById('language').click(); look();"
)
NAMES = ("readable", "whole", "first_figure", "switch")


def opened(page: Path, slowdown: int) -> tuple[float, ...]:
    """Seconds, as NAMES has them: until the first words were painted, until everything was loaded, from the first words
    to the first figure (at most: what was drawn while the page was loading counts as drawn at its end), and from a
    click on the other language until the figure in view has its words.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = chromium(Path(folder))
        try:
            browser.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": slowdown})
            browser.get(f"file://{page}")
            read, whole = browser.execute_script(TIMES)
            figure = browser.execute_async_script(FIRST_FIGURE)
            switched = browser.execute_async_script(SWITCH)
        finally:
            browser.quit()
    return tuple(ms / 1000 for ms in (read, whole, whole + figure - read, switched))


def measured(page: Path = ROOT / "outputs" / "demo" / "report.html") -> dict[str, float]:
    """Return the size of a page in MB and the median seconds of RUNS openings; nothing where there is none."""
    if not page.is_file():
        print(f"no {page}: make report first, to measure how fast it opens", file=sys.stderr)
        return {}
    found = {"page_mb": page.stat().st_size / 1e6}
    for slowdown in SLOWDOWNS:
        times = zip(*(opened(page, slowdown) for _ in range(RUNS)), strict=True)
        for name, values in zip(NAMES, times, strict=True):
            found[f"page_{name}_{slowdown}x_s"] = median(values)
    return found


if __name__ == "__main__":
    for name, value in measured(*(Path(page).resolve() for page in sys.argv[1:2])).items():
        print(f"{value:10.2f}  {name}")
