"""What each network explains beyond one or two baselines, by banded ridge (`encoding.partition`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from helpers import text
from helpers.encoding import score
from helpers.encoding.partition import MOST_SPACES, NETWORK, SPACES, partition
from helpers.encoding.within import score_new_categories, score_within
from helpers.errors import UserError
from helpers.models.weights import UNTRAINED
from helpers.names import CATEGORY, MODEL, SPLIT, TARGET
from helpers.stats.layers import nested_best
from helpers.stats.references import role_of
from helpers.stats.targets import groups
from helpers.store.progress import progress
from helpers.study import Study
from helpers.study.study import CONTROLS

MOST_TARGETS = 200  # of a set: the responses of single voxels would take hours
BOTH = "all"  # beyond all baselines together
KEYS = [MODEL, TARGET, "beyond"]
METRIC = "r2_pearson"


def responses(study: Study) -> dict[str, xr.DataArray]:
    """Return the sets of responses (sound, target[, repetition]) whose targets are few enough to be taken one by one.

    Of a study whose sets are all larger, the smallest, cut to targets evenly spaced.
    """
    sets = {kind: study.responses(kind) for kind in study.brain.responses}
    few = {kind: one for kind, one in sets.items() if one.sizes[TARGET] <= MOST_TARGETS}
    if few:
        return few
    kind = min(sets, key=lambda name: sets[name].sizes[TARGET])
    at = np.linspace(0, sets[kind].sizes[TARGET] - 1, MOST_TARGETS).astype(int)
    return {kind: sets[kind].isel({TARGET: np.unique(at)})}


def others(study: Study) -> dict[str, xr.DataArray]:
    """Return the baselines that networks are held against, by name (sound, unit): the study's first two."""
    return {name: study.features(name)[0] for name in study.baselines[: MOST_SPACES - 1]}


def partitions(study: Study, spaces: dict[str, xr.DataArray], measured: xr.DataArray) -> list[xr.Dataset]:
    """Return `encoding.partition` of every network and one set of responses, as kept on disk."""
    return [_partition(study, features, spaces, measured) for features in study.last_checkpoints()]


def untrained(study: Study, spaces: dict[str, xr.DataArray], measured: xr.DataArray) -> list[xr.Dataset]:
    """Return the same of the networks untrained, of every draw of them that the study has as a control."""
    return [_partition(study, features, spaces, measured) for features in _untrained(study)]


def _untrained(study: Study) -> Iterator[list[xr.DataArray]]:
    return (features for features in study.references([CONTROLS]) if role_of(features[0]) == UNTRAINED)


def _partition(study: Study, features: list[xr.DataArray], spaces: dict, measured: xr.DataArray) -> xr.Dataset:
    how = {"others": spaces, "responses": measured, "splits": study.splits, "progress": progress}
    how |= {"alphas": study.encoding["alphas"], "device": study.encoding["device"]}
    return study.keep(partition, features=features, **how)


def beyond(found: Sequence[xr.Dataset]) -> pd.DataFrame:
    """Return one row per network, target, baseline and split: R² alone, together, and what the network adds.

    Columns model, target, beyond (a baseline, or "all" of them together), split, alone (R² of the network), without (R²
    of that baseline), joint, added (joint - without, which may be negative); of many targets with regions or groups the
    median over each.
    """
    rows = []
    for one in found:
        names = [name for name in one["space"].values.tolist() if name != NETWORK]
        r2 = one["r2"].transpose(SPACES, SPLIT, TARGET)
        against = {name: name for name in names} | ({BOTH: "+".join(names)} if len(names) > 1 else {})
        for name, spaces in against.items():
            keys = {"alone": NETWORK, "without": spaces, "joint": f"{NETWORK}+{spaces}"}
            values = {column: r2.sel({SPACES: key}).values for column, key in keys.items()}  # (split, target)
            values["added"] = values["joint"] - values["without"]
            for target, own in groups(one).items():
                medians = {column: np.median(value[:, own], 1) for column, value in values.items()}
                table = pd.DataFrame(medians).assign(**{SPLIT: one[SPLIT].values, TARGET: target, "beyond": name})
                rows.append(table.assign(**{MODEL: str(one[MODEL].values)}))
    return pd.concat(rows, ignore_index=True)


