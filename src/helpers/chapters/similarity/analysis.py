"""Similarity of matrices beside r2, for every set of responses and region: by layer, by subject, with its ceilings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from helpers import stats, text
from helpers.chapters.similarity.titles import title
from helpers.models.weights import CONTROLS, TRAINED
from helpers.names import LAYER, METRIC, MODEL, SEED, SPLIT, STATE, SUBJECT, TARGET
from helpers.stats import rsa
from helpers.stats.layers import relative_depth
from helpers.stats.references import BASELINE
from helpers.stats.rsa import ALL, AREA, LEAST, REGION
from helpers.study import Study

PLAIN = "r2_pearson"
SET, MEASURE = "responses", "measure"
PANEL = [SET, REGION]  # what has a panel of its own
FEWEST = 3  # networks that a correlation over networks needs
SHOWN = 5  # names that a sentence lists
Scores = Mapping[str, Sequence[xr.Dataset]]  # set of responses -> scores of each network, baseline or control


def responses(study: Study) -> dict[str, xr.DataArray]:
    """Return the sets of responses (sound, target[, repetition]) that have LEAST targets or more."""
    found = {kind: study.responses(kind) for kind in study.brain.responses}
    return {kind: one for kind, one in found.items() if one.sizes[TARGET] >= LEAST}


def baselines(study: Study) -> list[str]:
    """Return the names of the study's baselines."""
    return [entry.name for entry in study.parameters.baselines]


def about(study: Study, measured: Mapping[str, xr.DataArray]) -> text.Bilingual:
    """Return which matrices there are of each set, and what is in none of them."""
    said = [piece for kind, one in measured.items() for piece in _about(kind, one)]
    if small := [kind for kind in study.brain.responses if kind not in measured]:
        said.append(text.both("say.alike_small_sets", names=_some(small), least=LEAST))
    return text.markdown(said)


def _about(kind: str, one: xr.DataArray) -> list[text.Bilingual]:
    found, names = rsa.areas(one), rsa.subjects(one)
    counts = {"subjects": len(names), "regions": len(rsa.regions(one)) - 1}

    def parts_of(labeller: text.Labeller) -> str:
        return "".join(labeller(f"alike_parts.{part}", n=count) for part, count in counts.items() if count)

    words = {"kind": _target(kind, ALL), "n": one.sizes[TARGET], "matrices": len(found), "parts": parts_of}
    said = [text.both("say.alike_set", **words)]
    subjects = one[SUBJECT].values.astype(str) if SUBJECT in one.coords else np.full(one.sizes[TARGET], "")
    if names and (nameless := int((subjects == "").sum())):
        said.append(text.both("say.alike_nameless", n=nameless))
    if not names and (subjects != "").any():
        said.append(text.both("say.alike_pooled", least=LEAST))
    people = [who for who in dict.fromkeys(subjects) if who] if names else [""]  # the nameless were already said
    parts = [(region, who) for region in (ALL, *rsa.named(one)) for who in people]
    there = {(region, who) for region, who, _ in found}
    if lacking := [" ".join(one for one in part if one and one != ALL) for part in parts if part not in there]:
        said.append(text.both("say.alike_small_parts", names=_some(lacking), least=LEAST))
    return said


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f", … ({len(names)})" if len(names) > SHOWN else "")


def metric(study: Study, scores: Scores) -> str:
    """Return the metric that all sets of responses allow: the study's own, else r2_pearson where any has only that."""
    names = {study.metric(own[0]) for own in scores.values()}
    return names.pop() if len(names) == 1 else PLAIN


