"""The original study's claims: this run's number for each, the published one, a verdict, and all of it in words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers import text
from helpers.chapters.claims.claim import (
    CONTRADICTS,
    FAILS,
    HOLDS,
    HYPOTHESES,
    OPEN,
    SUPPORTS,
    UNDECIDED,
    UNTESTABLE,
    Claim,
)
from helpers.chapters.claims.claims import CLAIMS
from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.run import Missing, Run
from helpers.study import Study

DIGITS = 3  # of a claim's numbers: some published ones are as small as 0.002
SIGNS = {HOLDS: "✓", FAILS: "✗", UNDECIDED: "?", UNTESTABLE: "–"}


def table(study: Study) -> pd.DataFrame:
    """Return one row per claim, in their order.

    Columns claim, threshold, above, published, published_sign, value, low, high, over, verdict, why; numbers are NaN
    where the study, or a figure, does not have them. Synthetic data have numbers, but no verdict.
    """
    run = Run(study)
    return pd.DataFrame([_row(claim, run) for claim in CLAIMS.values()])


def _row(claim: Claim, run: Run) -> dict:
    row = {"claim": claim.name, "threshold": claim.threshold, "above": claim.above}
    row["published"] = np.nan if claim.published is None else claim.published().value
    row["published_sign"] = np.nan if claim.published_sign is None else claim.published_sign()
    try:
        evidence = claim.test(run)
    except Missing as error:
        return row | vars(Evidence(np.nan, over="")) | {"verdict": UNTESTABLE, "why": str(error)}
    if run.study.brain.synthetic:
        return row | vars(evidence) | {"verdict": UNTESTABLE, "why": "synthetic"}
    verdict = claim.verdict(evidence)
    return row | vars(evidence) | {"verdict": verdict, "why": "interval" if verdict == UNDECIDED else "clear"}


def sentences(study: Study, table: pd.DataFrame) -> text.Bilingual:
    """Return how many claims of `table` hold, and which networks the verdicts are about."""
    counts = table["verdict"].value_counts()
    numbers = {name: int(counts.get(name, 0)) for name in SIGNS}
    said = [text.both("say.verdicts", n=len(table), **numbers)]
    said += [text.both("say.no_verdicts")] if study.brain.synthetic else []
    said += [text.both("say.small_networks")] if study.trains_here else []
    return text.markdown(said)


def shown(table: pd.DataFrame) -> text.Bilingual:
    """Return `table` in words: claim and test, this run's number, the published one, the verdict and why."""
    return text.cells([_cells(row) for _, row in table.iterrows()], ("claim", "this_run", "published", "verdict"))


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


def _number(row: pd.Series, labeller: text.Labeller) -> str:
    if np.isnan(row["low"]):
        return labeller.number(row["value"], DIGITS)
    bounds = {"low": float(row["low"]), "high": float(row["high"]), "over": labeller(f"over.{row.over}")}
    return f"{labeller.number(row['value'], DIGITS)}|{labeller('say.interval', **bounds)}"


def _as_published(row: pd.Series, labeller: text.Labeller) -> str:
    if np.isnan(row["published_sign"]):
        return labeller.number(row["published"], DIGITS)
    return f"{'>' if row['published_sign'] > 0 else '<'} 0|{labeller('say.only_sign')}"


def hypotheses(table: pd.DataFrame) -> text.Bilingual:
    """Return what the verdicts mean for each hypothesis: claims that support it, contradict it, or leave it open."""
    verdicts = table.set_index("claim")["verdict"]
    effects = (SUPPORTS, CONTRADICTS, OPEN)
    rows = [[_hypothesis(name), *(_having(effect, name, verdicts) for effect in effects)] for name in HYPOTHESES]
    return text.cells(rows, ("hypothesis", *effects))


def _hypothesis(name: str) -> Callable[[text.Labeller], str]:
    return lambda labeller: labeller(f"hypothesis.{name}")


def _having(effect: str, hypothesis: str, verdicts: pd.Series) -> Callable[[text.Labeller], str]:
    about = [claim for claim in CLAIMS.values() if claim.hypothesis == hypothesis]
    names = [claim.name for claim in about if claim.effect(verdicts[claim.name]) == effect]

    def said(labeller: text.Labeller) -> str:
        return " ".join(f"{SIGNS[verdicts[name]]} {labeller(f'claim.{name}')}" for name in names) or "·"

    return said
