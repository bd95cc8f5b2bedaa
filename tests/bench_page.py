"""How long a report opened from disk takes until it can be read, until it is whole, and until a reader who goes to its
first figure sees it, also on a slowed-down machine.

`make bench` measures outputs/demo/report.html where there is one; `python tests/bench_page.py PAGE` any other.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

from browsing import chromium
from conftest import ROOT

RUNS = 5
SLOWDOWNS = (1, 6)  # times slower than this machine; six is about a cheap phone
TIMES = (
    "const read = performance.getEntriesByType('paint').find(entry => entry.name === 'first-contentful-paint');"
    "return [read?.startTime, performance.getEntriesByType('navigation')[0].loadEventEnd]"
)
FIRST_FIGURE = (
    "const done = arguments[0], start = performance.now(), place = document.querySelector('figure.plot');"
    "const look = () => place.querySelector('.main-svg') ? done(performance.now() - start)"
    " : requestAnimationFrame(look); place.scrollIntoView({behavior: 'instant'}); look();"
)


def opened(page: Path, slowdown: int) -> tuple[float, float, float]:
    """Seconds until the first words were painted, until everything was loaded, and from there to the first figure."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = chromium(Path(folder))
        try:
            browser.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": slowdown})
            browser.get(f"file://{page}")
            read, whole = browser.execute_script(TIMES)
            figure = browser.execute_async_script(FIRST_FIGURE)
        finally:
            browser.quit()
    return read / 1000, whole / 1000, figure / 1000


def main() -> None:
    page = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "outputs" / "demo" / "report.html").resolve()
    if not page.is_file():
        print(f"no {page}: make report first, to measure how fast it opens")
        return
    print(f"{page.name}, {page.stat().st_size / 1e6:.1f} MB, from disk, median of {RUNS}")
    for slowdown in SLOWDOWNS:
        read, whole, figure = map(median, zip(*(opened(page, slowdown) for _ in range(RUNS)), strict=True))
        print(f"  {slowdown} x slower: readable after {read:.2f} s, whole after {whole:.2f} s;", end=" ")
        print(f"from there to the first figure {figure:.2f} s")


if __name__ == "__main__":
    main()