def values(alike: Scores, predicted: Scores, metric: str, baselines: Sequence[str] = ()) -> pd.DataFrame:
    """Return one row per set, region, network and role: similarity at the layer chosen on train sounds, r2 likewise.

    Columns responses, region ("all": every target), model, role ("trained", a control of `weights.CONTROLS` or
    "baseline"), rsa (median over splits, mean over subjects), q25 and q75 (over splits, of the mean over subjects),
    n_subjects (0: unknown), layer (chosen most often), relative (its median depth from 0 to 1), r2 (median over the
    targets and then over splits, at the layer that regression chooses), n_seeds, lowest_seed, highest_seed (of the
    similarity), measure, metric.

    Parameters
    ----------
    alike : set of responses -> of each network, baseline and control what `rsa.score` returns
    predicted : the same networks in the same order, as `encoding.score` returns them
    baselines : the names of those that are baselines
    """
    rows = []
    for kind, own in alike.items():
        for similar, scores in zip(own, predicted[kind], strict=True):
            of_network, r2 = _nested(similar), _r2(scores, metric)
            rows += [{SET: kind, **_origin(similar, baselines), **row, "r2": r2[row[REGION]]} for row in of_network]
    grouped = pd.DataFrame(rows).groupby([*PANEL, MODEL, "role"], sort=False)
    found = grouped[["rsa", "q25", "q75", "n_subjects", LAYER, "relative", "r2"]].median()
    seeds = {"n_seeds": grouped[SEED].nunique()}
    seeds |= {"lowest_seed": grouped["rsa"].min(), "highest_seed": grouped["rsa"].max()}
    found = found.assign(**seeds, **{MEASURE: _measure(alike), METRIC: metric}).reset_index()
    return found.astype({"n_subjects": int})


def _origin(scores: xr.Dataset, baselines: Sequence[str]) -> dict:
    """Return network, role and seed of what `rsa.score` returned."""
    model = str(scores[MODEL].values)
    if STATE in scores.coords:
        return {MODEL: model, "role": str(scores[STATE].values), SEED: int(scores[SEED])}
    return {MODEL: model, "role": BASELINE if model in baselines else TRAINED, SEED: 0}


def _measure(alike: Scores) -> str:
    return next(iter(alike.values()))[0].attrs[MEASURE]


def _regions(scores: xr.Dataset) -> dict[str, xr.Dataset]:
    """Return what belongs to each region, in the order of the data."""
    names = scores[REGION].values
    return {str(name): scores.isel({AREA: np.flatnonzero(names == name)}) for name in dict.fromkeys(names)}


def _n_subjects(own: xr.Dataset) -> int:
    return int((own[SUBJECT] != "").sum())


def _nested(scores: xr.Dataset) -> list[dict]:
    """Return a row per region of one network."""
    numbers, rows = scores[LAYER].values, []
    for region, own in _regions(rsa.nested(scores)).items():
        value, chosen = own["value"], own["chosen"].values
        q25, q75 = np.quantile(value.mean(AREA), [0.25, 0.75])
        position = np.where(np.isnan(chosen), np.nan, np.searchsorted(numbers, np.nan_to_num(chosen)))
        depth = relative_depth(position, len(numbers))
        row = {REGION: region, "rsa": float(value.median(SPLIT).mean(AREA)), "q25": q25, "q75": q75}
        row |= {"n_subjects": _n_subjects(own), LAYER: _most_frequent(chosen)}
        rows.append(row | {"relative": float(np.nanmedian(depth)) if np.isfinite(depth).any() else np.nan})
    return rows


def _most_frequent(layers: np.ndarray) -> float:
    known, counts = np.unique(layers[np.isfinite(layers)], return_counts=True)
    return float(known[counts.argmax()]) if len(known) else np.nan


def _r2(scores: xr.Dataset, metric: str) -> dict[str, float]:
    """Return the median r2 over targets and splits of each region, at the layer chosen for each target."""
    found = stats.nested_best(scores, metric)["value"].transpose(SPLIT, TARGET).values
    return {name: float(np.median(np.median(found[:, own], 1))) for name, own in rsa.regions(scores).items()}


