"""What several alternative texts say of the numbers that their figures draw."""

from __future__ import annotations

import pandas as pd


def ends(rows: pd.DataFrame, by: str, value: str) -> dict[str, float | int]:
    """The values at the lowest and the highest `by`: `first`, `last`, and where: `first_layer`, `last_layer`."""
    low, high = rows[by].idxmin(), rows[by].idxmax()
    return {
        "first": float(rows.loc[low, value]),
        "last": float(rows.loc[high, value]),
        f"first_{by}": int(rows.loc[low, by]),
        f"last_{by}": int(rows.loc[high, by]),
    }
