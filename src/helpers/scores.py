"""How well predicted responses fit measured ones: r², reliability, noise-corrected r², all labelled.

Metrics carry their definition:
- `r2_pearson`: squared Pearson correlation of prediction and data, negative correlations and constant predictions 0;
- `r2_determination`: 1 - residual / total sum of squares around the test mean (sklearn's r2_score), can be negative;
- `r2_corrected`: r2_pearson / (reliability of the data * reliability of the prediction), not clipped.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import torch
import xarray as xr

from helpers.names import LAYER, REPETITION, SOUND, SPLIT, TARGET, UNIT, UserError
from helpers.regression import ALPHAS, RidgeLOO, block_for, blocks

# Critical r at one-tailed p < .05 for 83 and 82 sounds: reliabilities below these are raised to them, as published
FLOOR_DATA, FLOOR_PREDICTION = 0.182, 0.183
CONSTANT = 1e-13  # a prediction whose deviation is below this share of its mean is constant up to rounding

SLAB = 16384  # targets whose responses are held in float64 at a time

Progress = Callable[[Iterable, str, int], Iterable]


def pearson(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Pearson correlation over sounds: a and b (n_sounds, n_targets) -> (n_targets); NaN where one is constant."""
    a, b = _standardised(a), _standardised(b)
    return (a * b).sum(0)


def _standardised(values: torch.Tensor) -> torch.Tensor:
    mean = values.mean(0)
    deviation = values - mean
    norm = torch.linalg.vector_norm(deviation, dim=0)
    constant = norm <= CONSTANT * mean.abs()
    return deviation / torch.where(constant, torch.nan, norm)


def r2_determination(prediction: torch.Tensor, data: torch.Tensor) -> torch.Tensor:
    """1 - sum (y - p)² / sum (y - mean y)² over sounds: (n_sounds, n_targets) -> (n_targets)."""
    residual = (data - prediction).square().sum(0)
    return 1 - residual / (data - data.mean(0)).square().sum(0)


def spearman_brown(r: torch.Tensor, n_repetitions: int) -> torch.Tensor:
    """Reliability of the mean of m repetitions from that of one, m r / (1 + (m - 1) r) (Spearman 1910, Brown 1910)."""
    return n_repetitions * r / (1 + (n_repetitions - 1) * r)


def pair_correlations(repetitions: list[torch.Tensor]) -> torch.Tensor:
    """Correlations (n_pairs, n_targets) between all pairs of repetitions, each (n_sounds, n_targets)."""
    order = sorted(combinations(range(len(repetitions)), 2), key=lambda pair: (pair[1] - pair[0], pair))
    return torch.stack([pearson(repetitions[i], repetitions[j]) for i, j in order])


def reliability(repetitions: list[torch.Tensor], floor: float, ignore_nan: bool) -> torch.Tensor:
    """Spearman-Brown corrected median pair correlation (n_targets), at least `floor`, which also stands for NaN.

    Not bounded above: a median below -1/(m - 1) makes the formula positive again, as in the published code.
    """
    pairs = pair_correlations(repetitions).cpu().numpy()
    median = _median_ignoring_nan(pairs) if ignore_nan else np.median(pairs, axis=0)
    corrected = spearman_brown(torch.as_tensor(median), len(repetitions))
    return torch.nan_to_num(corrected, nan=floor).clamp(min=floor)


def _median_ignoring_nan(pairs: np.ndarray) -> np.ndarray:
    empty = np.isnan(pairs).all(0)
    return np.where(empty, np.nan, np.nanmedian(np.where(empty, 0, pairs), axis=0))


def score_layers(
    features: xr.DataArray,
    responses: xr.DataArray,
    train: xr.DataArray,
    *,
    alphas: np.ndarray = ALPHAS,
    device: str = "cpu",
    block: int | None = None,
    progress: Progress = lambda steps, label, total: steps,
) -> xr.Dataset:
    """Ridge scores (layer, split, target): `features` (layer, sound, unit), `responses` (sound, target[, repetition]).

    `train` (split, sound) is True for train sounds; `block` targets are fitted at a time, by default as many as the
    device likes. With repetitions the fit is on their mean, and r2_corrected is added. Raises UserError when the three
    do not have the same sounds, or when only one repetition is given.
    """
    features, responses = matched(features, responses, train)
    slabs = list(blocks(responses.sizes[TARGET], SLAB))
    parts = _parts(features, responses, train, slabs, alphas, device, block or block_for(device))
    n_parts = len(slabs) * train.sizes[SPLIT] * features.sizes[LAYER]
    scored = list(progress(parts, "ridge: splits x layers", n_parts))
    return _stacked(scored, len(slabs), features[LAYER], train[SPLIT], responses[TARGET])


def _parts(features, responses, train, slabs, alphas, device, block) -> Iterator[dict[str, np.ndarray]]:
    """Scores of one slab of targets, split and layer after the other, so that only one copy of the data is held."""
    for slab in slabs:
        measured = Measured.of(responses.isel({TARGET: slab}), device)
        for mask in train.values:
            halves = measured.rows(mask), measured.rows(~mask)
            for x in features.values:
                yield score_split(x, mask, halves, alphas, block)


