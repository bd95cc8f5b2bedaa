"""What the seed of training changes: the same networks, trained several times on the same sounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pandas as pd
import xarray as xr

from helpers import encoding, stats, text
from helpers.chapters import claims
from helpers.names import METRIC, MODEL, SEED, SPLIT, TARGET
from helpers.study import Study
from helpers.study.study import BASELINES

PLAIN = "r2_pearson"
UNHEARD = 0  # in place of a seed: networks that never heard what they are tested on


def values(study: Study, measured: xr.DataArray) -> pd.DataFrame:
    """Return the r2 of every network that is trained here, from every seed: seed (1: the study's), model, target, r2,
    metric.

    At the layer chosen on the train sounds, mean over splits. Empty where the study trains once, or nothing.
    """
    rows = []
    for number, one in enumerate(_several(study), start=1):
        score = partial(one.keep, encoding.score, responses=measured, splits=one.splits, **one.encoding)
        for name in one.trained_here:
            found = stats.nested_best(score(features=one.features(name)), PLAIN)["value"].mean(SPLIT)
            own = {SEED: number, MODEL: name}
            rows += [own | {TARGET: str(t), "r2": float(found.sel({TARGET: t}))} for t in found[TARGET].values]
    return pd.DataFrame(rows, columns=[SEED, MODEL, TARGET, "r2"]).assign(**{METRIC: PLAIN})


def baselines(study: Study, measured: xr.DataArray) -> pd.DataFrame:
    """Return the highest baseline of each target, as `values` has the networks: model, target, r2, metric.

    Empty where the study trains once, or has no baselines.
    """
    score = partial(study.keep, encoding.score, responses=measured, splits=study.splits, **study.encoding)
    rows = []
    for features in study.references([BASELINES]) if _several(study) else []:
        scores = score(features=features)
        found = stats.nested_best(scores, PLAIN)["value"].mean(SPLIT)
        own = {MODEL: str(scores[MODEL].values)}
        rows += [own | {TARGET: str(t), "r2": float(found.sel({TARGET: t}))} for t in found[TARGET].values]
    table = pd.DataFrame(rows, columns=[MODEL, TARGET, "r2"]).assign(**{METRIC: PLAIN})
    return table.sort_values("r2", ascending=False, kind="stable").drop_duplicates(TARGET)


def _several(study: Study) -> list[Study]:
    trained = study.retrained()
    return trained if len(trained) > 1 and study.trained_here and _is_nested(study) else []


def _is_nested(study: Study) -> bool:
    """Return whether the estimator says which layer the train sounds would choose."""
    return study.parameters.encoding.estimator == "ridge"


def verdicts(study: Study) -> pd.DataFrame | None:
    """Return each claim's number and verdict from every seed: claim, seed (0: as reported), value, verdict.

    Of the claims that the study tests, but for `claims.SLOW`. Those that are judged on networks that never heard what
    they are tested on are seed 0; from seed 1 on, networks have heard all sounds. None where the study trains
    once, or has no chapter on claims.
    """
    several = _several(study)
    if not several or claims.CHAPTER.name not in study.parameters.chapters:
        return None
    first = claims.table(study)
    tables = [claims.again(one, first).assign(**{SEED: number}) for number, one in enumerate(several, start=1)]
    if study.parameters.unheard:
        heard = [name for name in tables[0]["claim"] if not claims.CLAIMS[name].on]  # of branches, not of prediction
        apart = first["claim"].isin(tables[0]["claim"]) & ~first["claim"].isin(heard)
        tables.insert(0, first[apart].assign(**{SEED: UNHEARD}))
    return pd.concat(tables, ignore_index=True)[["claim", SEED, "value", "verdict"]]


def spread(values: pd.DataFrame) -> pd.DataFrame:
    """Return how far apart the seeds are, the furthest first: model, target, low, high, spread."""
    found = values.groupby([MODEL, TARGET], sort=False)["r2"].agg(low="min", high="max").reset_index()
    return found.assign(spread=found["high"] - found["low"]).sort_values("spread", ascending=False, kind="stable")


def changed(verdicts: pd.DataFrame) -> list[str]:
    """Return the claims whose verdict is not the same from every seed, and for networks that never heard the tests."""
    n_verdicts = verdicts.groupby("claim", sort=False)["verdict"].nunique()
    return n_verdicts.index[n_verdicts > 1].tolist()


def sentences(values: pd.DataFrame, verdicts: pd.DataFrame | None) -> text.Bilingual:
    """Return how much the seed changes, and which verdicts it changes; or that the study trains once."""
    if values.empty:
        return text.both("seeds.once")
    most = spread(values)
    top = most.iloc[0]
    words = {"model": lambda labeller: labeller.name("model", top[MODEL])}
    words |= {"target": lambda labeller: labeller.name("target", top[TARGET])}
    numbers = {"n": int(values[SEED].max()), "low": float(top["low"]), "high": float(top["high"])}
    said = [text.both("seeds.spread", median=float(most["spread"].median()), **numbers, **words)]
    if verdicts is not None:
        names, n = changed(verdicts), verdicts["claim"].nunique()
        which = "changed" if names else "same" if n else "untested"
        said.append(text.both(f"seeds.{which}", n=n, k=len(names), names=_claims(names)))
        said += [text.both("seeds.unheard")] if n and (verdicts[SEED] == UNHEARD).any() else []
    return text.paragraph(said)


def _claims(names: list[str]) -> Callable[[text.Labeller], str]:
    return lambda labeller: "; ".join(labeller(f"claim.{name}").rstrip(".") for name in names)


def shown(verdicts: pd.DataFrame | None) -> text.Bilingual | None:
    """Return a table of the claims, with the verdict and the number from each seed; None where there is none."""
    if verdicts is None or verdicts.empty:
        return None
    unheard = verdicts[SEED] == UNHEARD
    apart = [unheard, ~unheard] if unheard.any() else [~unheard]
    rows = [
        [
            lambda labeller, name=name: labeller(f"claim.{name}"),
            *(column for own in apart for column in _columns(verdicts[own & (verdicts["claim"] == name)])),
        ]
        for name in verdicts["claim"].unique()
    ]
    heads = ["verdict_unheard", "value_unheard"] * (len(apart) - 1) + ["verdict_by_seed", "value_by_seed"]
    return text.cells(rows, ("claim", *heads))


def _columns(own: pd.DataFrame) -> Iterator[Callable[[text.Labeller], str]]:
    """Yield the verdicts, then the numbers, of a claim from each seed."""
    ordered = own.sort_values(SEED)
    yield partial(_joined, [f"verdict.{one}" for one in ordered["verdict"]])
    yield lambda labeller: " · ".join(labeller.number(value, 3) for value in ordered["value"]) or "–"


def _joined(keys: list[str], labeller: text.Labeller) -> str:
    return " · ".join(map(labeller, keys)) or "–"
