"""What ridge and lasso cost, side by side in one run on one thread; `make bench` writes outputs/bench.json.

One split of the published procedure: 83 train and 82 test sounds, 768 units, 7,694 voxels, fits of three repetitions
and of their mean, 100 alphas, predictions of the test sounds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
import xarray as xr

from conftest import ROOT, SHARED
from helpers.encoding import kfold, splits
from helpers.encoding.lasso import MultiTaskLasso
from helpers.encoding.ridge import ALPHAS, RidgeLOO, blocks
from helpers.encoding.score import score as score_layers
from helpers.store.files import write_text

N_TRAIN, N_TEST, N_UNITS, N_VOXELS, N_REPETITIONS = 83, 82, 768, 7694, 3
RUNS = 5
LOOP_SAMPLE = 24  # voxels that the per-voxel loop is timed on; the rest is extrapolated


def study(n_voxels: int = N_VOXELS, n_sounds: int = N_TRAIN + N_TEST) -> tuple[np.ndarray, np.ndarray]:
    """Features (n_sounds, n_units) with a falling spectrum, responses (n_sounds, n_voxels, n_repetitions)."""
    generator = np.random.default_rng(0)
    mixing = generator.standard_normal((n_sounds, N_UNITS)) * np.logspace(0, -3, n_sounds)[:, None]
    x = np.tanh(np.linalg.qr(generator.standard_normal((n_sounds, n_sounds)))[0] @ mixing * 10)
    signal = x @ generator.standard_normal((N_UNITS, n_voxels)) / np.sqrt(N_UNITS)
    return x, signal[..., None] + generator.standard_normal((n_sounds, n_voxels, N_REPETITIONS))


def four(y: np.ndarray) -> list[np.ndarray]:
    """The mean of the repetitions and each of them."""
    return [y.mean(-1), *np.moveaxis(y, -1, 0)]


def ours(x: np.ndarray, y: np.ndarray) -> None:
    ridge = RidgeLOO(x[:N_TRAIN], x[N_TRAIN:])
    repetitions = [torch.as_tensor(part.copy()) for part in np.moveaxis(y[:N_TRAIN], -1, 0)]
    for some in blocks(y.shape[1]):
        mean, singles = ridge.fit_repetitions([part[:, some] for part in repetitions])
        _ = [fit.test for fit in (mean, *singles)]


def products(x: np.ndarray, y: np.ndarray) -> None:
    """The matrix products that `ours` cannot do without, in its block size and nothing else."""
    ridge = RidgeLOO(x[:N_TRAIN], x[N_TRAIN:])
    rank = ridge.left.shape[1]
    for some in blocks(y.shape[1]):
        size = some.stop - some.start
        rows, coordinates = torch.ones(size, N_TRAIN).double(), torch.ones(size, rank).double()
        for _ in range(N_REPETITIONS):
            _ = rows @ ridge.residual_maker, rows @ ridge.left
        for _ in range(N_REPETITIONS + 1):
            _ = coordinates @ ridge.test.T


# The contenders are imported where they run, so that the memory measured of this code is its own.


def sklearn_multi(x: np.ndarray, y: np.ndarray) -> None:
    from sklearn.linear_model import RidgeCV

    for part in four(y):
        RidgeCV(ALPHAS, alpha_per_target=True).fit(x[:N_TRAIN], part[:N_TRAIN]).predict(x[N_TRAIN:])


def sklearn_loop(x: np.ndarray, y: np.ndarray) -> None:
    from sklearn.linear_model import RidgeCV

    for part in four(y[:, :LOOP_SAMPLE]):
        for voxel in part.T:
            RidgeCV(ALPHAS).fit(x[:N_TRAIN], voxel[:N_TRAIN]).predict(x[N_TRAIN:])


def himalaya(folds: int):
    from himalaya.kernel_ridge import KernelRidgeCV
    from sklearn.model_selection import KFold

    def run(x: np.ndarray, y: np.ndarray) -> None:
        for part in four(y):
            model = KernelRidgeCV(ALPHAS, cv=KFold(folds), fit_intercept=True, warn=False)
            model.fit(x[:N_TRAIN], part[:N_TRAIN])
            model.predict(x[N_TRAIN:])

    return run


def lassos() -> dict[str, float]:
    """Median seconds of a multi-task lasso with its search over 60 alphas, and whether both chose the same ones.

    Real components where the reference files are at hand, else the study above; one split of each per round.
    """
    from sklearn.linear_model import MultiTaskLassoCV
    from sklearn.model_selection import KFold

    x, y = study(6)
    if (SHARED / "golden").exists():
        x = np.load(SHARED / "golden/regression/features.npz")["rand768"]
        y = np.load(SHARED / "golden/regression/common.npz")["components"][..., None]
    y, times, agree = y.mean(-1), {"this code": [], "scikit-learn MultiTaskLassoCV": []}, []
    for split in splits.permuted([f"{index}" for index in range(len(x))]):
        train = splits.rows(split, splits.TRAIN)
        whole = (x[train] - x[train].mean(0), y[train] - y[train].mean(0))
        oracle = MultiTaskLassoCV(alphas=kfold.ALPHAS, cv=KFold(5))
        times["scikit-learn MultiTaskLassoCV"].append(seconds(oracle.fit, *whole))
        ours = MultiTaskLasso(whole[0], whole[0], tolerance=1e-4)
        times["this code"].append(seconds(ours.fit, whole[1]))
        agree.append(ours.fit(whole[1]).alpha[0] == oracle.alpha_)
    return {name: median(values) for name, values in times.items()} | {
        "same alpha, share of splits": float(np.mean(agree))
    }


def seconds(run, *arguments) -> float:
    start = time.perf_counter()
    run(*arguments)
    return time.perf_counter() - start


def side_by_side() -> dict[str, float]:
    """Median seconds of every contender over RUNS rounds, each round running all of them in turn."""
    x, y = study()
    contenders = {
        "this code": ours,
        "its matrix products alone": products,
        "scikit-learn RidgeCV, all voxels at once": sklearn_multi,
        "himalaya KernelRidgeCV, leave-one-out": himalaya(N_TRAIN),
        "himalaya KernelRidgeCV, 5-fold": himalaya(5),
        "scikit-learn RidgeCV, voxel by voxel (extrapolated)": sklearn_loop,
    }
    times = {name: [] for name in contenders}
    for _ in range(RUNS):
        for name, run in contenders.items():
            times[name].append(seconds(run, x, y) * (N_VOXELS / LOOP_SAMPLE if run is sklearn_loop else 1))
    return {name: median(values) for name, values in times.items()}


def alone(*numbers: int) -> dict[str, float]:
    """Seconds and peak memory of `score` (four numbers) or `frames` (one) in a process of its own."""
    command = [sys.executable, __file__, *map(str, numbers)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def score(n_voxels: int, n_layers: int, n_splits: int, threads: int) -> dict[str, float]:
    torch.set_num_threads(threads)
    x, y = study(n_voxels)
    sounds = [f"s{index}" for index in range(len(x))]
    layers = range(1, n_layers + 1)
    features = [xr.DataArray(x, {"sound": sounds, "layer": layer}, ("sound", "unit")) for layer in layers]
    responses = xr.DataArray(y, dims=("sound", "target", "repetition"), coords={"sound": sounds})
    responses = responses.assign_coords(target=np.arange(n_voxels))
    spent = seconds(score_layers, features, responses, splits.published(sounds, n_splits))
    return {"seconds": spent, "peak_mb": peak_mb(), "of_it_responses_mb": y.nbytes / 2**20}


def frames(threads: int) -> dict[str, float]:
    """Activations of 165 two-second sounds from both branches of a base-size network with random weights; their CKA."""
    from helpers.chapters.cka_residual import cka_of_frames
    from helpers.models import Checkpoint
    from helpers.models.encodecmae import extraction
    from helpers.models.encodecmae.network import Network, Sizes
    from helpers.stimuli import sounds

    class Base(extraction.EncodecMAEModel):
        shape = Sizes(width=768, heads=12, encoder_layers=10, decoder_layers=2, feed_forward=3072)

        def network(self, step: int) -> Network:  # noqa: ARG002  (its signature)
            return Network(self.shape)

        def identity(self, step: int) -> dict:  # noqa: ARG002
            return {}

        def missing(self, step: int) -> str:  # noqa: ARG002
            return ""

    torch.set_num_threads(threads)
    random = np.random.default_rng(0)
    waves = {f"s{i}": 0.1 * random.standard_normal(48_000).astype(np.float32) for i in range(N_TRAIN + N_TEST)}
    waveforms = sounds.labelled(waves, dict.fromkeys(waves, "Music"))
    model = Base("base", extraction.Settings(), waveforms, [0], "cpu", 8)
    with torch.inference_mode():
        activations = seconds(lambda: [batch.sizes for batch in model.frames(0)])
        both = seconds(cka_of_frames, Checkpoint(model, 0))
    return {"activations_s": activations, "activations_and_cka_s": both, "peak_mb": peak_mb(), "threads": threads}


def peak_mb() -> float:
    """The largest resident size so far of this program itself, not of the one that started it (Linux)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        torch.set_num_threads(1)
        times, lasso = side_by_side(), lassos()
    fastest = times["this code"]
    print(f"one split, {N_VOXELS} voxels, {N_REPETITIONS + 1} fits, {len(ALPHAS)} alphas, one thread, median of {RUNS}")
    for name, spent in times.items():
        print(f"  {spent:10.3f} s  {spent / fastest:8.1f} x  {name}")
    print(f"multi-task lasso, {N_UNITS} units, 6 components, {len(kfold.ALPHAS)} alphas, 5 folds, median of 10 splits")
    print("  " + ", ".join(f"{name} {value:.3f}" for name, value in lasso.items()))
    sizes = [(n, 1, 2, 1) for n in (1000, 10_000, 100_000)] + [(N_VOXELS, 1, 10, 1), (N_VOXELS, 10, 10, 2)]
    growth = [dict(zip(("voxels", "layers", "splits", "threads"), size, strict=True)) | alone(*size) for size in sizes]
    for row in growth:
        print("  " + ", ".join(f"{key} {value:.4g}" for key, value in row.items()))
    report = {
        "one_split_s": times,
        "ratio": {name: spent / fastest for name, spent in times.items()},
        "growth": growth,
        "lasso": lasso,
    }
    write_text(ROOT / "outputs" / "bench.json", json.dumps(report, indent=1))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        numbers = [int(word) for word in sys.argv[1:]]
        print(json.dumps(score(*numbers) if len(numbers) > 1 else frames(*numbers)))
    else:
        main()
