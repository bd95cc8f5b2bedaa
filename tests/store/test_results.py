"""Results know what made them: a key changes with every argument and with code, and with nothing else."""

import ast
import inspect
import shutil
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from conftest import ROOT
from helpers import encoding, models
from helpers.brain import demo
from helpers.chapters.cka_residual import cka_of_frames
from helpers.chapters.robustness.analysis import recover
from helpers.encoding import splits
from helpers.encoding.partition import partition
from helpers.encoding.within import score_new_categories, score_within
from helpers.models.encodecmae import mini
from helpers.models.encodecmae.training import train
from helpers.names import immaterial
from helpers.stats import rsa
from helpers.stimuli import audio
from helpers.store import code, results
from helpers.store.results import plain

SOUNDS = [f"s{index:02d}" for index in range(12)]
SOURCE = ROOT / "src"


class Network(models.AudioModel):
    """A network that is known by the name of its weights."""

    def __init__(self, weights: str, level: float = 0.0):
        coords = {"sound": ["a", "b"], "n_samples": ("sound", [3, 3])}
        waveforms = xr.DataArray(np.full((2, 3), level), coords, ("sound", "sample"))
        super().__init__("m", waveforms, [0, 1])
        self.weights = weights

    def activations(self, step: int):
        raise NotImplementedError

    def identity(self, step: int) -> dict:
        return {"weights": self.weights, "step": step}

    def missing(self, step: int) -> str:  # noqa: ARG002
        return ""

    sizes = models.Cost((("only", 1),), 1)


def features(scale: float = 1.0, layer: int = 1) -> list[xr.DataArray]:
    values = scale * np.random.default_rng(0).standard_normal((12, 4))
    return [xr.DataArray(values, {"sound": SOUNDS, "layer": layer, "model": "m", "step": 0}, ("sound", "unit"))]


def responses(value: float = 0.0, name: str = "a") -> xr.DataArray:
    values = np.random.default_rng(1).standard_normal((12, 2))
    values[0, 0] = value
    return xr.DataArray(values, {"sound": SOUNDS, "target": [name, "b"]}, ("sound", "target"))


ORDER = splits.published(SOUNDS)
OTHER_ORDER = splits.permuted(SOUNDS)
SCORES = xr.Dataset({"alpha": ("target", [1.0, 2.0])})
ENCODING = {
    "features": (features(), features(2.0), features(layer=2)),
    "responses": (responses(), responses(1e-9), responses(name="c")),
    "splits": (ORDER, OTHER_ORDER, ORDER.isel(split=slice(0, 3))),
}
# Every function whose results are kept: argument -> a value and others that must give other keys
KEPT = {
    encoding.score: ENCODING
    | {
        "estimator": ("ridge", "ridge_kfold"),
        "alphas": (None, [1.0, 10.0], [1.0, 10.0 + 1e-12]),
        "metrics": (None, ["r2_pearson"]),
    },
    encoding.permutation_test: ENCODING
    | {"scores": (SCORES, SCORES + 1e-12), "seed": (0, 1), "n_permutations": (10, 11)},
    partition: ENCODING
    | {
        "others": ({"a": features()[0]}, {"b": features()[0]}, {"a": features(3.0)[0]}),
        "alphas": (None, [1.0, 10.0]),
    },
    encoding.without_each_sound: ENCODING
    | {
        "scores": (SCORES, SCORES + 1e-12),
        "groups": (None, ["a"]),
        "metric": ("r2_pearson", "r2_corrected"),
    },
    score_within: ENCODING | {"categories": (SCORES, SCORES + 1), "alphas": (None, [1.0])},
    score_new_categories: ENCODING | {"alphas": (None, [1.0])},
    recover: {name: ENCODING[name] for name in ("responses", "splits")}
    | {"networks": ([features()], [features(3.0)]), "n_draws": (1, 2), "seed": (0, 1)},
    rsa.score: ENCODING | {"measure": ("spearman", "pearson")},
    rsa.inter_subject: {name: ENCODING[name] for name in ("responses", "splits")}
    | {
        "metric": ("r2_pearson", "r2_determination"),
        "estimator": ("ridge", "ridge_kfold"),
        "alphas": (None, [1.0, 10.0]),
    },
    models.hear: {
        "checkpoint": tuple(
            models.Checkpoint(network, step)
            for network, step in ((Network("x"), 0), (Network("y"), 0), (Network("x"), 1), (Network("x", 1e-9), 0))
        )
    },
    cka_of_frames: {"checkpoint": tuple(models.Checkpoint(Network(name), 0) for name in "xy")},
    train: {
        "settings": (mini.Settings(), mini.Settings(steps=3)),
        "seed": (0, 1),
        "waveforms": (Network("").waveforms, Network("", 1.0).waveforms),
    },
    audio.compressed: {"waveforms": (Network("").waveforms, Network("", 1.0).waveforms), "rate": (24_000, 16_000)},
    demo.simulated: {"seed": (0, 1)},
}


