"""Chapter 07: the original study's claims, this run's number for each, the published one, and a verdict."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import xarray as xr

from helpers import claims, selection, similarity, splits, text, voxels
from helpers.aggregation import bootstrap_interval
from helpers.claims import Evidence
from helpers.names import BRANCH, ESTIMATOR, LAYER, MODEL, OUTPUT, SOUND, SPLIT, STEP, SUBJECT, TOWER
from helpers.pipeline import claims_published, components, regularisation, voxelwise
from helpers.pipeline.work import Work

TRIO = ("mixture", "music", "speech")
DIGITS = 3  # of a claim's numbers: some published ones are as small as 0.002
SIGNS = {claims.HOLDS: "✓", claims.FAILS: "✗", claims.UNDECIDED: "?", claims.UNTESTABLE: "–"}


class Missing(Exception):
    """What this study lacks for a claim: a key of `why.*`."""


@cache
def table(work: Work) -> pd.DataFrame:
    """One row per claim: value, low, high, over, threshold, published, verdict, reason."""
    rows = [_row(work, claim) for claim in claims.CLAIMS]
    return work.kept("claims", pd.DataFrame(rows))


def _row(work: Work, claim: claims.Claim) -> dict:
    row = {"claim": claim.name, "threshold": claim.threshold, "above": claim.above}
    row |= {"published": claims_published.value(claim.name), "published_sign": claims_published.sign(claim.name)}
    try:
        evidence = TESTS[claim.name](work)
    except Missing as error:
        nothing = Evidence(np.nan, over="")
        return row | vars(nothing) | {"verdict": claims.UNTESTABLE, "why": str(error)}
    if work.brain.synthetic:
        return row | vars(evidence) | {"verdict": claims.UNTESTABLE, "why": "synthetic"}
    verdict = claim.verdict(evidence)
    return row | vars(evidence) | {"verdict": verdict, "why": "interval" if verdict == claims.UNDECIDED else "clear"}


def _share(work: Work) -> float:
    return float(work.train.isel({SPLIT: 0}).mean())


def _main(work: Work) -> str:
    """The model that claims about a single model are about: the mixture, or the study's first."""
    return "mixture" if "mixture" in work.model_names else work.model_names[0]


def _rows(work: Work, last: bool = True) -> pd.DataFrame:
    if work.brain.components is None:
        raise Missing("no_components")
    table = components.scores(work)
    return table[table[STEP] == table.groupby(MODEL)[STEP].transform("max")] if last else table


def _trio(work: Work) -> pd.DataFrame:
    if not set(TRIO) <= set(work.model_names):
        raise Missing("no_trio")
    rows = _rows(work)
    return rows[rows[MODEL].isin(TRIO)]


def _layered(work: Work) -> tuple[pd.DataFrame, str, float]:
    """Scores whose layers can be compared: without a merged last one, which is unlike all others."""
    rows, model = _rows(work), _main(work)
    rows = rows[rows[LAYER] < rows.groupby(MODEL)[LAYER].transform("max")] if work.merged_last else rows
    if rows.loc[rows[MODEL] == model, LAYER].nunique() < 3:
        raise Missing("few_layers")
    return rows, model, _share(work)


def _series(work: Work) -> tuple[pd.DataFrame, str, float]:
    rows, model = _rows(work, last=False), _main(work)
    if rows.loc[rows[MODEL] == model, STEP].nunique() < 3:
        raise Missing("no_series")
    return rows, model, _share(work)


def _right_is_first(work: Work) -> Evidence:
    """CKA of the last layer's right branch with the first layer's left one minus that with its own left one."""
    layers = _encoder(work)["activations"]
    wanted = (("right", -1), ("left", -1), ("left", 0))
    right, left, first = (layers.sel({BRANCH: branch}).isel({LAYER: layer}).values for branch, layer in wanted)
    return _jackknifed(work, lambda kept: _cka(right, first, kept) - _cka(right, left, kept))


