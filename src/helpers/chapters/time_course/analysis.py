"""Responses in time: r2 of each layer in each time bin, when it reaches half of its maximum, and whether that depends
on depth.

A layer's features are averages over the whole sound. So a bin's r2 says when the response carries what the layer tells
sounds apart by; it is no delay of the network, which has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from helpers import encoding, text
from helpers.encoding.noise import critical_correlation
from helpers.errors import UserError
from helpers.names import CATEGORY, LAYER, METRIC, MODEL, QUARTILES, REPETITION, SOUND, SPLIT, TARGET, TIME
from helpers.stats.layers import relative_depth
from helpers.study import Study

PLAIN = "r2_pearson"  # of all chapters' metrics the one whose level chance reaches is known for a number of sounds
MOST_TARGETS = 20  # that are shown one by one
OF, GROUP, SET = "of", "group", "responses"  # of a stacked target: the target, what it is summed up under, its set
N_DRAWS, LEVEL = 500, 0.95  # of intervals
FEWEST = 3  # targets that an interval needs: of fewer there is nothing to draw from
Scores = Mapping[str, Sequence[xr.Dataset]]  # set of responses -> scores of each network


def responses(study: Study) -> dict[str, xr.DataArray]:
    """Return the sets of responses (sound, target[, repetition], time in s) that have a time, not averaged over it."""
    return {kind: one for kind, one in study.brain.responses.items() if TIME in one.dims}


def binned(responses: xr.DataArray, width: float) -> xr.DataArray:
    """Return the mean over the samples of each time bin (sound, target[, repetition], time).

    Bins are `width` s wide and begin at multiples of it, so that none lies on both sides of the onset at 0; all samples
    are in one. The `time` of a bin is the mean of its samples' times: where `width` is no multiple of their distance,
    bins differ in their number of samples. Raises UserError for a width that is not positive or below that distance.
    """
    times = responses[TIME].values
    apart = float(np.diff(times).min()) if len(times) > 1 else 0.0
    if not np.isfinite(width) or width <= 0 or width < apart - 1e-9:
        raise UserError(
            f"time bins: found a width of {width:g} s, but the samples of {responses.name or 'these responses'} lie "
            f"{apart:g} s apart; choose a positive width of at least that"
        )
    bins = np.floor(times / width + 1e-6).astype(int)  # 0.3 / 0.1 is below 3
    parts = [responses.isel({TIME: bins == one}) for one in np.unique(bins)]
    whole = xr.concat([part.mean(TIME) for part in parts], TIME).assign_coords(
        {TIME: [float(part[TIME].mean()) for part in parts]}
    )
    return whole.transpose(SOUND, TARGET, ..., TIME)


def stacked(binned: xr.DataArray, kind: str) -> xr.DataArray:
    """Return every bin of every target as a target (sound, target[, repetition]), so that one call scores them all.

    Coordinates on target: `of`, the target's own name; `time`; `group`, what the target is summed up under: its group
    or region, else the set's name `kind`; `responses`, the set.
    """
    further = [REPETITION] if REPETITION in binned.dims else []
    ordered = binned.transpose(SOUND, TARGET, TIME, *further)
    n_bins, own = ordered.sizes[TIME], ordered[TARGET].values.astype(str)
    names, times = np.repeat(own, n_bins), np.tile(ordered[TIME].values, len(own))
    values = ordered.values.reshape(len(ordered), len(names), *ordered.shape[3:])
    on_target = {OF: names, TIME: times, GROUP: np.repeat(_groups(binned, kind), n_bins), SET: [kind] * len(names)}
    coords = {SOUND: ordered[SOUND].values, TARGET: [f"{a} {b:g} s" for a, b in zip(names, times, strict=True)]}
    coords |= {name: (TARGET, np.asarray(column)) for name, column in on_target.items()}
    return xr.DataArray(values, coords, (SOUND, TARGET, *further))


def _groups(responses: xr.DataArray, kind: str) -> np.ndarray:
    """Return what each target is summed up under (target,)."""
    for name in ("group", "region"):
        if name in responses.coords and (responses[name] != "").any():
            return np.where(responses[name].values == "", kind, responses[name].values).astype(str)
    return np.full(responses.sizes[TARGET], kind)


def floor(splits: xr.DataArray) -> float:
    """Return the lowest maximum of r2 over time whose half is looked for.

    Half of it is the r2 that the test sounds of a split exceed by chance with a probability of 5 %: a curve whose half
    is lower crosses it anywhere.
    """
    n_test = int((splits == "test").sum(SOUND).min())
    return 2 * critical_correlation(n_test) ** 2


def _in_time(scores: xr.Dataset) -> xr.DataArray:
    """Return the r2 of stacked targets by target and time again (split, layer, target, time)."""
    index = pd.MultiIndex.from_arrays([scores[OF].values, scores[TIME].values], names=[OF, TIME])
    plain = xr.DataArray(
        scores[PLAIN].transpose(SPLIT, LAYER, TARGET).values,
        {LAYER: scores[LAYER].values, **xr.Coordinates.from_pandas_multiindex(index, TARGET)},
        (SPLIT, LAYER, TARGET),
    )
    own, first = np.unique(scores[OF].values, return_index=True)
    order = own[np.argsort(first)]
    found = plain.unstack(TARGET).sel({OF: order, TIME: np.unique(scores[TIME].values)}).rename({OF: TARGET})
    groups = scores[GROUP].values[np.sort(first)]
    return found.transpose(SPLIT, LAYER, TARGET, TIME).assign_coords({GROUP: (TARGET, groups)})


def _depths(values: xr.DataArray) -> np.ndarray:
    return relative_depth(np.arange(float(values.sizes[LAYER])), values.sizes[LAYER])


def curves(scores: Scores) -> pd.DataFrame:
    """Return the median r2 over splits, and its quartiles, of each network, layer, target and time bin.

    Columns responses, group, target, model, layer, relative (0 the first layer, 1 the last), time (s), q25, median_r2,
    q75, metric.

    Parameters
    ----------
    scores : set of responses -> (layer, split, target) of each network, of targets that `stacked` returned
    """
    parts = []
    for kind, one in ((kind, one) for kind, own in scores.items() for one in own):
        quartiles = _in_time(one).quantile([0.25, 0.5, 0.75], SPLIT).assign_coords(quantile=QUARTILES)
        found = quartiles.assign_coords({MODEL: str(one[MODEL].values), SET: kind})
        found = found.assign_coords(relative=(LAYER, _depths(found))).to_dataset("quantile")
        parts.append(found.to_dataframe().reset_index())
    columns = [SET, GROUP, TARGET, MODEL, LAYER, "relative", TIME, *QUARTILES]
    return pd.concat(parts, ignore_index=True)[columns].assign(**{METRIC: PLAIN})


def by_group(table: pd.DataFrame) -> pd.DataFrame:
    """Return medians over the targets of each group of `curves`; `target` is the group, `n_targets` their number."""
    keys = [GROUP, MODEL, LAYER, "relative", TIME]
    grouped = table.groupby(keys, sort=False, observed=True, dropna=False)
    found = grouped[QUARTILES].median().assign(n_targets=grouped["median_r2"].count()).reset_index()
    return found.rename(columns={GROUP: TARGET}).assign(**{METRIC: PLAIN})


def singles(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `curves` whose targets are shown one by one: those of the set with the fewest.

    Of more than MOST_TARGETS, those with the highest r2.
    """
    fewest = table.groupby(SET, sort=False)[TARGET].nunique().idxmin()
    own = table[table[SET] == fewest]
    highest = own.groupby(TARGET, sort=False)["median_r2"].max().nlargest(MOST_TARGETS).index
    return own[own[TARGET].isin(highest)].reset_index(drop=True)


