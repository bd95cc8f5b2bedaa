"""Shared helpers for alternative text, and for the sentences that say the same."""

from __future__ import annotations

import pandas as pd

from helpers.names import MODEL
from helpers.stats.references import BASELINE, rivals
from helpers.text import Labeller

MATCHED = "matched"  # a control that was trained, too


def ends(rows: pd.DataFrame, by: str, value: str) -> dict[str, float | int]:
    """Return the values at the lowest and the highest `by`: `first`, `last`, and where: `first_layer`, `last_layer`."""
    first, last = rows.nsmallest(1, by).iloc[0], rows.nlargest(1, by).iloc[0]
    return {
        "first": float(first[value]),
        "last": float(last[value]),
        f"first_{by}": int(first[by]),
        f"last_{by}": int(last[by]),
    }


def highest(frame: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    """Return the row with the highest value of every group, in the order of the groups; of equals the first."""
    known = frame.dropna(subset=value).reset_index(drop=True)
    return known.sort_values(value, ascending=False, kind="stable").drop_duplicates(by).sort_index()


def against(beside: pd.DataFrame, value: float, labeller: Labeller) -> str:
    """Return a sentence, with a space before it, on the baselines and controls that are as high as a network's value.

    Where none is, how high the highest reaches: whether that is lower by more than chance is not said here. Empty where
    nothing stands beside the networks.

    Parameters
    ----------
    beside : role, model and median_r2 of the baselines and controls of one target
    """
    if beside.empty:
        return ""
    found = rivals(beside, value)
    if found.empty:
        roles = set(beside["role"])
        only = "rivals.no_baseline" if roles == {BASELINE} else "rivals.no_control"
        key = "rivals.none" if BASELINE in roles and len(roles) > 1 else only
        return labeller(key, r2=float(beside["median_r2"].max())) if beside["median_r2"].notna().any() else ""
    trained = found["role"] == MATCHED  # on other sounds: such a control says nothing of networks as such
    said = "" if trained.all() else labeller("rivals.untaught", names=_reached(found[~trained], labeller))
    if trained.any():
        said += labeller("rivals.matched_too" if said else "rivals.matched", names=_reached(found[trained], labeller))
    return said


def _reached(found: pd.DataFrame, labeller: Labeller) -> str:
    return "; ".join(
        labeller(f"rival.{role}", model=labeller.name("model", model), r2=float(r2))
        for role, model, r2 in zip(found["role"], found[MODEL], found["median_r2"], strict=True)
    )