def curves(alike: Scores, baselines: Sequence[str] = ()) -> pd.DataFrame:
    """Return the similarity on the test sounds of every layer, whether chosen or not.

    Columns responses, region, model, role, layer, relative (0 the first layer, 1 the last), rsa (median over splits,
    mean over subjects; over the seeds of a control the median), low and high (over seeds), n_subjects, measure.
    """
    parts = []
    for kind, own in alike.items():
        for one in own:
            depth = relative_depth(np.arange(float(one.sizes[LAYER])), one.sizes[LAYER])
            for region, part in _regions(one).items():
                columns = {LAYER: one[LAYER].values, "relative": depth}
                columns |= {"rsa": part["test"].median(SPLIT).mean(AREA).values, "n_subjects": _n_subjects(part)}
                parts.append(pd.DataFrame({SET: kind, REGION: region, **_origin(one, baselines), **columns}))
    keys = [*PANEL, MODEL, "role", LAYER, "relative", "n_subjects"]
    grouped = pd.concat(parts, ignore_index=True).groupby(keys, sort=False, dropna=False)["rsa"]
    found = pd.DataFrame({"rsa": grouped.median(), "low": grouped.min(), "high": grouped.max()})
    return found.reset_index().assign(**{MEASURE: _measure(alike)})


def together(curves: pd.DataFrame, predicted: Scores, metric: str) -> pd.DataFrame:
    """Return the rows of `curves` of trained networks, with the median r2 over targets and then over splits beside.

    Columns responses, region, model, layer, relative, rsa, r2, measure, metric.

    Parameters
    ----------
    predicted : set of responses -> what `encoding.score` returns of each network; controls and baselines are left out
    """
    parts = []
    for kind, own in predicted.items():
        for one in (one for one in own if STATE not in one.coords):
            values = one[metric].transpose(LAYER, SPLIT, TARGET).values
            for region, members in rsa.regions(one).items():
                columns = {LAYER: one[LAYER].values, "r2": np.median(np.median(values[..., members], -1), -1)}
                parts.append(pd.DataFrame({SET: kind, REGION: region, MODEL: str(one[MODEL].values), **columns}))
    of_network = curves[curves["role"] == TRAINED][[*PANEL, MODEL, LAYER, "relative", "rsa", MEASURE]]
    found = of_network.merge(pd.concat(parts), on=[*PANEL, MODEL, LAYER], how="left", validate="one_to_one")
    return found.assign(**{METRIC: metric})


def by_subject(alike: Scores, baselines: Sequence[str] = ()) -> pd.DataFrame:
    """Return one row per set, region, network and subject: its similarity at the layer chosen on the train sounds.

    Columns responses, region, model, role, subject, n_targets, rsa (median over splits), layer (chosen most often),
    measure. Controls are left out; without subjects there are no rows.
    """
    columns = [*PANEL, MODEL, "role", SUBJECT, "n_targets", "rsa", LAYER]
    rows = []
    for kind, one in ((kind, one) for kind, own in alike.items() for one in own if STATE not in one.coords):
        found, origin = rsa.nested(one).transpose(SPLIT, AREA), _origin(one, baselines)
        medians, chosen = found["value"].median(SPLIT).values, found["chosen"].values
        places = zip(*(found[name].values for name in (REGION, SUBJECT, "n_targets")), strict=True)
        for at, (region, subject, n_targets) in enumerate(places):
            if subject:
                row = {SET: kind, REGION: str(region), **origin, SUBJECT: str(subject), "n_targets": int(n_targets)}
                rows.append(row | {"rsa": float(medians[at]), LAYER: _most_frequent(chosen[:, at])})
    return pd.DataFrame(rows, columns=columns).assign(**{MEASURE: _measure(alike)})


def of_people(table: pd.DataFrame) -> text.Bilingual:
    """Return `by_subject` as a folded table, or a sentence where no subjects can be told apart."""
    return text.both("say.alike_no_subjects") if table.empty else text.table(table, fold=True)