@pytest.mark.parametrize("function", KEPT, ids=lambda function: function.__name__)
def test_every_argument_changes_the_key_and_immaterial_ones_do_not(function):
    values = KEPT[function]
    first = {name: some[0] for name, some in values.items()}
    keys = [results.key(function, **first)]
    for name, (_, *others) in values.items():
        keys += [results.key(function, **{**first, name: other}) for other in others]
    assert len(set(keys)) == len(keys)
    left_out = getattr(function, "immaterial", frozenset())
    assert set(inspect.signature(function).parameters) == set(values) | left_out
    for name in left_out:
        assert results.key(function, **first, **{name: "anything"}) == keys[0]
    assert results.key(function, **first) == keys[0]


def test_the_functions_above_are_all_that_are_kept():
    """`study.keep(f, ...)`, `partial(study.keep, f, ...)`, `results.result(f, ...)`, `results.key(f, ...)` anywhere."""
    found = set()
    for path in [*SOURCE.rglob("*.py"), *(ROOT / "notebooks").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args:
                called, first, *rest = [ast.unparse(part) for part in (node.func, *node.args)]
                if (
                    called.endswith((".keep", "results.result", "results.key"))
                    or called == "key"
                    or (called == "keep" and "chapters" in path.parts)
                ):
                    found.add(first.split(".")[-1])
                elif called == "partial" and first.split(".")[-1] == "keep" and rest:
                    found.add(rest[0].split(".")[-1])
    assert found - {"function"} == {function.__name__ for function in KEPT}


def test_only_plain_things_have_keys():
    class Thing:
        pass

    with pytest.raises(TypeError, match="cannot depend on a Thing"):
        plain(Thing())
    with pytest.raises(TypeError, match="unexpected keyword argument 'gamma'"):
        results.key(encoding.score, features=features(), responses=responses(), splits=ORDER, gamma=1)

    @immaterial("nothing")
    def function(a):
        return a

    with pytest.raises(TypeError, match="no argument nothing to be immaterial"):
        results.key(function, a=1)


def test_labels_count_as_much_as_values():
    frame = pd.DataFrame({"a": [1.0], "b": ["x"]})
    variants = [responses(), responses().assign_coords(sound=SOUNDS[::-1]), responses().rename(sound="stimulus")]
    variants += [responses().astype("float32"), responses().to_dataset(name="y"), frame, frame.assign(b="y")]
    assert len({str(plain(variant)) for variant in variants}) == len(variants)


CALLS = []


@immaterial("progress")
def doubled(values: xr.DataArray, factor: float = 2.0, progress=None) -> xr.Dataset:
    """A function of this module, whose results the tests keep."""
    CALLS.append(factor)
    return xr.Dataset({"doubled": factor * values})


def test_a_result_is_computed_once_for_its_arguments_and_others_stay_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.store.results.code_digest", lambda module: module)
    CALLS.clear()
    one, other = xr.DataArray([1.0, 2.0], dims="x"), xr.DataArray([1.0, 3.0], dims="x")
    for values, factor in ((one, 2.0), (other, 2.0), (one, 3.0), (one, 2.0), (one, 3.0)):
        found = results.result(doubled, tmp_path, values=values, factor=factor, progress=print)
        xr.testing.assert_equal(found["doubled"], factor * values)
    assert len(CALLS) == 3 and len(list(tmp_path.glob("doubled-*.nc"))) == 3
    assert results.is_kept(doubled, tmp_path, values=one) and not results.is_kept(
        doubled, tmp_path, values=one, factor=9.0
    )


def test_a_damaged_result_is_computed_again_and_reported(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("helpers.store.results.code_digest", lambda module: module)
    CALLS.clear()
    values = xr.DataArray([1.0, 2.0], dims="x")
    results.result(doubled, tmp_path, values=values)
    (path,) = tmp_path.glob("doubled-*.nc")
    path.write_bytes(path.read_bytes()[:200])
    assert results.result(doubled, tmp_path, values=values)["doubled"].values.tolist() == [2, 4]
    assert len(CALLS) == 2 and "damaged" in capsys.readouterr().out


def test_comments_and_docstrings_are_no_code_and_everything_else_is():
    source = 'def f(x):\n    """Return."""\n    return x + 1  # why\n'
    same = ["def f(x):\n    return x + 1\n", '# a\n\ndef f(x):\n    """Other."""\n\n    return (x + 1)\n']
    other = ["def f(x):\n    return x + 2\n", "def g(x):\n    return x + 1\n", 'def f(x):\n    "a"\n    return "a"\n']
    assert {code.source_digest(variant) for variant in same} == {code.source_digest(source)}
    assert len({code.source_digest(variant) for variant in [source, *other]}) == 4
    assert code.source_digest(source, "a: b") != code.source_digest(source, "a: c")


def test_imports_are_found_wherever_they_stand():
    source = (
        "import helpers.names\nfrom helpers.encoding import ridge, METRICS\ndef f():\n    from helpers import stats\n"
    )
    found = code.imported(source)
    assert found == {"helpers.names", "helpers.encoding.ridge", "helpers.encoding", "helpers.stats"}
    relative = code.imported("from . import ridge\nfrom .splits import make\n", "helpers.encoding.score")
    assert relative == {"helpers.encoding.ridge", "helpers.encoding.splits"}


def test_scores_depend_on_the_whole_encoding_core_and_on_nothing_above_it():
    found = code.closure("helpers.encoding.score")
    assert {"helpers.encoding.ridge", "helpers.encoding.metrics", "helpers.encoding.noise", "helpers.names"} <= found
    packages = {name.split(".")[1] for name in found}
    assert packages <= {"encoding", "stats", "names"}


PROGRAM = """
import os, sys, traceback
import jupytext, nbconvert, pandas, papermill, plotly.graph_objects, sklearn.linear_model, torch, xarray
sys.path.insert(0, sys.argv[1])

def say_digests():
    from helpers import encoding, models
    from helpers.chapters import registry
    from helpers.models.encodecmae.training import train
    from helpers.models.encodecmae import mini
    from helpers.report.build import code_of
    from helpers.store.code import code_digest
    import helpers
    assert helpers.__file__.startswith(sys.argv[1])
    print("score", code_digest(encoding.score.__module__))
    print("permutation", code_digest(encoding.permutation_test.__module__))
    print("hear", code_digest(models.hear.__module__), code_digest(mini.__name__))
    print("train", code_digest(train.__module__))
    for name in registry.chapters():
        print(name, code_of(name))

for _ in sys.stdin:
    if not os.fork():
        try:
            say_digests()
        except BaseException:
            traceback.print_exc()
        print("over", flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.fixture
def copy(tmp_path):
    """A copy of the project's sources and a function that returns the digests of all that is kept of it.

    Each time a process says them that has imported nothing of the project before, but all that the project imports.
    """
    shutil.copytree(SOURCE, tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "src")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    with subprocess.Popen(command, cwd=tmp_path, **pipes) as process:

        def digests() -> dict[str, str]:
            process.stdin.write("\n")
            said = list(takewhile(lambda line: line != "over\n", process.stdout))
            assert said, "nothing was said; why is on the standard error"
            return dict(line.rstrip("\n").split(" ", 1) for line in said)

        yield tmp_path, digests
        process.stdin.close()


def appended(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_a_change_reaches_what_depends_on_it_and_nothing_else(copy):
    """Words, hover texts, comments, batch and report leave scores alone; chapters follow what they show."""
    folder, digests = copy
    package, before = folder / "src" / "helpers", digests()
    chapters = {name for name in before if name[0].isdigit()}

    def changed() -> set[str]:
        nonlocal before
        after = digests()
        found = {name for name in after if after[name] != before[name]}
        before = after
        return found

    for path in [*(package / "batch").glob("*.py"), *(package / "report").glob("*.py")]:
        appended(path, "\nCHANGED = True\n")
    assert changed() == set(), "no chapter shows the batch or the export"
    for name in ("encoding/score.py", "chapters/voxelwise/analysis.py", "models/encodecmae/mini.py", "study/study.py"):
        appended(package / name, "\n# a comment\n")
    assert changed() == set(), "a comment changes nothing"
    for language in ("en", "es"):
        path = package / "chapters" / "components" / f"{language}.yml"
        path.write_text(path.read_text().replace("say:", "say:\n  more: another sentence", 1))
    assert changed() == {"03_components"}, "a chapter's words are its own"
    path = package / "chapters" / "voxelwise" / "figures" / "curves.py"
    path.write_text(path.read_text().replace('"title": "', '"title": "Really: ', 1))
    assert changed() == {"02_voxelwise"}, "so are the words of its figures"
    appended(package / "encoding" / "lasso.py", "\nCHANGED = True\n")
    assert changed() == {"score", "permutation"} | chapters, "scores depend on the encoding core, chapters on scores"
    appended(package / "models" / "encodecmae" / "extraction.py", "\nCHANGED = True\n")
    found = changed()
    assert "hear" in found and "train" not in found, "extraction is no part of training"
    assert found == {"hear", "05_cka_residual", "07_claims", "08_reproduction", "13_robustness", "15_summary"}, (
        "other chapters depend on it by the checkpoint's own key"
    )
    appended(package / "models" / "encodecmae" / "pretraining.py", "\nCHANGED = True\n")
    assert "train" in changed()
    appended(package / "chapters" / "claims" / "evidence.py", "\nCHANGED = True\n")
    assert changed() == {"07_claims", "13_robustness", "15_summary"}, "these show the verdicts, too"


def test_results_unused_for_long_make_room(tmp_path, monkeypatch):
    import os
    import time

    monkeypatch.setattr("helpers.store.results.code_digest", lambda module: module)
    one = xr.DataArray([1.0], dims="x")
    results.result(doubled, tmp_path, values=one)
    (old,) = tmp_path.glob("doubled-*.nc")
    long_ago = time.time() - 40 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    results.result(doubled, tmp_path, values=one)  # reading it is using it
    results.result(doubled, tmp_path, values=one + 1)
    assert old.exists()
    os.utime(old, (long_ago, long_ago))
    results.result(doubled, tmp_path, values=one + 2)
    assert not old.exists() and len(list(tmp_path.glob("doubled-*.nc"))) == 2
