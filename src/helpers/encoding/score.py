"""The encoding core: the only loop that fits a model's layers to responses and scores what it predicts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
import xarray as xr

from helpers.encoding.fit import Estimator, Fit
from helpers.encoding.kfold import RidgeKFold
from helpers.encoding.lasso import MultiTaskLasso, SingleTaskLasso
from helpers.encoding.metrics import METRICS, NEED_REPETITIONS, PLAIN, Prediction
from helpers.encoding.noise import by_repetitions, is_correctable, n_repetitions, reliability
from helpers.encoding.ridge import RidgeLOO, block_for, blocks
from helpers.encoding.splits import TEST, TRAIN, rows
from helpers.errors import UserError
from helpers.names import (
    LAYER,
    MODEL,
    NOTE,
    REPETITION,
    SEED,
    SOUND,
    SPLIT,
    STAGE,
    STATE,
    STEP,
    TARGET,
    UNIT,
    immaterial,
)  # fmt: skip

ESTIMATORS: dict[str, type[Estimator]] = {
    "ridge": RidgeLOO,  # an alpha for each target, closed-form leave-one-out (published: voxels and components)
    "ridge_kfold": RidgeKFold,  # one alpha for all targets, five folds (published: comparison with the lasso)
    "multi_task_lasso": MultiTaskLasso,
    "single_task_lasso": SingleTaskLasso,
}
ORIGIN = (MODEL, STEP, STATE, SEED)  # coordinates of features that their scores keep
SLAB = 16384  # targets whose responses are in memory in float64 at a time

Progress = Callable[[Iterable, str, int], Iterable]


def silent(steps: Iterable, label: str, total: int) -> Iterable:  # noqa: ARG001  (the signature of Progress)
    """Return `steps` and report nothing."""
    return steps


@immaterial("device", "block", "progress")
def score(
    features: Sequence[xr.DataArray],
    responses: xr.DataArray,
    splits: xr.DataArray,
    *,
    estimator: str = "ridge",
    alphas: Sequence[float] | None = None,
    metrics: Sequence[str] | None = None,
    device: str = "cpu",
    block: int | None = None,
    progress: Progress = silent,
) -> xr.Dataset:
    """Fit every layer to every target on the train sounds of each split, and score its predictions of the test sounds.

    With repetitions the fit is on their mean; their reliability, and that of predictions from single repetitions, give
    the noise-corrected r2_corrected. Targets may lack repetitions, NaN throughout: those that have the same ones are
    fitted together, each on the mean of its own.

    Parameters
    ----------
    features : (sound, unit) for each layer, with the scalar coordinate `layer`; layers may differ in width, and those
        of ORIGIN that they have become coordinates of the scores
    responses : (sound, target[, repetition])
    splits : (split, sound) of "train", "test" and "unused", as `splits.make` gives it
    estimator : a key of ESTIMATORS
    alphas : (n_alphas,) ascending; None: those of the estimator
    metrics : keys of METRICS; None: all that these responses allow
    block : targets fitted at a time; None: default of the device

    Returns
    -------
    (layer, split, target): alpha and the metrics; of ridge loo_error, the mean squared leave-one-out error on the train
    sounds at that alpha (squared units of the responses); with repetitions reliability and reliability_prediction (NaN
    for a target with a single one); of a
    lasso active (layer, split, target, unit), n_unconverged, and worst_alpha, the largest alpha of a fit that stopped
    before its tolerance (NaN: none). The attributes lowest_alpha, highest_alpha and n_alphas describe the grid.

    Raises UserError when the three do not have the same sounds, for unknown names, for a single repetition, and for
    r2_corrected unless every target has two repetitions.
    """
    features, responses = matched(features, responses, splits)
    kind, metrics = _estimator(estimator), _metrics(metrics, responses)
    alphas = kind.ALPHAS if alphas is None else np.asarray(alphas, dtype=float)
    job = _Job(estimator, alphas, metrics, device, block)
    places, parts = zip(*by_repetitions(responses), strict=True)
    scored = [_scored(features, part, splits, job, progress) for part in parts]
    return scored[0] if len(scored) == 1 else _joined(scored, np.concatenate(places))


def _scored(features, responses: xr.DataArray, splits: xr.DataArray, job: _Job, progress: Progress) -> xr.Dataset:
    """Return what `score` does, of responses that lack no repetition."""
    kind, estimator, alphas = ESTIMATORS[job.estimator], job.estimator, job.alphas
    n_targets = responses.sizes[TARGET]
    job = replace(job, block=n_targets if kind.shares_alpha else job.block or block_for(job.device))
    slabs = [slice(0, n_targets)] if kind.shares_alpha else list(blocks(n_targets, SLAB))
    parts = _parts(features, responses, splits, slabs, job)
    n_parts = len(slabs) * splits.sizes[SPLIT] * len(features)
    origin = {name: features[0].coords[name].item() for name in ORIGIN if name in features[0].coords}
    label = " ".join([estimator, *(f"{name} {value}" for name, value in origin.items())])
    scored = list(progress(parts, f"{label}: splits x layers", n_parts))
    ends = {"lowest_alpha": float(alphas[0]), "highest_alpha": float(alphas[-1]), "n_alphas": len(alphas)}
    found = _labelled(scored, len(slabs), features, splits, responses).assign_coords(origin)
    return found.assign_attrs(ends | {"estimator": estimator})


def _joined(parts: list[xr.Dataset], places: np.ndarray) -> xr.Dataset:
    """Return the scores of some targets each as one dataset, `places` the position of each; NaN what a part lacks."""
    names = list(dict.fromkeys(name for part in parts for name in part.data_vars))
    lacking = [{name: xr.full_like(part["alpha"], np.nan) for name in names if name not in part} for part in parts]
    whole = [part.assign(more) for part, more in zip(parts, lacking, strict=True)]
    found = xr.concat(whole, TARGET, data_vars="minimal", coords="minimal", compat="override", combine_attrs="override")
    return found.isel({TARGET: np.argsort(places)})[names]


@dataclass(frozen=True)
class _Job:
    """How a layer and split is fitted and scored."""

    estimator: str
    alphas: np.ndarray
    metrics: tuple[str, ...]
    device: str
    block: int | None  # targets fitted at a time; None: default of the device


def _estimator(name: str) -> type[Estimator]:
    if name not in ESTIMATORS:
        raise UserError(f"estimator: found '{name}', expected one of: {', '.join(ESTIMATORS)}")
    return ESTIMATORS[name]


def _metrics(names: Sequence[str] | None, responses: xr.DataArray) -> tuple[str, ...]:
    correctable = is_correctable(responses)
    names = tuple(METRICS if correctable else PLAIN) if names is None else tuple(names)
    if unknown := [name for name in names if name not in METRICS]:
        raise UserError(f"metrics: found '{unknown[0]}', expected some of: {', '.join(METRICS)}")
    if not correctable and (impossible := NEED_REPETITIONS & set(names)):
        needs, n_targets = f"metrics: {', '.join(impossible)} needs repetitions", responses.sizes[TARGET]
        if REPETITION not in responses.dims:
            raise UserError(f"{needs}, and these responses have none")
        single = int((n_repetitions(responses) < 2).sum())
        raise UserError(f"{needs} of every target, and {single} of {n_targets} have one; choose another metric")
    return names


def matched(
    features: Sequence[xr.DataArray], responses: xr.DataArray, splits: xr.DataArray
) -> tuple[list[xr.DataArray], xr.DataArray]:
    """Return features and responses in the order of the splits' sounds.

    Raises UserError naming sounds that are not in all of them, and for a single repetition.
    """
    expected = splits[SOUND].values
    for what, data in (*(("activations", layer) for layer in features), ("responses", responses)):
        missing = np.setdiff1d(expected, data[SOUND].values)
        extra = np.setdiff1d(data[SOUND].values, expected)
        if len(missing) or len(extra) or len(data[SOUND]) != len(expected):
            raise UserError(
                f"{what} do not have the sounds of the splits: {len(missing)} of {len(expected)} missing "
                f"({', '.join(missing[:3]) or 'none'}), {len(extra)} unknown ({', '.join(extra[:3]) or 'none'}); "
                "compute the activations again for these sounds"
            )
    repeated = REPETITION in responses.dims
    if repeated and responses.sizes[REPETITION] < 2:
        raise UserError(
            "1 repetition found, at least 2 are needed for a noise correction; "
            f"drop the dimension '{REPETITION}' to get uncorrected scores"
        )
    order = {SOUND: expected}
    responses = responses.transpose(SOUND, TARGET, REPETITION) if repeated else responses.transpose(SOUND, TARGET)
    return [layer.transpose(SOUND, UNIT).sel(order) for layer in features], responses.sel(order)


def prepared(
    layer: xr.DataArray, split: xr.DataArray, estimator: str = "ridge", alphas=None, device: str = "cpu"
) -> tuple[np.ndarray, np.ndarray, Estimator]:
    """Return the rows that train and test in one split, and the estimator made from a layer's activations of them.

    `layer` (sound, unit) and `split` (sound,) have the same order of sounds; alphas None: those of the estimator.
    """
    kind = _estimator(estimator)
    train, test = rows(split, TRAIN), rows(split, TEST)
    alphas = kind.ALPHAS if alphas is None else alphas
    return train, test, kind(layer.values[train], layer.values[test], alphas, device)


@immaterial("device")
def predict(
    layer: xr.DataArray,
    responses: xr.DataArray,
    splits: xr.DataArray,
    *,
    estimator: str = "ridge",
    alphas: Sequence[float] | None = None,
    device: str = "cpu",
) -> xr.DataArray:
    """Return what one layer (sound, unit) predicts of the test sounds of each split (split, sound, target).

    In the units of `responses` (sound, target), NaN for sounds that do not test. Raises UserError as `score` does.
    """
    (layer,), responses = matched([layer], responses, splits)
    found = np.full((splits.sizes[SPLIT], *responses.shape), np.nan)
    for predicted, split in zip(found, splits, strict=True):
        train, test, fitting = prepared(layer, split, estimator, alphas, device)
        fit = fitting.fit(torch.as_tensor(responses.values[train]))
        predicted[test] = _array(fit.test + fit.mean)
    coords = {SPLIT: splits[SPLIT].values, SOUND: responses[SOUND].values, TARGET: responses[TARGET].values}
    return xr.DataArray(found, coords, (SPLIT, SOUND, TARGET))


def _parts(features, responses, splits, slabs, job: _Job) -> Iterator[dict[str, np.ndarray]]:
    """Return scores slab by slab of targets, then by split and layer, so that the data are held only once."""
    for slab in slabs:
        measured = Measured.of(responses.isel({TARGET: slab}), job.device)
        for split in splits:
            halves = measured.rows(rows(split, TRAIN)), measured.rows(rows(split, TEST))
            for layer in features:
                *_, fitting = prepared(layer, split, job.estimator, job.alphas, job.device)
                yield _score_split(fitting, *halves, job)


@dataclass(frozen=True)
class Measured:
    """Responses as tensors: their mean over repetitions (n_sounds, n_targets) and each repetition, if there are any."""

    mean: torch.Tensor
    repetitions: list[torch.Tensor]

    @classmethod
    def of(cls, responses: xr.DataArray, device: str) -> Measured:
        y = torch.as_tensor(responses.values).to(device, torch.float64)
        if REPETITION not in responses.dims:
            return cls(y, [])
        return cls(y.mean(-1), [part.contiguous() for part in y.unbind(-1)])

    def rows(self, chosen: np.ndarray) -> Measured:
        return Measured(self.mean[chosen], [part[chosen] for part in self.repetitions])

    def columns(self, targets: slice) -> Measured:
        return Measured(self.mean[:, targets], [part[:, targets] for part in self.repetitions])

    @cached_property
    def reliability(self) -> torch.Tensor:
        """Reliability of the data (n_targets), the same for all layers."""
        return reliability(self.repetitions, ignore_nan=False)


def _score_split(estimator: Estimator, train: Measured, test: Measured, job: _Job) -> dict[str, np.ndarray]:
    """Return scores by name, (n_targets) or less, of one layer on one split."""
    n_targets = train.mean.shape[1]
    reliable = train.reliability if train.repetitions else None
    parts = _in_blocks(lambda some: _score(estimator, train, test, reliable, some, job), n_targets, job.block)
    return {name: np.concatenate([part[name] for part in parts], -1) for name in parts[0]}


def _in_blocks(score: Callable[[slice], dict], n_targets: int, size: int) -> list[dict]:
    """Return `score` of all blocks of targets; on out-of-memory, halve the block size and report it."""
    while True:
        try:
            return [score(some) for some in blocks(n_targets, size)]
        except (MemoryError, RuntimeError) as error:  # torch raises RuntimeErrors, CUDA's own among them
            if not _is_memory(error):
                raise
            if size == 1:
                raise UserError(
                    f"not enough memory for a single target ({error}); free some, or use fewer units"
                ) from None
        size = size // 2
        print(f"not enough memory for {2 * size} targets at a time; retrying with {size}", file=sys.stderr)


def _is_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _score(estimator, train: Measured, test: Measured, reliable, some: slice, job: _Job) -> dict[str, np.ndarray]:
    """Return scores of some targets, and what the fit reports; dimensions other than targets come first."""
    train, test = train.columns(some), test.columns(some)
    fit, of_prediction = _fitted(estimator, train)
    own = None if reliable is None else reliable[some]
    prediction = Prediction(fit.test, fit.train, fit.mean, test.mean, train.mean, _cpu(own), _cpu(of_prediction))
    found = {"alpha": _array(fit.alpha)}
    if hasattr(fit, "loo_error"):
        found["loo_error"] = _array(fit.loo_error)
    found |= {name: _array(METRICS[name](prediction)) for name in job.metrics}
    if own is not None:
        found |= {"reliability_prediction": _array(of_prediction), "reliability": _array(own)}
    if estimator.selects:
        found["active"] = fit.active
        n_targets = len(found["alpha"])
        found["n_unconverged"] = np.full(n_targets, len(fit.unconverged))
        found["worst_alpha"] = np.full(n_targets, max(fit.unconverged, default=np.nan))
    return found


def _fitted(estimator: Estimator, train: Measured) -> tuple[Fit, torch.Tensor | None]:
    """Return the fit of the mean response, and the reliability of predictions from single repetitions."""
    if not train.repetitions:
        return estimator.fit(train.mean), None
    if hasattr(estimator, "fit_repetitions"):
        mean, singles = estimator.fit_repetitions(train.repetitions)
    else:
        mean, singles = estimator.fit(train.mean), [estimator.fit(single) for single in train.repetitions]
    return mean, reliability([single.test for single in singles], ignore_nan=True)


def _cpu(values: torch.Tensor | None) -> torch.Tensor | None:
    return None if values is None else values.cpu()


def _array(values: torch.Tensor) -> np.ndarray:
    return torch.as_tensor(values).cpu().numpy()


def _labelled(
    scored: list[dict], n_slabs: int, features: list[xr.DataArray], splits: xr.DataArray, responses: xr.DataArray
) -> xr.Dataset:
    """Return one dataset from scores in the order slab, split, layer."""
    n_splits, n_layers = splits.sizes[SPLIT], len(features)
    n_units = max(layer.sizes[UNIT] for layer in features)
    dims = (SPLIT, LAYER, TARGET)
    arrays = {}
    for name in scored[0]:
        one = [_widened(part[name], n_units) if name == "active" else part[name] for part in scored]
        slabs = [np.stack(one[i * n_splits * n_layers : (i + 1) * n_splits * n_layers]) for i in range(n_slabs)]
        whole = np.concatenate(slabs, -1)
        whole = whole.reshape(n_splits, n_layers, *whole.shape[1:])
        arrays[name] = ((SPLIT, LAYER, UNIT, TARGET) if name == "active" else dims, whole)
    coords = {LAYER: [int(layer[LAYER]) for layer in features]}
    for name in (STAGE, NOTE):
        coords[name] = (LAYER, [str(layer.coords[name].values) if name in layer.coords else "" for layer in features])
    coords["n_units"] = (LAYER, [layer.sizes[UNIT] for layer in features])
    of_targets = responses[TARGET].coords.items()
    own = {name: (coord.dims, coord.values) for name, coord in of_targets if name not in arrays}
    whole = xr.Dataset(arrays, coords | {SPLIT: splits[SPLIT].values}).assign_coords(own)
    whole = whole.assign_coords({UNIT: np.arange(n_units)}) if "active" in whole else whole
    return whole.transpose(LAYER, SPLIT, TARGET, ...)


def _widened(active: np.ndarray, n_units: int) -> np.ndarray:
    """Return `active` (own units, targets) padded to the widest layer's units, which it does not use."""
    return np.pad(active, ((0, n_units - len(active)), (0, 0)))