def ceilings(bounds: Mapping[str, xr.Dataset], people: Mapping[str, xr.Dataset]) -> pd.DataFrame:
    """Return what similarity and regression reach between people, per set and region; missing where it is unknown.

    Columns responses, region, n_subjects, lower and upper (ceilings of the similarity), r2_people (how well a subject's
    targets are predicted from the others'), measure, metric: medians over splits, means over subjects.

    Parameters
    ----------
    bounds : set of responses -> what `rsa.ceilings` returns
    people : set of responses -> what `rsa.inter_subject` returns
    """
    rows = []
    for kind, of_set in bounds.items():
        predicted = _regions(people[kind])
        for region, own in _regions(of_set).items():
            row = {SET: kind, REGION: region, "n_subjects": _n_subjects(own)}
            row |= {end: float(own[end].median(SPLIT).mean(AREA)) for end in ("lower", "upper")}
            row |= {"r2_people": float(predicted[region]["value"].median(SPLIT).mean(AREA))}
            rows.append(row | {MEASURE: of_set.attrs[MEASURE], METRIC: people[kind].attrs[METRIC]})
    return pd.DataFrame(rows)


def limits(table: pd.DataFrame) -> text.Bilingual:
    """Return a sentence per set of `ceilings`: what they are, or why they are unknown."""
    said = []
    for row in table[table[REGION] == ALL].itertuples():
        words = {"kind": _target(row.responses, ALL), "n": row.n_subjects}
        if np.isnan(row.upper):
            said.append(text.both("say.alike_unknown" if row.n_subjects == 0 else "say.alike_alone", **words))
            continue
        words |= {"lower": row.lower, "upper": row.upper, "r2": row.r2_people, METRIC: _metric(row.metric)}
        said.append(text.both("say.alike_ceiling", **words))
    return text.markdown(said)


def sentences(table: pd.DataFrame) -> text.Bilingual:
    """Return a sentence per network of `values`, then one per set: how much similarity and r2 agree over networks."""
    whole = table[table[REGION] == ALL]
    said = [_of_network(model, whole) for model in dict.fromkeys(whole.loc[whole["role"] == TRAINED, MODEL])]
    for kind, own in whole.groupby(SET, sort=False):
        trained = own[own["role"] == TRAINED]
        known = trained.dropna(subset=["rsa", "r2"])
        if len(known) >= FEWEST and (known[["rsa", "r2"]].nunique() > 1).all():
            r = float(known["rsa"].corr(known["r2"]))
            said.append(text.both("say.alike_agreement", kind=_target(kind, ALL), n=len(known), r=r))
    return text.markdown(said)


def _of_network(model: str, whole: pd.DataFrame) -> text.Bilingual:
    own = whole[whole[MODEL] == model]

    def facts(labeller: text.Labeller) -> str:
        return "; ".join(_fact(row, own, labeller) for row in own[own["role"] == TRAINED].itertuples())

    return text.both("say.alike_network", model=lambda labeller: labeller.name("model", model), facts=facts)


def _fact(row, own: pd.DataFrame, labeller: text.Labeller) -> str:
    words = {"target": _target(row.responses, ALL)(labeller), METRIC: labeller.name("metric", row.metric)}
    if np.isnan(row.rsa):
        return labeller("say.alike_none", **words)
    beside = own[own[SET] == row.responses].set_index("role")["rsa"].reindex(CONTROLS).dropna()
    controls = "".join(labeller(f"alike_control.{role}", rsa=float(value)) for role, value in beside.items())
    numbers = {"rsa": float(row.rsa), "r2": float(row.r2), "layer": int(row.layer)}
    return labeller("say.alike_fact", controls=controls, **numbers, **words)


def _target(kind: str, region: str) -> Callable[[text.Labeller], str]:
    return lambda labeller: title(labeller, kind, region)


def _metric(name: str) -> Callable[[text.Labeller], str]:
    return lambda labeller: labeller.name("metric", name)