def beside_labels(study: Study, measured: xr.DataArray) -> pd.DataFrame:
    """Return what each network predicts in all, within categories, and of categories never trained on.

    Columns model, target, all, within, new_category (r2_pearson, the layer chosen on the train sounds; of the first two
    the median over splits), untrained (`within` of the same network untrained, of several draws the highest; NaN where
    the study has none). `new_category` is NaN where a category has too few sounds to be left out.
    """
    how = {name: study.encoding[name] for name in ("alphas", "device")}
    categories = study.brain.waveforms[CATEGORY].reset_coords(drop=True)
    try:
        new = study.split("leave_category_out")
    except UserError:
        new = None
    rows, before = [], _untrained_within(study, measured, categories)
    for features in study.last_checkpoints():
        keep = partial(study.keep, features=features, responses=measured, **how)
        scored = {"all": keep(score, splits=study.splits)}
        scored["within"] = keep(score_within, splits=study.splits, categories=categories)
        values = {name: nested_best(one, METRIC)["value"].median(SPLIT).values for name, one in scored.items()}
        left_out = None if new is None else keep(score_new_categories, splits=new)["r2_pearson"].values
        values["new_category"] = np.full(measured.sizes[TARGET], np.nan) if left_out is None else left_out
        for target, own in groups(scored["all"]).items():
            medians = {name: float(np.median(value[own])) for name, value in values.items()}
            name = str(features[0][MODEL].values)
            rows.append(
                {MODEL: name, TARGET: target} | medians | {UNTRAINED: max(before[name, target], default=np.nan)}
            )
    return pd.DataFrame(rows)


def _untrained_within(study: Study, measured: xr.DataArray, categories: xr.DataArray) -> dict[tuple, list[float]]:
    """Return r2 within categories, by network and target, of every draw of the network untrained."""
    how = {name: study.encoding[name] for name in ("alphas", "device")}
    how |= {"responses": measured, "splits": study.splits, "categories": categories}
    found = defaultdict(list)
    for features in _untrained(study):
        scored = study.keep(score_within, features=features, **how)
        values = nested_best(scored, METRIC)["value"].median(SPLIT).values
        for target, own in groups(scored).items():
            found[str(features[0][MODEL].values), target].append(float(np.median(values[own])))
    return found


def of_labels(table: pd.DataFrame) -> text.Bilingual:
    """Return a sentence per target of `beside_labels`: the highest within categories, and of new ones."""
    return text.markdown([_within(own) for _, own in table.groupby(TARGET, sort=False)])


def _within(own: pd.DataFrame) -> text.Bilingual:
    top = own.nlargest(1, "within").iloc[0]
    words = {"target": lambda labeller: labeller.name("target", top[TARGET])}
    words |= {"model": lambda labeller: labeller.name("model", top[MODEL])}
    words |= {"whole": float(top["all"]), "within": float(top["within"]), "start": _start_within(own[UNTRAINED].max())}
    if own["new_category"].isna().all():
        return text.both("say.within_labels", **words)
    new = own.nlargest(1, "new_category").iloc[0]
    words |= {"new": float(new["new_category"]), "new_model": lambda labeller: labeller.name("model", new[MODEL])}
    return text.both("say.within_labels_and_new", **words)


def _start_within(untrained: float) -> Callable[[text.Labeller], str]:
    if np.isnan(untrained):
        return lambda labeller: ""
    return lambda labeller: labeller(
        "say.untrained_within", untrained=float(untrained), n=1 if untrained < 0.005 else 2
    )


