"""What ridge, lasso, permutations and hearing cost, beside other packages in one run on one thread; see `bench.py`.

One split of the published procedure: 83 train and 82 test sounds, 768 units, 7,694 voxels, fits of three repetitions
and of their mean, 100 alphas, predictions of the test sounds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import warnings
from pathlib import Path
from statistics import median

import numpy as np
import torch
import xarray as xr

from conftest import SHARED
from helpers.encoding import kfold, permutation_test, splits
from helpers.encoding.lasso import MultiTaskLasso, SingleTaskLasso
from helpers.encoding.ridge import ALPHAS, RidgeLOO, blocks
from helpers.encoding.score import score as score_layers

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


def components() -> tuple[np.ndarray, np.ndarray]:
    """Return real units and components where the reference files are at hand, else the study above with six targets."""
    if (SHARED / "golden").exists():
        units, responses = np.load(SHARED / "golden/regression/features.npz"), "golden/regression/common.npz"
        return units["rand768"], np.load(SHARED / responses)["components"]
    x, y = study(6)
    return x, y.mean(-1)


def lassos() -> dict[str, float]:
    """Median seconds of each lasso with its search over 60 alphas beside scikit-learn's, one split of each a round."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LassoCV, MultiTaskLassoCV
    from sklearn.model_selection import KFold

    x, y = components()
    how = {"alphas": kfold.ALPHAS, "cv": KFold(5)}
    warnings.simplefilter("ignore", ConvergenceWarning)  # of scikit-learn, at alphas too small to matter
    times = {name: [] for name in ("multi_task", "sklearn_multi_task", "single_task", "sklearn_single_task")}
    agree = {"multi_task": [], "single_task": []}
    for split in splits.permuted([f"{index}" for index in range(len(x))]):
        train = splits.rows(split, splits.TRAIN)
        x_train, y_train = x[train] - x[train].mean(0), y[train] - y[train].mean(0)
        one, each = MultiTaskLassoCV(**how), [LassoCV(**how) for _ in y.T]
        times["sklearn_multi_task"].append(seconds(one.fit, x_train, y_train))
        times["sklearn_single_task"].append(
            sum(seconds(each[i].fit, x_train, y_train[:, i]) for i in range(y.shape[1]))
        )
        for name, kind, chosen in (
            ("multi_task", MultiTaskLasso, [one.alpha_] * y.shape[1]),
            ("single_task", SingleTaskLasso, [own.alpha_ for own in each]),
        ):
            ours = kind(x_train, x_train)
            times[name].append(seconds(ours.fit, y_train))
            agree[name] += (ours.fit(y_train).alpha.numpy() == chosen).tolist()
    found = {f"{name}_s": median(values) for name, values in times.items()}
    ratios = {f"{name}_x": found[f"sklearn_{name}_s"] / found[f"{name}_s"] for name in agree}
    return found | ratios | {f"{name}_same_alpha": float(np.mean(values)) for name, values in agree.items()}


def permutations(n_permutations: int = 20) -> float:
    """Return seconds of a permutation test of 7,694 voxels, 10 layers, 1,000 permutations.

    From a test of one layer with fewer, and from one with twice as many: what precedes them is counted once.
    """
    x, y = study()
    features, responses, order = labelled(x, y, 1, 10)
    scores = score_layers(features, responses, order)
    few, twice = (
        seconds(lambda n=n: permutation_test(features, responses, order, scores, seed=0, n_permutations=n))
        for n in (n_permutations, 2 * n_permutations)
    )
    return 10 * (few + (twice - few) * (1000 / n_permutations - 1))


def seconds(run, *arguments) -> float:
    start = time.perf_counter()
    run(*arguments)
    return time.perf_counter() - start


def side_by_side() -> dict[str, float]:
    """Median seconds of every contender over RUNS rounds, each round running all of them in turn."""
    x, y = study()
    contenders = {
        "ours": ours,
        "products": products,
        "sklearn": sklearn_multi,
        "himalaya_loo": himalaya(N_TRAIN),
        "himalaya_5fold": himalaya(5),
        "sklearn_loop": sklearn_loop,
    }
    times = {name: [] for name in contenders}
    for _ in range(RUNS):
        for name, run in contenders.items():
            times[name].append(seconds(run, x, y) * (N_VOXELS / LOOP_SAMPLE if run is sklearn_loop else 1))
    return {name: median(values) for name, values in times.items()}