def _merged_mixes(work: Work) -> Evidence:
    """CKA of the merged output with the first layer minus that of the last layer's left branch with the first."""
    encoder = _encoder(work)
    layers = encoder["activations"].sel({BRANCH: "left"}).values
    merged, left, first = encoder["merged"].sel({OUTPUT: "encoder"}).values, layers[-1], layers[0]
    return _jackknifed(work, lambda kept: _cka(merged, first, kept) - _cka(left, first, kept))


def _encoder(work: Work) -> xr.Dataset:
    """The encoder's activations at the last checkpoint."""
    last = work.activations(_main(work)).isel({STEP: -1})
    return last.isel({LAYER: (last[TOWER] == "encoder").values})


def _jackknifed(work: Work, statistic: Callable[[np.ndarray], float]) -> Evidence:
    return claims.jackknifed(statistic, work.brain.waveforms.sizes[SOUND], work.study.seed)


def _cka(one: np.ndarray, other: np.ndarray, kept: np.ndarray) -> float:
    return similarity.cka(one[kept], other[kept], debiased=True)


def _ridge_lasso(work: Work) -> Evidence:
    if work.brain.components is None:
        raise Missing("no_components")
    if "06_regularisation" not in work.study.chapters:
        raise Missing("no_lasso")
    compared = regularisation.compared(work, _main(work)).sel({ESTIMATOR: ["ridge", "lasso"]})
    half = splits.permuted(list(work.brain.waveforms[SOUND].values))["half"]
    return claims.ridge_ahead(selection.rows(compared), float((half == "train").mean()))


def _by_subject(work: Work) -> xr.DataArray:
    """r2 (model, layer, subject) of voxels; raises Missing for data without voxels or subjects."""
    if work.brain.voxels is None:
        raise Missing("no_voxels")
    if SUBJECT not in work.brain.voxels.coords or len(set(work.brain.voxels[SUBJECT].values)) < 3:
        raise Missing("no_subjects")
    parts = [voxels.subject_medians(voxelwise.scores(work, name)) for name in work.model_names]
    return xr.concat(parts, pd.Index(work.model_names, name=MODEL), coords="minimal", compat="override")


def _voxel_deeper(work: Work) -> Evidence:
    values = _by_subject(work).sel({MODEL: _main(work)}, drop=True)
    half = values.sizes[LAYER] // 2
    difference = values.isel({LAYER: slice(-half, None)}).mean(LAYER) - values.isel({LAYER: slice(half)}).mean(LAYER)
    return _over_subjects(work, difference)


def _voxel_models(better: str, worse: str) -> Callable[[Work], Evidence]:
    def test(work: Work) -> Evidence:
        if not {better, worse} <= set(work.model_names):
            raise Missing("no_trio")
        _ = _by_subject(work)
        one, two = (voxels.chosen_layer(voxelwise.scores(work, name)) for name in (better, worse))
        return _over_subjects(work, one - two)

    return test


def _over_subjects(work: Work, values: xr.DataArray) -> Evidence:
    low, high = bootstrap_interval(values, work.study.seed).values
    return Evidence(float(values.mean()), float(low), float(high), "subjects")


def _primary_early(work: Work) -> Evidence:
    """A merged last layer is left out, as in the published map: it is unlike all others."""
    _ = _by_subject(work)
    table = voxelwise.hierarchy(work, last=not work.merged_last)
    table = table[(table[MODEL] == _main(work)) & (table["region"] == "others")]
    if table.empty:
        raise Missing("no_regions")
    return Evidence(*(float(table[column].item()) for column in ("difference", "low", "high")), over="subjects")