def matched(features: xr.DataArray, responses: xr.DataArray, train: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Features and responses in the order of the splits' sounds; raises UserError naming sounds that are not in all."""
    expected = train[SOUND].values
    for name, data in (("activations", features), ("responses", responses)):
        missing = np.setdiff1d(expected, data[SOUND].values)
        extra = np.setdiff1d(data[SOUND].values, expected)
        if len(missing) or len(extra) or len(data[SOUND]) != len(expected):
            raise UserError(
                f"{name} do not have the sounds of the splits: {len(missing)} of {len(expected)} missing "
                f"({', '.join(missing[:3]) or 'none'}), {len(extra)} unknown ({', '.join(extra[:3]) or 'none'}); "
                "extract the activations again for these sounds (notebooks/01_extract.py)"
            )
    if REPETITION in responses.dims:
        if responses.sizes[REPETITION] < 2:
            raise UserError(
                "1 repetition found, at least 2 are needed for a noise correction; "
                f"drop the dimension '{REPETITION}' to get uncorrected scores"
            )
        responses = responses.transpose(SOUND, TARGET, REPETITION)
    else:
        responses = responses.transpose(SOUND, TARGET)
    order = {SOUND: expected}
    return features.transpose(LAYER, SOUND, UNIT).sel(order), responses.sel(order)


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

    def rows(self, mask: np.ndarray) -> Measured:
        return Measured(self.mean[mask], [part[mask] for part in self.repetitions])

    def columns(self, targets: slice) -> Measured:
        return Measured(self.mean[:, targets], [part[:, targets] for part in self.repetitions])

    @cached_property
    def reliability(self) -> torch.Tensor:
        """Reliability of the data (n_targets), which no layer changes."""
        return reliability(self.repetitions, FLOOR_DATA, ignore_nan=False)


def score_split(
    x: np.ndarray, mask: np.ndarray, halves: tuple[Measured, Measured], alphas: np.ndarray, block: int
) -> dict[str, np.ndarray]:
    """Scores of one layer x (n_sounds, n_units) on one split: name -> (n_targets). Sounds are already matched."""
    train, test = halves
    ridge = RidgeLOO(x[mask], x[~mask], alphas, train.mean.device)
    parts = _in_blocks(lambda some: _score(ridge, train.columns(some), test.columns(some)), train.mean.shape[1], block)
    scored = {name: np.concatenate([part[name].cpu().numpy() for part in parts]) for name in parts[0]}
    if not train.repetitions:
        return scored
    of_data = train.reliability.numpy()
    corrected = scored["r2_pearson"] / (of_data * scored["reliability_prediction"])
    return scored | {"reliability": of_data, "r2_corrected": corrected}


def _in_blocks(score: Callable[[slice], dict], n_targets: int, size: int) -> list[dict]:
    """`score` of all blocks of targets; where memory does not last, in blocks half as large, which is said."""
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
        print(f"not enough memory for {2 * size} targets at a time; going on with {size}", file=sys.stderr)


def _is_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _score(ridge: RidgeLOO, train: Measured, test: Measured) -> dict[str, torch.Tensor]:
    if not train.repetitions:
        return _scores(ridge.fit(train.mean), train.mean, test.mean)
    mean, singles = ridge.fit_repetitions(train.repetitions)
    of_prediction = reliability([single.test for single in singles], FLOOR_PREDICTION, ignore_nan=True)
    return _scores(mean, train.mean, test.mean) | {"reliability_prediction": of_prediction}


def _scores(fit, y_train: torch.Tensor, y_test: torch.Tensor) -> dict[str, torch.Tensor]:
    train_mean = y_train.mean(0)
    r_test, r_train = pearson(fit.test, y_test), pearson(fit.train, y_train)
    return {
        "alpha": fit.alpha,
        "r_pearson": r_test,
        "r2_pearson": positive_square(r_test),
        "r2_pearson_train": positive_square(r_train),
        "r2_determination": r2_determination(fit.test + train_mean, y_test),
    }


def positive_square(r: torch.Tensor) -> torch.Tensor:
    return torch.nan_to_num(r, nan=0.0).clamp(min=0).square()


def _stacked(scored: list[dict], n_slabs: int, *axes: xr.DataArray) -> xr.Dataset:
    """One dataset (layer, split, target) from scores in the order slab, split, layer."""
    layer, split, target = axes
    per_slab = split.size * layer.size

    def whole(name: str) -> np.ndarray:
        slabs = [np.stack([s[name] for s in scored[i * per_slab : (i + 1) * per_slab]]) for i in range(n_slabs)]
        return np.concatenate(slabs, -1).reshape(split.size, layer.size, target.size)

    arrays = {name: ((SPLIT, LAYER, TARGET), whole(name)) for name in scored[0]}
    return xr.merge([axis.coords.to_dataset() for axis in axes]).assign(arrays).transpose(LAYER, SPLIT, TARGET)
