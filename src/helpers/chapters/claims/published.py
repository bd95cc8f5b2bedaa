"""Published values for the tests of claims, in the shapes that `evidence` takes (see `run.Run`)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.brain import nh2015, published
from helpers.chapters.claims.evidence import METRIC, Evidence
from helpers.chapters.claims.run import MAIN
from helpers.chapters.regularisation.analysis import PUBLISHED_FIGURE
from helpers.chapters.voxelwise.tables import PRIMARY
from helpers.names import LAYER, MODEL, SPLIT, TARGET
from helpers.stats.layers import best_rows, relative_depth

SHARE = np.nan  # of sounds that train: figures show medians, as if of a single split, so there are no intervals


class Figures:
    """The digitised figures with the methods of `Run`, so that a claim's own test computes the published number."""

    def trio(self) -> tuple[pd.DataFrame, float]:
        """Return the published medians of the three networks, as scores of a single split."""
        return _as_scores(published.table("components_by_layer"), METRIC), SHARE

    def layered(self) -> tuple[pd.DataFrame, str, float]:
        """Return the same without the last layer, which was the sum of both branches."""
        rows, share = self.trio()
        return rows[rows[LAYER] < rows[LAYER].max()], MAIN, share

    def series(self) -> tuple[pd.DataFrame, str, float]:
        """Return the published learning curves, which are those of the mixture."""
        rows = _as_scores(published.table("learning_dynamics"), METRIC)
        return rows.assign(**{MODEL: MAIN}), MAIN, SHARE

    def group(self, name: str) -> tuple[str, ...]:
        """Return the components of a group."""
        return tuple(component for component, group in nh2015.GROUPS.items() if group == name)

    def component(self, name: str) -> tuple[str, ...]:
        """Return one component as a group of its own."""
        return (name,)

    def estimators(self) -> tuple[pd.DataFrame, float]:
        """Return the published R2 by estimator, layer and component."""
        table = published.table("ridge_vs_lasso")
        return _as_scores(table[table["figure"] == PUBLISHED_FIGURE], "r2_determination"), SHARE


FIGURES = Figures()


def _as_scores(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    return table.rename(columns={"component": TARGET, "median_r2": metric}).assign(**{SPLIT: 1})


def model_difference(better: str, worse: str) -> Evidence:
    """Return the difference of two bars in the figure of models, noise-corrected r2 over all regions."""
    bars = published.table("models").set_index("model")["median_r2_c"]
    return Evidence(float(bars[f"EnCodecMAE-{better}"] - bars[f"EnCodecMAE-{worse}"]), over="subjects")


def voxel_depth_effect() -> Evidence:
    """Return the mean of the deeper half of the layers minus that of the shallower half, over all voxels."""
    table = published.table("voxelwise_by_layer")
    values = table[table["model"] == MAIN].sort_values(LAYER)["median_r2_c"]
    half = len(values) // 2
    return Evidence(float(values.iloc[-half:].mean() - values.iloc[:half].mean()), over="subjects")


def hierarchy() -> Evidence:
    """Return the relative depth of the best layer, other regions minus Primary, without the merged last layer."""
    table = published.table("roi_by_layer")
    table = table[table[LAYER] < table[LAYER].max()]
    best = best_rows(table, ["roi"], "median_r2_c").set_index("roi")[LAYER]
    depth = pd.Series(relative_depth(best.to_numpy() - 1, int(table[LAYER].max())), best.index)
    return Evidence(float(depth.drop(PRIMARY).mean() - depth[PRIMARY]), over="subjects")


def sign_of_branches() -> float:
    """Return whether the last right branch resembles the first left one more (1) or less (-1) than its own left one."""
    colours = published.table("cka").set_index(["row_x1", "col_x0"])["viridis_position"]
    last, first = 9, 0  # indices of branches in that figure; 10 and 11 are the decoder's
    return float(np.sign(colours[last, first] - colours[last, last]))