TESTS: dict[str, Callable[[Work], Evidence]] = {
    "deeper_better": lambda work: claims.deeper(*_layered(work)),
    "acoustic_early": lambda work: claims.acoustic_depth(*_layered(work)),
    "speech_music_deeper": lambda work: claims.learned_depth(*_layered(work)),
    "mixture_best": lambda work: claims.ahead(_trio(work), "mixture", _share(work)),
    "speech_worst": lambda work: claims.behind(_trio(work), "speech", _share(work)),
    "speech_not_its_own": lambda work: -claims.ahead(_trio(work), "speech", _share(work), ("speech",)),
    "music_at_music": lambda work: claims.ahead(_trio(work), "music", _share(work), ("music",)),
    "music_at_lowfreq": lambda work: claims.ahead(_trio(work), "music", _share(work), ("lowfreq",)),
    "late_learners": lambda work: claims.late_learners(*_series(work)),
    "first_layers_longer": lambda work: claims.first_layers_longer(*_series(work)),
    "right_is_first": _right_is_first,
    "merged_mixes": _merged_mixes,
    "ridge_lasso_agree": _ridge_lasso,
    "voxel_deeper": _voxel_deeper,
    "voxel_mixture_music": _voxel_models("mixture", "music"),
    "voxel_music_speech": _voxel_models("music", "speech"),
    "primary_early": _primary_early,
}


def shown(work: Work) -> text.Bilingual:
    """The table in words: claim and test, this run's number, the published one, the verdict and why."""
    frame = table(work)
    return text.cells([_cells(row) for _, row in frame.iterrows()], ("claim", "this_run", "published", "verdict"))


def _cells(row: pd.Series) -> list[Callable[[text.Labeller], str]]:
    return [
        lambda labeller: f"{labeller(f'claim.{row.claim}')}|{_tested(row, labeller)}",
        lambda labeller: _number(row, labeller),
        lambda labeller: _as_published(row, labeller),
        lambda labeller: f"{SIGNS[row.verdict]} {labeller(f'verdict.{row.verdict}')}|{labeller(f'why.{row.why}')}",
    ]


def _tested(row: pd.Series, labeller: text.Labeller) -> str:
    side = labeller("say.above" if row["above"] else "say.below", threshold=float(row["threshold"]))
    return f"{labeller(f'test.{row.claim}')} {side}"


def _as_published(row: pd.Series, labeller: text.Labeller) -> str:
    if np.isnan(row["published_sign"]):
        return labeller.number(row["published"], DIGITS)
    return f"{'>' if row['published_sign'] > 0 else '<'} 0|{labeller('say.only_sign')}"


def _number(row: pd.Series, labeller: text.Labeller) -> str:
    if np.isnan(row["value"]):
        return "–"
    if np.isnan(row["low"]):
        return labeller.number(row["value"], DIGITS)
    bounds = {"low": float(row["low"]), "high": float(row["high"]), "over": labeller(f"over.{row.over}")}
    return f"{labeller.number(row['value'], DIGITS)}|{labeller('say.interval', **bounds)}"


def hypotheses(work: Work) -> text.Bilingual:
    """What the verdicts mean for each hypothesis: the claims for it, against it, and those that leave it open."""
    verdicts = table(work).set_index("claim")["verdict"]
    weights = (claims.FOR, claims.AGAINST, claims.OPEN)
    rows = [
        [_hypothesis(name), *(_weighing(weight, own, verdicts) for weight in weights)]
        for name, own in claims.HYPOTHESES.items()
    ]
    return text.cells(rows, ("hypothesis", *weights))


def _hypothesis(name: str) -> Callable[[text.Labeller], str]:
    return lambda labeller: labeller(f"hypothesis.{name}")


def _weighing(weight: str, own: dict[str, bool], verdicts: pd.Series) -> Callable[[text.Labeller], str]:
    names = [name for name, supports in own.items() if claims.weighs(verdicts[name], supports) == weight]

    def said(labeller: text.Labeller) -> str:
        return " ".join(f"{SIGNS[verdicts[name]]} {labeller(f'claim.{name}')}" for name in names) or "·"

    return said


def sentences(work: Work) -> text.Bilingual:
    """How many claims hold, and what the verdicts are about."""
    counts = table(work)["verdict"].value_counts()
    numbers = {name: int(counts.get(name, 0)) for name in SIGNS}
    said = [text.both("say.verdicts", n=len(table(work)), **numbers)]
    said += [text.both("say.no_verdicts")] if work.brain.synthetic else []
    said += [text.both("say.small_networks")] if work.trains_here else []
    return text.markdown(said)
