"""How far the best network is ahead of every other network and baseline, and whether other sounds would say so too."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from helpers import encoding, text
from helpers.encoding.left_out import GROUP
from helpers.models import weights
from helpers.names import MODEL, SEED, TARGET
from helpers.stats.intervals import holm, r2_difference, r2_interval
from helpers.stats.references import BASELINE, role_of
from helpers.stats.targets import groups as groups_of
from helpers.study import Study
from helpers.study.study import BASELINES, CONTROLS

LEVEL = 0.05  # of all rivals of a target together
MOST_TARGETS = 2000  # of a set: leaving out every sound for more would take longer than the rest of the chapter
NETWORK = "network"
OVER = [TARGET, MODEL, "role", SEED, "r2", "control_r2", "difference", "low", "high", "p"]


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
    return pd.DataFrame([row for name in names for row in of_target(found, name, study.splits)])


def left_out(study: Study, measured: xr.DataArray) -> dict[tuple[str, str], xr.Dataset]:
    """Return r and r2 at the layer chosen on the train sounds, with and without each sound, of networks and baselines.

    Keys are name and role ("network", "baseline"); they are what `encoding.without_each_sound` returns, but for its
    values of all layers, where a group is a target, or many of a region or group together.
    """
    roles = ((NETWORK, study.last_checkpoints()), (BASELINE, study.references([BASELINES])))
    return {
        (str(features[0][MODEL].values), role): without_each_sound(study, measured, features)
        for role, several in roles
        for features in several
    }


def without_each_sound(study: Study, measured: xr.DataArray, features: list[xr.DataArray]) -> xr.Dataset:
    """Return `encoding.without_each_sound` of one network at one checkpoint, as `left_out` has it, as kept on disk."""
    keep = partial(study.keep, responses=measured, splits=study.splits)
    names = np.full(measured.sizes[TARGET], "", dtype=object)
    for name, own in groups_of(measured).items():
        names[own] = name
    scores = keep(encoding.score, features=features, **study.encoding)[["alpha", "loo_error"]]
    without = keep(encoding.without_each_sound, features=features, scores=scores, groups=names.tolist())
    return without.drop_vars([name for name in without if not name.startswith("chosen_")])


def over_controls(study: Study, responses: dict[str, xr.DataArray], values: pd.DataFrame) -> pd.DataFrame:
    """Return how much higher the r2 of the best network is than that of its own controls: a row per target and kind.

    The kinds are controls that learned nothing, untrained or permuted, and those that were trained on other sounds; of
    each the highest is compared. Columns target, model, role and seed (of that control), r2, control_r2, difference,
    low, high (95 %, for other sounds), p (two-sided, of this comparison; choosing the highest favours the control).
    Sets with more than MOST_TARGETS responses are left out.

    Parameters
    ----------
    values : target, model, role, r2 and, of controls, seed; of all that is in the study
    """
    controls = values[values["role"].isin(weights.CONTROLS)]
    few = [one for one in responses.values() if one.sizes[TARGET] <= MOST_TARGETS]
    rows = [row for measured in few for row in _over_controls(study, measured, controls)]
    return pd.DataFrame(rows, columns=OVER)


def _over_controls(study: Study, measured: xr.DataArray, controls: pd.DataFrame) -> list[dict]:
    networks = {model: one for (model, role), one in left_out(study, measured).items() if role == NETWORK}
    highest = []
    for target in next(iter(networks.values()))[GROUP].values.tolist():
        own = controls[(controls[TARGET] == target) & (controls[MODEL] == best_of(networks, target))]
        trained = own["role"] == weights.MATCHED
        for kind in (own[~trained], own[trained]):
            highest += kind.nlargest(1, "r2").to_dict("records")
    wanted = {(row[MODEL], row["role"], row[SEED]) for row in highest}
    found = {}
    for features in study.references([CONTROLS]):
        key = str(features[0][MODEL].values), role_of(features[0]), int(features[0][SEED])
        if key in wanted:
            found[key] = without_each_sound(study, measured, features)
    rows = []
    for row in highest:
        control = found[row[MODEL], row["role"], row[SEED]]
        known = {name: row[name] for name in (TARGET, MODEL, "role", SEED)}
        rows.append(known | over_control(networks, control, row[TARGET], study.splits))
    return rows


def best_of(networks: dict[str, xr.Dataset], target: str) -> str:
    """Return the name of the network with the highest r2, the mean over splits."""
    return max(networks, key=lambda name: float(networks[name]["chosen_r2"].sel({GROUP: target}).mean()))


def over_control(networks: dict[str, xr.Dataset], control: xr.Dataset, target: str, splits: xr.DataArray) -> dict:
    """Return how far the best of some networks is ahead of a control, for a target: the columns of OVER from r2 on."""
    best = networks[best_of(networks, target)]
    one, other = (anonymous(several.sel({GROUP: target})) for several in (best, control))
    estimate = r2_difference(one, other, splits)
    low, high = estimate.interval()
    r2 = {"r2": float(one["chosen_r2"].mean()), "control_r2": float(other["chosen_r2"].mean())}
    return r2 | {"difference": estimate.value, "low": low, "high": high, "p": estimate.p_differs()}


def of_target(found: dict[tuple[str, str], xr.Dataset], target: str, splits: xr.DataArray) -> list[dict]:
    """Return the rows of `leads` of one target, from what `left_out` returns."""
    own = {key: anonymous(one.sel({GROUP: target})) for key, one in found.items()}
    means = {key: float(one["chosen_r2"].mean()) for key, one in own.items()}
    best = max((key for key in own if key[1] == NETWORK), key=means.get)
    r2_low, r2_high = r2_interval(own[best], splits)
    rows = []
    for key in own:
        if key == best:
            continue
        estimate = r2_difference(own[best], own[key], splits)
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
        rows.append(row | {"p_adjusted": estimate.p_differs()})
    for row, p in zip(rows, holm(np.array([row["p_adjusted"] for row in rows])), strict=True):
        row["p_adjusted"] = p
    return rows


def anonymous(found: xr.Dataset) -> xr.Dataset:
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
    words["rest"] = text.listed(MODEL, rest)
    return text.both("say.ahead_of_some", **words, **counts)
