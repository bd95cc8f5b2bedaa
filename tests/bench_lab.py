"""How long a newcomer waits for what is asked first: explore.py in a JupyterLab, on the demo with nothing computed yet,
and the help of the command line.

`python tests/bench_lab.py` measures both.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from browsing import chromium, waited
from lab import PLOT, RUN_ALL, opened, running

RUNS = 3
DRAWN = f"{PLOT}?.querySelector('.main-svg .point')"
STILL = "[...document.querySelectorAll('.jp-OutputArea img')].some(one => one.naturalWidth && one.alt)"
SHOWN = (  # name of a number -> what the page has by then
    ("lab_first_figure_s", f"return {STILL} || !!{DRAWN}"),
    ("lab_live_figure_s", f"return !!{DRAWN}"),
    (
        "lab_sounds_s",
        "return [...document.querySelectorAll('.widget-dropdown')].some(menu => menu.textContent.includes('demo001'))",
    ),
    ("lab_trained_s", f"return {PLOT}?.querySelector('.gtitle')?.textContent.startsWith('Speech')"),
)


def explored() -> list[float]:
    """Seconds from *Run All Cells*, the kernel being there, to each of SHOWN."""
    found = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with running(folder, {"study": "demo", "outputs": str(folder / "outputs")}) as address:
            browser = chromium(folder)
            try:
                browser.set_window_size(1300, 1400)
                opened(browser, address)
                start = time.perf_counter()
                browser.execute_script(RUN_ALL)
                for _, shown in SHOWN:
                    waited(browser, shown, seconds=600)
                    found.append(time.perf_counter() - start)
            finally:
                browser.quit()
    return found


def helped() -> float:
    """Seconds of `python -m helpers --help`."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-P", "-m", "helpers", "--help"], check=True, capture_output=True)
    return time.perf_counter() - start


def measured() -> dict[str, float]:
    """Return the median seconds of RUNS."""
    times = zip(*(explored() for _ in range(RUNS)), strict=True)
    found = {name: median(values) for (name, _), values in zip(SHOWN, times, strict=True)}
    return found | {"help_s": median(helped() for _ in range(2 * RUNS + 1))}


if __name__ == "__main__":
    for name, value in measured().items():
        print(f"{value:10.2f}  {name}")
