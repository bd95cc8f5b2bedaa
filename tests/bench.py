"""`make bench`: how long everything takes beside its goal; prints the table and writes outputs/bench.json.

`python tests/bench.py fits` measures the regressions alone, `report` the reports, `page` how fast a report opens, `lab`
how soon the lab and the command line answer, `tests` the tests and the installation; their numbers replace those in
outputs/bench.json. All of it takes the better part of an hour; run it on an idle machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bench_fits
import bench_lab
import bench_page
from conftest import ROOT

TARGET = ROOT / "outputs" / "bench.json"
AT_MOST, AT_LEAST = "<=", ">="
ROWS = {  # name of a number -> what it is, the goal
    "demo_s": ("demo, after installation, s", AT_MOST, 120),
    "demo_unchanged_s": ("demo again, nothing changed, s", AT_MOST, 5),
    "demo_figure_s": ("demo again, one figure changed, s", AT_MOST, 20),
    "nh2015_s": ("STUDY=nh2015, s", AT_MOST, 240),
    "chapter_06_s": ("chapter 06 of the demo, s", AT_MOST, 15),
    "training_s": ("training and hearing the demo's miniatures, chapter 00, s", AT_MOST, 60),
    "chapters_01_to_05_s": ("chapters 01 to 05 of the demo, trained, s", AT_MOST, 30),
    "lasso_multi_task_x": ("multi-task lasso beside MultiTaskLassoCV, times faster", AT_LEAST, 50),
    "lasso_single_task_x": ("single-task lasso beside LassoCV, times faster", AT_LEAST, 50),
    "lasso_of_a_model_s": ("both lassos, 10 layers x 10 splits x 768 units, one thread, s", AT_MOST, 60),
    "ridge_sklearn_x": ("ridge beside scikit-learn, all voxels at once, times faster", AT_LEAST, 10),
    "ridge_himalaya_loo_x": ("ridge beside himalaya, leave-one-out, times faster", AT_LEAST, 30),
    "ridge_himalaya_5fold_x": ("ridge beside himalaya, 5 folds, times faster", AT_LEAST, 10),
    "ridge_sklearn_loop_x": ("ridge beside scikit-learn, voxel by voxel (extrapolated), times faster", AT_LEAST, 700),
    "ridge_products_share": ("ridge: share of its time in matrix products", AT_LEAST, 0.7),
    "permutations_s": ("permutations: 7,694 voxels, 1,000, 10 layers (extrapolated), s", AT_MOST, 60),
    "hearing_over_products": ("hearing by a base-size network, over its matrix products, share", AT_MOST, 0.1),
    "one_model_seconds": ("one model: 10 layers x 10 splits x 7,694 voxels x 4 fits, 2 threads, s", AT_MOST, 20),
    "one_model_peak_mb": ("the same, peak memory, MB", AT_MOST, 600),
    "tests_s": ("make test, s", AT_MOST, 360),
    "tests_of_a_room_s": ("the tests of the slowest room, the batch, s", AT_MOST, 30),
    "lab_first_figure_s": ("explore in JupyterLab, nothing computed yet, until its first figure, s", AT_MOST, 5),
    "lab_live_figure_s": ("the same, until a figure that answers, s", AT_MOST, 5),
    "help_s": ("the command line's --help, s", AT_MOST, 0.5),
    "page_mb": ("the demo's page, MB", AT_MOST, 5),
    "page_switch_1x_s": ("the page, until the figure in view speaks the other language, s", AT_MOST, 0.3),
    "page_first_figure_4x_s": ("the page, its first figure after the text, at four-fold slowdown, s", AT_MOST, 2),
    "page_whole_6x_s": ("the page, whole, at six-fold slowdown, s", AT_MOST, 2),
}


def run(study: str, outputs: str, *how: str, code: Path = ROOT) -> float:
    """Seconds of `python -m helpers report` with the code in a folder."""
    command = [sys.executable, "-m", "helpers", "report", study, "--outputs", outputs, *how]
    start = time.perf_counter()
    subprocess.run(
        command, check=True, cwd=code, env=os.environ | {"PYTHONPATH": str(code / "src")}, capture_output=True
    )
    return time.perf_counter() - start


def reports() -> dict[str, float]:
    """Seconds of whole reports and of their parts; the demo's page stays in outputs/."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        outputs = f"{folder}/outputs"
        found["training_s"] = run("demo", outputs, "--chapters", "00_question")
        within = "01_extract,02_voxelwise,03_components,04_learning_dynamics,05_cka_residual"
        found["chapters_01_to_05_s"] = run("demo", outputs, "--chapters", within)
        found["chapter_06_s"] = run("demo", outputs, "--chapters", "06_regularisation")
        found["nh2015_s"] = run("nh2015", outputs)
        shutil.rmtree(outputs)
        found["demo_s"] = run("demo", outputs)
        found["demo_unchanged_s"] = run("demo", outputs)
        copy = Path(folder) / "copy"
        copy.mkdir()
        copied(copy)
        run("demo", outputs, code=copy)
        with (copy / "src/helpers/chapters/components/figures/layers.py").open("a") as figure:
            figure.write("\n\nCHANGED = True\n")
        found["demo_figure_s"] = run("demo", outputs, code=copy)
        shutil.copytree(f"{outputs}/demo", ROOT / "outputs" / "demo", dirs_exist_ok=True)
    return found


def tests() -> dict[str, float]:
    """Seconds of all tests, of one room's, and of installing what they need into a fresh copy."""
    found = {}
    for name, room in (("tests_s", ""), ("tests_of_a_room_s", "batch")):
        found[name] = bench_fits.seconds(lambda room=room: _make("test", f"ROOM={room}", folder=ROOT))
    with tempfile.TemporaryDirectory() as folder:
        copied(Path(folder))
        found["installation_s"] = bench_fits.seconds(lambda: _make(".venv/ready", folder=Path(folder)))
        found["installation_gb"] = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e9
    return found


def _make(*what: str, folder: Path) -> None:
    subprocess.run(["make", *what], check=True, cwd=folder, capture_output=True)


def copied(folder: Path) -> None:
    """Copy what reports are made from."""
    for name in ("src", "notebooks", "params"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("pyproject.toml", "requirements.lock", "Makefile"):
        shutil.copy(ROOT / name, folder)


PARTS = {
    "fits": bench_fits.measured,
    "report": reports,
    "page": bench_page.measured,
    "lab": bench_lab.measured,
    "tests": tests,
}


def table(found: dict[str, float]) -> str:
    """The measured numbers beside their goals."""
    lines = []
    for name, (words, kind, goal) in ROWS.items():
        if name in found:
            met = found[name] <= goal if kind == AT_MOST else found[name] >= goal
            lines.append(f"{found[name]:10.2f}  {kind} {goal:<6g} {'' if met else 'missed':8}{words}")
    others = [f"{found[name]:10.3g}  {name}" for name in sorted(found.keys() - ROWS.keys())]
    return "\n".join([*lines, "", *others])


def main(names: list[str]) -> None:
    found = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.is_file() else {}
    for name in names or PARTS:
        print(f"measuring: {name}", file=sys.stderr)
        found |= PARTS[name]()
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_text(json.dumps(found, indent=1), encoding="utf-8")
    print(table(found))


if __name__ == "__main__":
    main(sys.argv[1:])