def said(study: Study, taken: dict[str, xr.DataArray], spaces: dict[str, xr.DataArray]) -> text.Bilingual:
    """Return sentences: which baselines networks are held against, and of which sets only some targets are taken."""
    pieces = [text.both("say.spaces", names=text.listed(MODEL, spaces))]
    for kind, own in taken.items():
        whole = study.brain.responses[kind].sizes[TARGET]
        if own.sizes[TARGET] < whole:
            pieces.append(text.both("say.some_targets", kind=kind, all=whole, n=own.sizes[TARGET]))
    return text.markdown(pieces)


def summary(rows: pd.DataFrame, untrained: Sequence[xr.Dataset] = ()) -> pd.DataFrame:
    """Return medians over splits of the columns of `beyond`, and the quartiles q25 and q75 of what is added.

    And `untrained`: the median that the network adds with the weights it started from, of several draws the highest;
    NaN without any. untrained : as the function of that name returns them
    """
    groups = rows.groupby(KEYS, sort=False, observed=True)
    table = groups[["alone", "without", "joint", "added"]].median()
    quartiles = groups["added"].quantile([0.25, 0.75]).unstack().set_axis(["q25", "q75"], axis=1)
    draws = [beyond([one]).groupby(KEYS, sort=False)["added"].median() for one in untrained]
    highest = pd.concat(draws).groupby(level=KEYS).max() if draws else pd.Series(np.nan, table.index)
    return table.join(quartiles).assign(untrained=highest.reindex(table.index)).reset_index()


def sentences(table: pd.DataFrame) -> text.Bilingual:
    """Return a sentence per target of `summary`: which network adds most to all baselines together, and how much.

    And what it adds untrained, where that is known.
    """
    names = [name for name in dict.fromkeys(table["beyond"]) if name != BOTH]
    return text.markdown([_sentence(own, names) for _, own in table.groupby(TARGET, sort=False)])


def _sentence(rows: pd.DataFrame, names: list[str]) -> text.Bilingual:
    own = rows[rows["beyond"] == (BOTH if len(names) > 1 else names[0])]
    known = own.dropna(subset="added")
    words = {"target": lambda labeller: labeller.name("target", own[TARGET].iloc[0])}
    words |= {"m": len(names), "names": text.listed(MODEL, names)}
    known = known[known["q25"].round(2) > 0]
    if known.empty:
        return text.both("say.adds_nothing", **words, n=len(own))
    top = known.nlargest(1, "added").iloc[0]
    numbers = {name: float(top[name]) for name in ("added", "q25", "q75", "without")}
    words |= {"model": lambda labeller: labeller.name("model", top[MODEL])}
    return text.both(
        "say.adds",
        **words,
        **numbers,
        alone=_alone(rows[rows[MODEL] == top[MODEL]], top),
        start=_start(top, len(names)),
    )


def _alone(rows: pd.DataFrame, top: pd.Series) -> Callable[[text.Labeller], str]:
    """Return which baseline reaches more alone than all of them together, and what the network adds to that one."""
    best = rows.nlargest(1, "without").iloc[0]
    if not round(best["without"], 2) > round(top["without"], 2):
        return lambda labeller: ""
    numbers = {name: float(best[name]) for name in ("added", "q25", "q75")} | {"r2": float(best["without"])}

    def said(labeller: text.Labeller) -> str:
        known = np.isfinite(best["untrained"])
        start = labeller("say.alone_untrained", untrained=float(best["untrained"])) if known else ""
        return labeller("say.alone", name=labeller.name("model", best["beyond"]), start=start, **numbers)

    return said


def _start(top: pd.Series, n_baselines: int) -> Callable[[text.Labeller], str]:
    """Return what the network adds untrained; nothing where that is not known."""
    if np.isnan(top["untrained"]):
        return lambda labeller: ""
    key = "say.untrained_as_much" if round(top["untrained"], 2) >= round(top["added"], 2) else "say.untrained_adds"
    return lambda labeller: labeller(key, untrained=float(top["untrained"]), m=n_baselines)
