"""The original study's claims: this run's number for each, the published one, a verdict, and all of it in words."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from helpers import text
from helpers.chapters.claims.claim import CONTRADICTS, HYPOTHESES, OPEN, SUPPORTS, Claim
from helpers.chapters.claims.claims import CLAIMS
from helpers.chapters.claims.published import FIGURES
from helpers.chapters.claims.run import Missing, Run
from helpers.chapters.claims.verdict import FAILS, HOLDS, UNDECIDED, UNTESTABLE, WITHIN
from helpers.names import MODEL
from helpers.stats.intervals import holm
from helpers.study import Study

DIGITS = 3  # of a claim's numbers: some published ones are as small as 0.002
SMALLEST = 10**-DIGITS  # of a p that is written as a number
SLOW = ("ridge_lasso_agree",)  # which needs every lasso anew
LIST = ", "  # between networks of a cell
SIGNS = {HOLDS: "✓", FAILS: "✗", UNDECIDED: "?", UNTESTABLE: "–"}


def table(study: Study) -> pd.DataFrame:
    """Return one row per claim, in their order.

    Columns claim, about (the networks that have to predict, as a list), threshold, side, published, published_sign,
    published_note, published_otherwise, untrained, other_side, otherwise, value, low, high, over, p, p_adjusted,
    verdict, why; numbers are NaN where the study, or a figure, does not have them. `other_side` lists the networks of
    which the number lies on the other side of the threshold, for claims about a single one that have a number of
    others, too. `p` is two-sided, and adjusted by Holm's method over the claims that are tested. Synthetic data have
    numbers, but no verdict.
    """
    run = Run.of(study)
    return _judged(pd.DataFrame([_row(claim, run) for claim in CLAIMS.values()]))


def again(study: Study, first: pd.DataFrame) -> pd.DataFrame:
    """Return `table` anew, of the claims that `first`, the table of a like study, had tested.

    Networks have heard all sounds, whatever the study says. Those of SLOW are not tested again; Holm's method takes
    their p from `first`.
    """
    run, tested = Run(study), first[first["verdict"] != UNTESTABLE]
    kept = tested["claim"].isin(SLOW)
    rows = [_row(CLAIMS[name], run) for name in tested.loc[~kept, "claim"]]
    return _judged(pd.DataFrame(rows), tested.loc[kept, "p"].tolist()) if rows else first.iloc[:0]


def _judged(table: pd.DataFrame, others: Sequence[float] = ()) -> pd.DataFrame:
    """Return a table of claims with verdicts; `others`: p of claims beside these, to allow for."""
    evidence = table.pop("evidence")
    tested = table["why"] == ""
    table["p_adjusted"] = holm(np.array([*table["p"].where(tested), *others], float))[: len(table)]
    for at in table.index[tested]:
        verdict = CLAIMS[table.loc[at, "claim"]].verdict(evidence[at], table.loc[at, "p_adjusted"])
        table.loc[at, ["verdict", "why"]] = verdict, reason(verdict, table.loc[at])
    return table


def reason(verdict: str, row: pd.Series) -> str:
    """Return why a claim that was tested got its verdict, by where its interval lies: a key of `why.*`."""
    if verdict != UNDECIDED:
        return "clear" if verdict == HOLDS else "opposite"
    if np.isnan(row["low"]) or np.isnan(row["high"]):
        return "no_interval"
    thresholds = [row["threshold"], -row["threshold"]] if row["side"] == WITHIN else [row["threshold"]]
    return "interval" if any(row["low"] <= one <= row["high"] for one in thresholds) else "adjusted"


def _row(claim: Claim, run: Run) -> dict:
    networks = claim.about or (run.main,)
    row = {"claim": claim.name, "about": LIST.join(networks)}
    row |= {"threshold": claim.threshold, "side": claim.side}
    row["published"] = np.nan if claim.published is None else claim.published().value
    row["published_sign"] = np.nan if claim.published_sign is None else claim.published_sign()
    row |= {
        "published_note": claim.published_note,
        "untrained": np.nan,
        "other_side": "",
        "evidence": None,
        "verdict": UNTESTABLE,
    }
    both = claim.otherwise is not None and claim.published is not None
    row |= {"published_otherwise": claim.otherwise(FIGURES) if both else np.nan, "otherwise": np.nan}
    row |= dict.fromkeys(("value", "low", "high", "p", "p_adjusted"), np.nan) | {"over": ""}
    try:
        evidence = claim.test(run)
        if not np.isfinite(evidence.value):
            raise Missing("nothing_reached")
        why = "synthetic" if run.study.brain.synthetic else ""
        if not why and claim.on:
            why = run.doubt(networks, claim.on, claim.of_training)
    except Missing as error:
        return row | {"why": str(error)}
    row |= {name: getattr(evidence, name) for name in ("value", "low", "high", "over")}
    row |= {"p": min(1.0, 2 * min(claim.p_values(evidence))), "evidence": evidence, "why": why}
    if claim.otherwise is not None:
        row["otherwise"] = claim.otherwise(run)
    if claim.untrained is not None:
        with contextlib.suppress(Missing):
            row["untrained"] = claim.untrained(run).value
    if claim.elsewhere is not None:
        own, others = row["value"] - claim.threshold, claim.elsewhere(run).items()
        row["other_side"] = LIST.join(name for name, value in others if (value - claim.threshold) * own < 0)
    return row


def sentences(study: Study, table: pd.DataFrame) -> text.Bilingual:
    """Return how many claims of `table` hold, and which networks the verdicts are about."""
    counts = table["verdict"].value_counts()
    numbers = {name: int(counts.get(name, 0)) for name in SIGNS}
    said = [text.both("say.verdicts", n=len(table), **numbers)]
    said += about(table)
    said += [text.both("say.no_verdicts")] if study.brain.synthetic else []
    said += [text.both("say.small_networks")] if study.trained_here else []
    said += [text.both("say.unheard")] if study.parameters.unheard else []
    return text.markdown(said)


def named(names: str) -> Callable[[text.Labeller], str]:
    """Return the words for networks that stand in a cell of `table`, as a list in a sentence."""
    return text.listed(MODEL, names.split(LIST))


def about(table: pd.DataFrame) -> list[text.Bilingual]:
    """Return which network the claims about a single one were judged of, as far as any could be."""
    judged = table.loc[table["verdict"] != UNTESTABLE, "about"]
    names = judged[~judged.str.contains(LIST, regex=False)].unique()
    return [text.both("say.about_one", model=text.listed(MODEL, names))] if len(names) else []


def shown(table: pd.DataFrame) -> text.Bilingual:
    """Return `table` in words: claim and test, this run's number, the published one, the verdict and why.

    Claims without a verdict stand behind a line that opens them.
    """
    judged = table["verdict"] != UNTESTABLE
    found = [_in_words(table[judged])] if judged.any() else []
    if not judged.all():
        found.append(text.folded(_in_words(table[~judged]), "say.show_untestable", n=int((~judged).sum())))
    return text.markdown(found)


def _in_words(table: pd.DataFrame) -> text.Bilingual:
    return text.cells([_cells(row) for _, row in table.iterrows()], ("claim", "this_run", "published", "verdict"))


def _cells(row: pd.Series) -> list[Callable[[text.Labeller], str]]:
    return [
        lambda labeller: f"{labeller(f'claim.{row.claim}')}|{_tested(row, labeller)}",
        lambda labeller: _number(row, labeller),
        lambda labeller: _as_published(row, labeller),
        lambda labeller: f"{SIGNS[row.verdict]} {labeller(f'verdict.{row.verdict}')}|{labeller(f'why.{row.why}')}",
    ]


def _tested(row: pd.Series, labeller: text.Labeller) -> str:
    words = {"threshold": float(row["threshold"]), "reason": labeller(f"reason.{row.claim}")}
    side = labeller(f"say.{row.side}", **words)
    return f"{labeller(f'test.{row.claim}')} {side}"


def _number(row: pd.Series, labeller: text.Labeller) -> str:
    said = []
    if not np.isnan(row["low"]):
        bounds = {"low": float(row["low"]), "high": float(row["high"]), "over": labeller(f"over.{row.over}")}
        said.append(labeller("say.interval", **bounds))
    if not np.isnan(row["p_adjusted"]):
        tiny = row["p_adjusted"] < SMALLEST
        said.append(labeller("say.p_below" if tiny else "say.p_adjusted", p=max(float(row["p_adjusted"]), SMALLEST)))
    if not np.isnan(row["untrained"]):
        said.append(labeller("say.before_training", value=float(row["untrained"])))
    if row["other_side"]:
        said.append(labeller("say.other_side", names=named(row["other_side"])(labeller)))
    if not np.isnan(row["otherwise"]):
        said.append(labeller("say.otherwise", value=float(row["otherwise"])))
    return f"{labeller.number(row['value'], DIGITS)}|{'; '.join(said)}"


def _as_published(row: pd.Series, labeller: text.Labeller) -> str:
    if not np.isnan(row["published_sign"]):
        return f"{'>' if row['published_sign'] > 0 else '<'} 0|{labeller('say.only_sign')}"
    number = labeller.number(row["published"], DIGITS)
    noted = row["published_note"] and not np.isnan(row["published"])
    said = [labeller(f"published.{row.published_note}")] if noted else []
    if not np.isnan(row["published_otherwise"]):
        said.append(labeller("say.otherwise", value=float(row["published_otherwise"])))
    return "|".join([number, "; ".join(said)]) if said else number


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
