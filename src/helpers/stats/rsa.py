"""Representational similarity: do a layer and a set of responses find the same sounds alike?

In each split, responses averaged over repetitions are z-scored with the mean and standard deviation of the *train*
sounds, target by target; the activations of a layer likewise, unit by unit. A matrix (sound, sound) holds the
correlation of each two sounds over the targets, or over the units. Two matrices are compared by the correlation of
their upper triangles, Spearman's by default: on the train sounds, which choose the layer, and on the test sounds, whose
value is reported. Test sounds enter neither the z-scoring nor the choice, and no matrix holds a train sound beside a
test sound (the analysis is that of Tuckute et al. 2023, read from their published code).

`measure` is "spearman" or "pearson", the same for models and ceilings. The published code mixes them, Spearman for
models and Pearson for the ceiling, so its ceiling is on another scale than what is drawn below it: "pearson" is there
to reproduce that number and for nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from scipy.stats import rankdata

from helpers import encoding
from helpers.encoding.constant import is_constant
from helpers.encoding.score import ORIGIN, Progress, matched, silent
from helpers.encoding.splits import TEST, TRAIN, rows
from helpers.errors import UserError
from helpers.names import LAYER, NOTE, REPETITION, SOUND, SPLIT, STAGE, SUBJECT, TARGET, UNIT, immaterial
from helpers.stats.layers import best_position
from helpers.stats.regions import FUNCTIONAL, REGION, members

SPEARMAN, PEARSON = "spearman", "pearson"
MEASURES = (SPEARMAN, PEARSON)
ALL = "all"  # in place of a region: all targets of a set, those of no region too
LEAST = 3  # targets or units that vary: over two of them, every correlation is 1 or -1
DIGITS = 10  # of correlations: pairs of sounds that are equally alike differ by rounding, which would rank them
AREA = "area"
KINDS = ("train", "test")


def matrix(values: np.ndarray, train: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the correlation (n_chosen, n_chosen) of sounds over columns that are z-scored by the train sounds.

    Columns that are constant over the train sounds have no standard deviation and are left out of it. NaN where fewer
    than LEAST columns vary, and for a sound that is the same in all columns.

    Parameters
    ----------
    values : (n_sounds, n_columns), units or targets, without repetitions
    train, chosen : rows of `values`; those of `chosen` are compared
    """
    values = np.asarray(values, dtype=float)
    varies = ~is_constant(values[train]).numpy()
    if varies.sum() < LEAST:
        return np.full((len(chosen), len(chosen)), np.nan)
    known = values[train][:, varies]
    scored = (values[chosen][:, varies] - known.mean(0)) / known.std(0)
    deviation = scored - scored.mean(1, keepdims=True)
    norm = np.linalg.norm(deviation, axis=1, keepdims=True)
    unit = deviation / np.where(is_constant(scored, dim=1).numpy()[:, None], np.nan, norm)
    return np.clip(unit @ unit.T, -1, 1)


def pairs(matrix: np.ndarray) -> np.ndarray:
    """Return the upper triangle (n_pairs,) of a matrix (n, n), without its diagonal."""
    return matrix[np.triu_indices(len(matrix), k=1)]


def compare(one: np.ndarray, other: np.ndarray, measure: str = SPEARMAN) -> np.ndarray:
    """Return the correlation of pairs (..., n_pairs) with other pairs (..., n_pairs); shapes are broadcast.

    NaN where one of the two has missing or only equal values. Raises UserError for an unknown measure.
    """
    return (_scaled(one, measure) * _scaled(other, measure)).sum(-1)


def _scaled(values: np.ndarray, measure: str) -> np.ndarray:
    """Return pairs, or their ranks, with mean 0 and norm 1."""
    values = _ranked(values, measure)
    missing = is_constant(np.nan_to_num(values), dim=-1).numpy() | np.isnan(values).any(-1)
    deviation = values - values.mean(-1, keepdims=True)
    return deviation / np.where(missing, np.nan, np.linalg.norm(deviation, axis=-1))[..., None]


def _ranked(values: np.ndarray, measure: str) -> np.ndarray:
    """Return the ranks of pairs for Spearman, equal ones sharing theirs; the pairs themselves for Pearson."""
    _known(measure)
    if measure == PEARSON:
        return np.asarray(values, dtype=float)
    return rankdata(np.round(values, DIGITS) + 0.0, axis=-1, nan_policy="propagate")


def _known(measure: str) -> None:
    if measure not in MEASURES:
        raise UserError(f"measure: found '{measure}', expected one of: {', '.join(MEASURES)}; correct it")


def named(responses: xr.DataArray | xr.Dataset) -> dict[str, np.ndarray]:
    """Return the positions of the targets of each region: anatomical ones, then functional ones, which overlap.

    A functional region that is called as an anatomical one has "(functional)" behind its name.
    """
    found = {}
    for coord in (coord for coord in (REGION, FUNCTIONAL) if coord in responses.coords):
        for name, inside in members(responses[coord].values, coord).items():
            found[f"{name} ({FUNCTIONAL})" if name in found else name] = np.flatnonzero(inside)
    return found


