"""How far the best network is ahead of every other network and baseline, and whether other sounds would say so too."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from helpers import encoding, text
from helpers.encoding.left_out import GROUP
from helpers.names import MODEL, TARGET
from helpers.stats.intervals import holm, over_sounds, r2_interval
from helpers.stats.references import BASELINE
from helpers.stats.targets import groups as groups_of
from helpers.study import Study
from helpers.study.study import BASELINES

LEVEL = 0.05  # of all rivals of a target together
MOST_TARGETS = 2000  # of a set: leaving out every sound for more would take longer than the rest of the chapter
NETWORK = "network"


def leads(study: Study, responses: dict[str, xr.DataArray]) -> pd.DataFrame:
    """Return one row per target and rival: how much higher the r2 of the best network is.

    Columns target, model (the network with the highest mean r2 over splits), r2, r2_low, r2_high (95 %), rival, role
    ("network", "baseline"), rival_r2, difference, low, high (95 %, for other sounds), p_adjusted (two-sided, by Holm's
    method over the rivals of a target). The layer is chosen on the train sounds; r2 is r2_pearson. Sets with more than
    MOST_TARGETS responses are left out, which `said` says.
    """
    few = {kind: one for kind, one in responses.items() if one.sizes[TARGET] <= MOST_TARGETS}
    tables = [_of_set(study, measured) for measured in few.values()]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[TARGET, MODEL, "rival"])


def _of_set(study: Study, measured: xr.DataArray) -> pd.DataFrame:
    found = left_out(study, measured)
    names = next(iter(found.values()))[GROUP].values.tolist()
    return pd.DataFrame([row for name in names for row in _of_target(found, name, study.splits)])


def left_out(study: Study, measured: xr.DataArray) -> dict[tuple[str, str], xr.Dataset]:
    """Return r and r2 at the layer chosen on the train sounds, with and without each sound, of networks and baselines.

    Keys are name and role ("network", "baseline"); they are what `encoding.without_each_sound` returns, but for its
    values of all layers, where a group is a target, or many of a region or group together.
    """
    keep = partial(study.keep, responses=measured, splits=study.splits)
    names = np.full(measured.sizes[TARGET], "", dtype=object)
    for name, own in groups_of(measured).items():
        names[own] = name
    found = {}
    for role, several in ((NETWORK, study.last_checkpoints()), (BASELINE, study.references([BASELINES]))):
        for features in several:
            scores = keep(encoding.score, features=features, **study.encoding)[["alpha", "loo_error"]]
            without = keep(encoding.without_each_sound, features=features, scores=scores, groups=names.tolist())
            by_layer = [name for name in without if not name.startswith("chosen_")]
            found[str(features[0][MODEL].values), role] = without.drop_vars(by_layer)
    return found


def _of_target(found: dict[tuple[str, str], xr.Dataset], target: str, splits: xr.DataArray) -> list[dict]:
    own = {key: _anonymous(one.sel({GROUP: target})) for key, one in found.items()}
    means = {key: float(one["chosen_r2"].mean()) for key, one in own.items()}
    best = max((key for key in own if key[1] == NETWORK), key=means.get)
    r2_low, r2_high = r2_interval(own[best], splits)
    rows = []
    for key in own:
        if key == best:
            continue
        estimate = over_sounds(encoding.statistic(own[best] - own[key], "chosen_r2"), splits)
        low, high = estimate.interval()
        row = {
            TARGET: target,
            MODEL: best[0],
            "r2": means[best],
            "r2_low": r2_low,
            "r2_high": r2_high,
            "rival": key[0],
            "role": key[1],
        }
        row |= {"rival_r2": means[key], "difference": estimate.value, "low": low, "high": high}
        rows.append(row | {"p_adjusted": 2 * min(estimate.p_above(), estimate.p_below())})
    for row, p in zip(rows, holm(np.array([row["p_adjusted"] for row in rows])), strict=True):
        row["p_adjusted"] = p
    return rows


def _anonymous(found: xr.Dataset) -> xr.Dataset:
    """Return the same without the names of network and target, so that two can be subtracted."""
    return found.drop_vars([name for name, coordinate in found.coords.items() if not coordinate.dims])


def said(table: pd.DataFrame, responses: dict[str, xr.DataArray]) -> text.Bilingual:
    """Return a sentence per target: of which rivals the best network is ahead beyond chance, and of which it is not.

    And one for each set of responses that was left out.
    """
    found = [_sentence(own) for _, own in table.groupby(TARGET, sort=False)]
    for kind, one in responses.items():
        if one.sizes[TARGET] > MOST_TARGETS:
            found.append(text.both("say.too_many", kind=_set(kind), n=one.sizes[TARGET], most=MOST_TARGETS))
    return text.markdown(found or [text.both("say.no_rivals")])


def _set(kind: str) -> Callable[[text.Labeller], str]:
    return lambda labeller: labeller.name("responses", kind)


def _sentence(own: pd.DataFrame) -> text.Bilingual:
    ahead = (own["p_adjusted"] <= LEVEL) & (own["difference"] > 0)
    words = {"target": lambda labeller: labeller.name("target", own[TARGET].iloc[0]), "r2": float(own["r2"].iloc[0])}
    words |= {"low": float(own["r2_low"].iloc[0]), "high": float(own["r2_high"].iloc[0])}
    words |= {"model": lambda labeller: labeller.name("model", own[MODEL].iloc[0])}
    counts = {"n": len(own), "n_ahead": int(ahead.sum())}
    if ahead.all():
        return text.both("say.ahead_of_all", **words, n=len(own))
    if not ahead.any():
        return text.both("say.ahead_of_none", **words, n=len(own))
    rest = own.loc[~ahead].sort_values("difference")["rival"]
    words["rest"] = lambda labeller: ", ".join(labeller.name("model", name) for name in rest)
    return text.both("say.ahead_of_some", **words, **counts)