def alone(part: str, *numbers: int) -> dict[str, float]:
    """What one of PARTS measures in a process of its own, so that its memory is its own."""
    command = [sys.executable, __file__, part, *map(str, numbers)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def score(n_voxels: int, n_layers: int, n_splits: int, threads: int) -> dict[str, float]:
    torch.set_num_threads(threads)
    x, y = study(n_voxels)
    spent = seconds(score_layers, *labelled(x, y, n_layers, n_splits))
    return {"seconds": spent, "peak_mb": peak_mb(), "of_it_responses_mb": y.nbytes / 2**20}


def labelled(x: np.ndarray, y: np.ndarray, n_layers: int, n_splits: int) -> tuple[list, xr.DataArray, xr.DataArray]:
    """Return features (the same in each layer), responses and splits as `score` takes them."""
    sounds, layers = [f"s{index}" for index in range(len(x))], range(1, n_layers + 1)
    features = [xr.DataArray(x, {"sound": sounds, "layer": layer}, ("sound", "unit")) for layer in layers]
    responses = xr.DataArray(y, {"sound": sounds}, ("sound", "target", "repetition")[: y.ndim])
    return features, responses.assign_coords(target=np.arange(y.shape[1])), splits.published(sounds, n_splits)


def lasso_of_a_model(n_layers: int, n_splits: int) -> dict[str, float]:
    """Seconds of both lassos on `n_layers` x `n_splits` of one model of 768 units and six components, one thread."""
    torch.set_num_threads(1)
    x, y = components()
    features, responses, _ = labelled(x, y, n_layers, n_splits)
    order = splits.permuted(responses["sound"].values.tolist(), n_splits)
    kinds = ("multi_task_lasso", "single_task_lasso")
    return {kind: seconds(lambda kind=kind: score_layers(features, responses, order, estimator=kind)) for kind in kinds}


def frames(threads: int) -> dict[str, float]:
    """Activations of 165 two-second sounds from both branches of a base-size network with random weights; their CKA."""
    from helpers.chapters.cka_residual import cka_of_frames
    from helpers.models import Checkpoint
    from helpers.models.encodecmae import extraction
    from helpers.models.encodecmae.network import Network, Sizes
    from helpers.stimuli import sounds

    class Base(extraction.EncodecMAEModel):
        shape = Sizes(width=768, heads=12, encoder_layers=10, decoder_layers=2, feed_forward=3072)

        def trained(self, step: int) -> Network:  # noqa: ARG002  (its signature)
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
        activations = median(seconds(lambda: [batch.sizes for batch in model.frames(0)]) for _ in range(3))
        alone_ = median(seconds(network_products, Base.shape, len(waves), 149) for _ in range(3))
        both = seconds(cka_of_frames, Checkpoint(model, 0))
    found = {"activations_s": activations, "products_s": alone_, "over_products": activations / alone_ - 1}
    return {f"hearing_{name}": value for name, value in found.items()} | {"hearing_and_cka_s": both}


def network_products(sizes, n_sounds: int, n_frames: int, batch: int = 8) -> None:
    """The matrix products of both towers and nothing else, for all sounds in batches."""
    n, width, units = batch * n_frames, sizes.width, sizes.width // sizes.heads
    x, hidden = torch.ones(n, width), torch.ones(n, sizes.feed_forward)
    square, wide = torch.ones(width, width), torch.ones(width, sizes.feed_forward)
    heads, weights = (
        torch.ones(batch * sizes.heads, n_frames, units),
        torch.ones(batch * sizes.heads, n_frames, n_frames),
    )
    for _ in range(round(n_sounds / batch)):
        _ = torch.ones(n, sizes.mels) @ torch.ones(sizes.mels, width), x @ square
        for _ in range(sizes.encoder_layers + sizes.decoder_layers):
            _ = [x @ square for _ in range(4)], x @ wide, hidden @ wide.T
            _ = heads @ heads.mT, weights @ heads


def peak_mb() -> float:
    """The largest resident size so far of this program itself, not of the one that started it (Linux)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def measured() -> dict[str, float]:
    """Return all numbers of this file by name."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        torch.set_num_threads(1)
        times, lasso = side_by_side(), lassos()
    ours, alone_ = times["ours"], times["products"]
    found = {f"lasso_{name}": value for name, value in lasso.items()}
    found |= {f"ridge_{name}_x": spent / ours for name, spent in times.items()}
    found |= {"ridge_s": ours, "ridge_products_share": alone_ / ours}
    one_layer = alone("lasso", 1, 10)
    found["lasso_of_a_model_s"] = 10 * sum(one_layer.values())
    found |= {f"score_{n}_voxels_s": alone("score", n, 1, 2, 1)["seconds"] for n in (1000, 10_000, 100_000)}
    found |= {f"score_{n}_layers_s": alone("score", N_VOXELS, n, 10, 1)["seconds"] for n in (1, 2)}
    found |= {f"one_model_{name}": value for name, value in alone("score", N_VOXELS, 10, 10, 2).items()}
    torch.set_num_threads(2)
    return found | {"permutations_s": permutations()} | alone("frames", 1)


PARTS = {"score": score, "lasso": lasso_of_a_model, "frames": frames}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]](*map(int, sys.argv[2:]))))