def regions(responses: xr.DataArray | xr.Dataset) -> dict[str, np.ndarray]:
    """Return the positions of the targets of ALL, and of each region that is named and has LEAST targets or more."""
    found = {ALL: np.arange(responses.sizes[TARGET])} | named(responses)
    return {name: own for name, own in found.items() if len(own) >= LEAST}


def areas(responses: xr.DataArray) -> list[tuple[str, str, np.ndarray]]:
    """Return region, subject and positions of the targets of each matrix: a subject's part of a region.

    Regions are the anatomical and the functional ones. Where no subject has LEAST targets, and where there are none, a
    region has one matrix over the targets of all, whose subject is "". Otherwise targets without a subject are in no
    matrix, and neither are parts of fewer than LEAST.
    """
    names = subjects(responses)
    if not names:
        return [(region, "", own) for region, own in regions(responses).items()]
    of = responses[SUBJECT].values.astype(str)
    parts = [(region, name, own[of[own] == name]) for region, own in regions(responses).items() for name in names]
    return [part for part in parts if len(part[-1]) >= LEAST]


def subjects(responses: xr.DataArray) -> list[str]:
    """Return the subjects that have LEAST targets or more, in the order of the data."""
    if SUBJECT not in responses.coords:
        return []
    of = responses[SUBJECT].values.astype(str)
    return [name for name in dict.fromkeys(of) if name and (of == name).sum() >= LEAST]


def averaged(responses: xr.DataArray) -> xr.DataArray:
    """Return responses (sound, target), the mean over repetitions where there are any."""
    return responses.mean(REPETITION) if REPETITION in responses.dims else responses


@immaterial("progress")
def score(
    features: Sequence[xr.DataArray],
    responses: xr.DataArray,
    splits: xr.DataArray,
    *,
    measure: str = SPEARMAN,
    progress: Progress = silent,
) -> xr.Dataset:
    """Return the similarity of each layer's matrix to that of each area, on the train and on the test sounds.

    Parameters
    ----------
    features : (sound, unit) for each layer, with the scalar coordinate `layer`; layers may differ in width
    responses : (sound, target[, repetition]), with the coordinates subject, region and functional on target where they
        are known
    splits : (split, sound) of "train", "test" and "unused"

    Returns
    -------
    train, test (layer, split, area); coordinates on area: region, subject ("" without subjects), n_targets. An area is
    a subject's part of a region (see `areas`).

    Raises UserError for sounds that are not in all three, for an unknown measure, and for responses without any area.
    """
    _known(measure)
    features, responses = matched(features, averaged(responses), splits)
    found, place = _areas(responses)
    measured = {part: _of_areas(responses.values, splits, found, part, measure) for part in KINDS}
    values = {part: np.full((len(features), *one.shape[:2]), np.nan) for part, one in measured.items()}
    steps = [(position, at) for position in range(len(features)) for at in range(splits.sizes[SPLIT])]
    for position, at in progress(steps, "similarity: layers x splits", len(steps)):
        train = rows(splits[at], TRAIN)
        for part in KINDS:
            own = matrix(features[position].values, train, rows(splits[at], part))
            values[part][position, at] = (measured[part][at] * _scaled(pairs(own), measure)).sum(-1)
    coords = {LAYER: [int(layer[LAYER]) for layer in features], SPLIT: splits[SPLIT].values, **place}
    for name in (STAGE, NOTE):
        coords[name] = (LAYER, [str(layer.coords[name].values) if name in layer.coords else "" for layer in features])
    coords |= {name: features[0].coords[name].item() for name in ORIGIN if name in features[0].coords}
    whole = {part: ((LAYER, SPLIT, AREA), one) for part, one in values.items()}
    return xr.Dataset(whole, coords).assign_attrs(measure=measure)


class _Splits(list):
    """The scaled pairs (area, n_pairs) of each split; test sets may differ in size, so that it is no array."""

    @property
    def shape(self) -> tuple[int, int]:
        return len(self), len(self[0])


def _of_areas(values: np.ndarray, splits: xr.DataArray, found: list, part: str, measure: str) -> _Splits:
    return _Splits(_scaled(_pairs_of(values, split, found, part), measure) for split in splits)


def _pairs_of(values: np.ndarray, split: xr.DataArray, found: list, part: str) -> np.ndarray:
    """Return the pairs (area, n_pairs) of a split's train or test sounds."""
    train, chosen = rows(split, TRAIN), rows(split, part)
    return np.stack([pairs(matrix(values[:, own], train, chosen)) for *_, own in found])


def _areas(responses: xr.DataArray) -> tuple[list, dict]:
    """Return the areas of responses, and the coordinates of them; raises UserError where there is none."""
    found = areas(responses)
    if not found:
        raise UserError(
            f"similarity: found {responses.sizes[TARGET]} targets in {responses.name or 'these responses'}, "
            f"expected at least {LEAST}; leave this set out"
        )
    names = [" ".join(part for part in (region, subject) if part) for region, subject, _ in found]
    place = {
        AREA: names,
        REGION: (AREA, [region for region, *_ in found]),
        SUBJECT: (AREA, [subject for _, subject, _ in found]),
        "n_targets": (AREA, [len(own) for *_, own in found]),
    }
    return found, place