def half_maximum(values: np.ndarray, times: np.ndarray, floor: float) -> np.ndarray:
    """Return when curves (..., n_times) first reach half of their maximum (...), in the units of `times` (n_times,).

    Between bins by a straight line. NaN where the maximum is below `floor`, and where the first bin is at half of it
    already: what came before is not known.
    """
    half = values.max(-1, keepdims=True) / 2
    first = (values >= half).argmax(-1)[..., None]
    before = np.maximum(first - 1, 0)
    low, high = np.take_along_axis(values, before, -1), np.take_along_axis(values, first, -1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = times[before] + (half - low) / (high - low) * (times[first] - times[before])
    return np.where((2 * half < floor) | (first == 0), np.nan, found)[..., 0]


def latencies(scores: Scores, floor: float) -> pd.DataFrame:
    """Return when the median r2 over splits reaches half of its maximum, per network, layer and target.

    Columns responses, group, target, model, layer, relative, latency_ms (NaN: see `half_maximum`), highest_r2.
    """
    parts = []
    for kind, one in ((kind, one) for kind, own in scores.items() for one in own):
        medians = _in_time(one).median(SPLIT)
        found = medians.max(TIME).rename("highest_r2").to_dataset()
        found["latency_ms"] = (LAYER, TARGET), 1000 * half_maximum(medians.values, medians[TIME].values, floor)
        found = found.assign_coords(relative=(LAYER, _depths(medians)))
        parts.append(found.to_dataframe().reset_index().assign(**{MODEL: str(one[MODEL].values), SET: kind}))
    columns = [SET, GROUP, TARGET, MODEL, LAYER, "relative", "latency_ms", "highest_r2"]
    return pd.concat(parts, ignore_index=True)[columns]


def slope(depth: np.ndarray, latency: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return numerator and denominator (..., n_targets) of the least-squares slope of each target's latency over depth.

    Their sums over targets give the slope that all of them share, each with a level of its own. Layers without a
    latency are left out.

    Parameters
    ----------
    depth : (n_layers,), relative
    latency : (..., n_layers, n_targets), NaN where missing
    """
    known = np.isfinite(latency)
    mean = (known * depth[:, None]).sum(-2, keepdims=True) / np.maximum(known.sum(-2, keepdims=True), 1)
    centred = np.where(known, depth[:, None] - mean, 0.0)
    return (centred * np.where(known, latency, 0)).sum(-2), np.square(centred).sum(-2)


def later(scores: Scores, floor: float, seed: int = 0, n_draws: int = N_DRAWS) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the latency of each layer, and its slope over relative depth, per network and group of targets.

    The first has columns group, model, layer, relative, latency_ms (median over targets), low, high, n_targets (that
    have a latency); the second group, model, slope_ms (ms from the first layer to the last), low, high, n_layers,
    n_targets (that tell of a slope). `low` and `high` are percentiles over `n_draws` draws with replacement of the
    splits, the same ones for all layers and bins, and of the targets of a group. The sounds are not drawn: the splits
    share them, so the intervals are too narrow for another set of sounds. Their coverage was not measured, and a layer
    that predicts less comes out later though nothing differs in time. NaN with fewer than three targets, and where more
    than 5 % of the draws have no value.
    """
    parts = [_of_network(one, floor, np.random.default_rng(seed), n_draws) for own in scores.values() for one in own]
    layers, slopes = (pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True))
    return layers, slopes


def _of_network(scores: xr.Dataset, floor: float, random, n_draws: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    values, model = _in_time(scores), str(scores[MODEL].values)
    times, depth, n_splits = values[TIME].values, _depths(values), values.sizes[SPLIT]

    def latency(rows: np.ndarray) -> np.ndarray:
        return 1000 * half_maximum(np.median(values.values[rows], 0), times, floor)  # (layer, target)

    whole = latency(np.arange(n_splits))
    drawn = np.stack([latency(random.integers(n_splits, size=n_splits)) for _ in range(n_draws)])
    layers, slopes = [], []
    for group in pd.unique(values[GROUP].values):
        own = np.flatnonzero(values[GROUP].values == group)
        resampled = own[random.integers(len(own), size=(n_draws, len(own)))]
        of_draws = np.take_along_axis(drawn, np.broadcast_to(resampled[:, None], (*drawn.shape[:2], len(own))), -1)
        n_targets = np.isfinite(whole[:, own]).sum(-1)
        low, high = _interval(_median(of_draws), n_targets)
        columns = {LAYER: values[LAYER].values, "relative": depth, "latency_ms": _median(whole[:, own])}
        layers.append(pd.DataFrame({GROUP: group, MODEL: model} | columns | {"low": low, "high": high}))
        layers[-1]["n_targets"] = n_targets
        over, under = slope(depth, whole[:, own])
        each = np.stack([part.sum(-1) for part in slope(depth, of_draws)])
        low, high = _interval(_ratio(*each), (under > 0).sum())
        found = {"slope_ms": float(_ratio(over.sum(), under.sum())), "low": float(low), "high": float(high)}
        counts = {"n_layers": len(depth), "n_targets": int((under > 0).sum())}
        slopes.append({GROUP: group, MODEL: model} | found | counts)
    return pd.concat(layers, ignore_index=True), pd.DataFrame(slopes)


def _ratio(over, under) -> np.ndarray:
    """Return `over` / `under`, NaN where that is nothing: there is no slope, as of a single layer."""
    under = np.asarray(under, dtype=float)
    return np.divide(over, under, out=np.full_like(under, np.nan), where=under > 0)


def _median(latency: np.ndarray) -> np.ndarray:
    """Return the median over targets (..., n_targets), NaN where none has a latency."""
    none = ~np.isfinite(latency).any(-1, keepdims=True)
    return np.where(none[..., 0], np.nan, np.nanmedian(np.where(none, 0, latency), -1))


def _interval(drawn: np.ndarray, n_targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the interval of `drawn` (n_draws, ...), NaN where it says nothing (see `later`)."""
    none = (np.isfinite(drawn).mean(0) < LEVEL) | (n_targets < FEWEST)
    low, high = np.nanquantile(np.where(none, 0, drawn), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return np.where(none, np.nan, low), np.where(none, np.nan, high)


def predicted(study: Study, bins: Mapping[str, xr.DataArray], table: pd.DataFrame, n_targets: int = 3) -> pd.DataFrame:
    """Return the measured and predicted response of every sound in every bin, of the targets with the highest r2.

    Each by the network and layer with its highest r2 in any bin. Both responses are in standard deviations of the
    measured one over all sounds and bins, around its mean; a prediction is the mean over the splits that tested the
    sound (NaN: none). Columns target, model, layer, time, sound, category, measured, predicted, r_pearson (of both
    over the sounds of a bin).

    Parameters
    ----------
    bins : set of responses -> (sound, target[, repetition], time), as `binned` returns it
    table : as `singles` returns it
    """
    best = table.sort_values("median_r2", ascending=False, kind="stable").drop_duplicates(TARGET).head(n_targets)
    order = [target for target in pd.unique(table[TARGET]) if target in set(best[TARGET])]
    chosen = best.set_index(TARGET).loc[order].reset_index()
    return pd.concat([_predicted(study, row, bins[row.responses]) for row in chosen.itertuples()], ignore_index=True)


def _predicted(study: Study, row, bins: xr.DataArray) -> pd.DataFrame:
    layer = next(one for one in study.features(row.model) if int(one[LAYER]) == row.layer)
    measured = stacked(bins.sel({TARGET: [row.target]}), row.responses)
    measured = measured.mean(REPETITION) if REPETITION in measured.dims else measured
    how = {name: study.encoding[name] for name in ("estimator", "alphas", "device")}
    found = encoding.predict(layer, measured, study.splits, **how)
    mean, scale = float(measured.mean()), float(measured.std())
    prediction = (found.mean(SPLIT) - mean) / scale  # (sound, target): NaN where no split tested the sound
    own = {"measured": (measured.sel({SOUND: found[SOUND]}) - mean) / scale, "predicted": prediction}
    frame = xr.Dataset(own).assign_coords({TIME: measured[TIME]}).to_dataframe(dim_order=(TARGET, SOUND)).reset_index()
    category = study.brain.waveforms[CATEGORY].to_series()
    frame = frame.assign(**{TARGET: row.target, MODEL: row.model, LAYER: row.layer})
    frame = frame.assign(**{CATEGORY: frame[SOUND].map(category)})
    r = {time: each["measured"].corr(each["predicted"]) for time, each in frame.groupby(TIME)}
    columns = [TARGET, MODEL, LAYER, TIME, SOUND, CATEGORY, "measured", "predicted"]
    return frame[columns].assign(r_pearson=frame[TIME].map(r))


def about(study: Study, bins: Mapping[str, xr.DataArray], width: float, floor: float) -> text.Bilingual:
    """Return what is shown: sets of responses and their bins, which sets have no time, and the floor of maxima."""
    pieces = [
        text.both(
            "say.time_set", kind=lambda labeller, kind=kind: labeller.name("target", kind), n=one.sizes[TARGET],
            bins=one.sizes[TIME], width=round(1000 * width), first=float(one[TIME][0]), last=float(one[TIME][-1]),
        )
        for kind, one in bins.items()
    ]  # fmt: skip
    if without := [kind for kind in study.brain.responses if kind not in bins]:
        pieces.append(text.both("say.time_without", kinds=text.listed(TARGET, without)))
    return text.markdown([*pieces, text.both("say.time_floor", floor=floor)])


def sound_ends(study: Study) -> tuple[float, float]:
    """Return when the shortest and the longest sound end, in s after their onset, to 10 ms."""
    waveforms = study.brain.waveforms
    seconds = waveforms["n_samples"].values / waveforms.attrs["rate_hz"]
    return round(float(seconds.min()), 2), round(float(seconds.max()), 2)


def sentences(groups: pd.DataFrame, slopes: pd.DataFrame) -> text.Bilingual:
    """Return two sentences per group: where and when its r2 is highest, and of how many networks deeper is later."""
    return text.markdown([_sentence(own, slopes) for _, own in groups.groupby(TARGET, sort=False)])


def _sentence(own: pd.DataFrame, slopes: pd.DataFrame) -> text.Bilingual:
    top = own.loc[own["median_r2"].idxmax()]
    of_group = slopes[(slopes[GROUP] == top[TARGET]) & slopes["low"].notna()]
    words = {
        "group": lambda labeller: labeller.name("target", top[TARGET]),
        "model": lambda labeller: labeller.name("model", top[MODEL]),
        "layer": int(top[LAYER]), "r2": float(top["median_r2"]), "ms": round(1000 * float(top[TIME])),
        "n": len(of_group), "later": int((of_group["low"] > 0).sum()), "earlier": int((of_group["high"] < 0).sum()),
    }  # fmt: skip
    return text.both("say.time_group" if len(of_group) else "say.time_group_alone", **words)
