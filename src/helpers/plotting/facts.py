"""Shared helpers for alternative text."""

from __future__ import annotations

import pandas as pd


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
