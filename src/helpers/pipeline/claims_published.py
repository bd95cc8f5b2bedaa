"""The original study's number for each claim: from its digitised figures, by the formula that this run's comes from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from helpers import claims, published
from helpers.claims import Evidence
from helpers.names import LAYER, MODEL, SPLIT, TARGET


def value(name: str) -> float:
    """The same number from the published figures; NaN where they do not hold it."""
    return PUBLISHED[name]().value if name in PUBLISHED else np.nan


def sign(name: str) -> float:
    """Where only colours were published, whether the number was above (1) or below (-1) zero; NaN elsewhere."""
    if name != "right_is_first":
        return np.nan
    colours = published.table("cka").set_index(["row_x1", "col_x0"])["viridis_position"]
    last, first = 9, 0  # branch indices of that figure; 10 and 11 are the decoder's
    return float(np.sign(colours[last, first] - colours[last, last]))


def _components() -> pd.DataFrame:
    """The published medians in the shape of scores of a single split."""
    frame = published.table("components_by_layer").rename(columns={"component": TARGET, "median_r2": "r2_pearson"})
    return frame.assign(**{SPLIT: 1})


def _unmerged() -> pd.DataFrame:
    frame = _components()
    return frame[frame[LAYER] < frame[LAYER].max()]


def _dynamics() -> pd.DataFrame:
    frame = published.table("learning_dynamics").rename(columns={"component": TARGET, "median_r2": "r2_pearson"})
    return frame.assign(**{SPLIT: 1, MODEL: "mixture"})


def _estimators() -> pd.DataFrame:
    frame = published.table("ridge_vs_lasso").query("figure == 'models_alphas.png'")
    return frame.rename(columns={"component": TARGET, "median_r2": "r2_determination"}).assign(**{SPLIT: 1})


def _bars(better: str, worse: str) -> Evidence:
    bars = published.table("models").set_index("model")["median_r2_c"]
    return Evidence(float(bars[f"EnCodecMAE-{better}"] - bars[f"EnCodecMAE-{worse}"]), over="subjects")


def _published_voxel_deeper() -> Evidence:
    frame = published.table("voxelwise_by_layer").query("model == 'mixture'").sort_values(LAYER)["median_r2_c"]
    half = len(frame) // 2
    return Evidence(float(frame.iloc[-half:].mean() - frame.iloc[:half].mean()), over="subjects")


def _published_depth() -> Evidence:
    frame = published.table("roi_by_layer")
    frame = frame[frame[LAYER] < frame[LAYER].max()]  # the merged one
    best = frame.loc[frame.groupby("roi")["median_r2_c"].idxmax()].set_index("roi")[LAYER]
    depth = (best - 1) / (frame[LAYER].max() - 1)
    return Evidence(float(depth.drop("Primary").mean() - depth["Primary"]), over="subjects")


PUBLISHED: dict[str, Callable[[], Evidence]] = {
    "deeper_better": lambda: claims.deeper(_unmerged(), "mixture", 0.5),
    "acoustic_early": lambda: claims.acoustic_depth(_unmerged(), "mixture", 0.5),
    "speech_music_deeper": lambda: claims.learned_depth(_unmerged(), "mixture", 0.5),
    "mixture_best": lambda: claims.ahead(_components(), "mixture", 0.5),
    "speech_worst": lambda: claims.behind(_components(), "speech", 0.5),
    "speech_not_its_own": lambda: -claims.ahead(_components(), "speech", 0.5, ("speech",)),
    "music_at_music": lambda: claims.ahead(_components(), "music", 0.5, ("music",)),
    "music_at_lowfreq": lambda: claims.ahead(_components(), "music", 0.5, ("lowfreq",)),
    "late_learners": lambda: claims.late_learners(_dynamics(), "mixture", 0.5),
    "first_layers_longer": lambda: claims.first_layers_longer(_dynamics(), "mixture", 0.5),
    "ridge_lasso_agree": lambda: claims.ridge_ahead(_estimators(), 0.5),
    "voxel_deeper": _published_voxel_deeper,
    "voxel_mixture_music": lambda: _bars("Mixture", "Music"),
    "voxel_music_speech": lambda: _bars("Music", "Speech"),
    "primary_early": _published_depth,
}