def nested(scores: xr.Dataset) -> xr.Dataset:
    """Return the test similarity of the layer that is most similar on the train sounds: value, chosen (split, area).

    Of equal layers the shallowest is chosen; where none has a value, both are NaN.

    Parameters
    ----------
    scores : as `score` returns them
    """
    train = scores["train"].transpose(SPLIT, AREA, LAYER)
    position = best_position(train.values.reshape(-1, train.sizes[LAYER])).reshape(train.shape[:2])
    known = ~np.isnan(position)
    at = np.where(known, position, 0).astype(int)
    test = np.take_along_axis(scores["test"].transpose(SPLIT, AREA, LAYER).values, at[..., None], -1)[..., 0]
    found = {"value": np.where(known, test, np.nan), "chosen": np.where(known, scores[LAYER].values[at], np.nan)}
    coords = {name: coord for name, coord in scores.coords.items() if LAYER not in coord.dims}
    return xr.Dataset({name: ((SPLIT, AREA), one) for name, one in found.items()}, coords)


def ceilings(responses: xr.DataArray, splits: xr.DataArray, *, measure: str = SPEARMAN) -> xr.Dataset:
    """Return what noise allows a model to reach: lower and upper (split, area), on the test sounds of each split.

    A subject's matrix is compared with the matrix pooled over the other subjects of the same region (lower), and over
    all of them (upper). For Spearman the pool is the mean of ranks, as in rsatoolbox: its order is the most similar to
    the members' on average, so that in no split a matrix without ties has a higher mean over subjects than the upper
    ceiling (Nili et al. 2014). For Pearson it is the mean of the correlations, as published. NaN where a region has
    fewer than two subjects: there the ceiling is unknown.

    Parameters
    ----------
    responses, splits : as for `score`, whose errors are raised
    """
    _known(measure)
    _, responses = matched([], averaged(responses), splits)
    found, place = _areas(responses)
    names = np.array([region for region, *_ in found])
    of_subject = np.array([subject != "" for _, subject, _ in found])
    lower, upper = (np.full((splits.sizes[SPLIT], len(found)), np.nan) for _ in range(2))
    for at, split in enumerate(splits):
        own = _ranked(_pairs_of(responses.values, split, found, TEST), measure)
        for region in dict.fromkeys(names):
            members = np.flatnonzero((names == region) & of_subject)
            if len(members) < 2:
                continue
            total = own[members].sum(0)
            upper[at, members] = compare(own[members], total / len(members), measure)
            lower[at, members] = compare(own[members], (total - own[members]) / (len(members) - 1), measure)
    coords = place | {SPLIT: splits[SPLIT].values}
    whole = {"lower": ((SPLIT, AREA), lower), "upper": ((SPLIT, AREA), upper)}
    return xr.Dataset(whole, coords).assign_attrs(measure=measure)


@immaterial("device", "progress")
def inter_subject(
    responses: xr.DataArray,
    splits: xr.DataArray,
    *,
    metric: str,
    estimator: str = "ridge",
    alphas: Sequence[float] | None = None,
    device: str = "cpu",
    progress: Progress = silent,
) -> xr.Dataset:
    """Return how well a subject's part of a region is predicted from the other subjects' parts: value (split, area).

    The same core as for networks, `encoding.score`, with the other subjects' targets, averaged over repetitions, in the
    place of a layer's units. `value` is the median over the subject's targets. It says what regression reaches from
    measured responses, as noisy as they are: no bound, but a network above it predicts better than other people do.

    Parameters
    ----------
    responses, splits : as for `score`, whose errors are raised
    metric : key of `encoding.METRICS`
    estimator, alphas, device, progress : of `encoding.score`

    Coordinates on area are as of `score`. NaN where a region has fewer than two subjects.
    """
    _, whole = matched([], averaged(responses), splits)
    found, place = _areas(whole)
    value = np.full((splits.sizes[SPLIT], len(found)), np.nan)
    for at, (region, subject, own) in enumerate(found):
        others = [part for name, other, part in found if name == region and other != subject]
        if not others:
            continue
        layer = whole.isel({TARGET: np.concatenate(others)}).drop_vars(set(whole.coords) - {SOUND})
        layer = layer.rename({TARGET: UNIT}).assign_coords({LAYER: 1})
        scored = encoding.score(
            [layer], responses.isel({TARGET: own}), splits, estimator=estimator, alphas=alphas, metrics=[metric],
            device=device, progress=progress,
        )  # fmt: skip
        value[:, at] = scored[metric].isel({LAYER: 0}).transpose(SPLIT, TARGET).median(TARGET).values
    coords = place | {SPLIT: splits[SPLIT].values}
    return xr.Dataset({"value": ((SPLIT, AREA), value)}, coords).assign_attrs(metric=metric)
