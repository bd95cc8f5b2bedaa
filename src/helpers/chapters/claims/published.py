"""Published values for the tests of claims, in the shapes that `evidence` takes (see `run.Run`)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from helpers.brain import nh2015, published
from helpers.chapters.claims.evidence import Evidence, depth_contrast, estimate
from helpers.chapters.claims.run import MAIN, TRIO
from helpers.chapters.regularisation.analysis import PUBLISHED_FIGURE
from helpers.chapters.voxelwise.tables import PRIMARY
from helpers.encoding.left_out import VALUE
from helpers.names import LAYER, SPLIT, STEP, TARGET
from helpers.stats.intervals import Estimate

MEDIAN, CURVE_BEST = "median", "curve_best"  # how a figure's number differs from this run's: keys of `published.*`


class Figures:
    """The digitised figures with the methods of `Run`, so that a claim's own test computes the published number.

    Figures show medians over splits, so there is a single split, and no interval; the best layer can only be the one
    where the curve is highest.
    """

    main = MAIN

    def estimate(self, scored: xr.Dataset) -> Estimate:
        """Return the mean, without an error."""
        return estimate(scored, None)

    def by_layer(self, *targets: str) -> xr.Dataset:
        """Return the published medians of the mixture by layer, without the last one, the sum of both branches."""
        table = published.table("components_by_layer")
        own = table[table["model"] == MAIN]
        return _averaged(own[own[LAYER] < own[LAYER].max()], targets, [LAYER])

    def at_best(self, name: str, *targets: str) -> xr.Dataset:
        """Return the highest value of each published curve, mean over components."""
        table = published.table("components_by_layer")
        best = table[table["model"] == name].groupby("component")["median_r2"].max()
        return xr.Dataset({VALUE: (SPLIT, [float(best[list(targets)].mean() if targets else best.mean())])})

    def rivals(self, name: str, *targets: str) -> list[xr.Dataset]:
        """Return the others of the three networks, as `at_best`."""
        return [self.at_best(other, *targets) for other in TRIO if other != name]

    def series(self, *targets: str, layers: slice = slice(None)) -> xr.Dataset:
        """Return the published learning curves, which are those of the mixture, without the merged last layer."""
        table = published.table("learning_dynamics")
        kept = sorted(table.loc[table[LAYER] < table[LAYER].max(), LAYER].unique())[layers]
        return _averaged(table[table[LAYER].isin(kept)], targets, [STEP])

    @property
    def n_plain(self) -> int:
        """How many layers the learning curves have, but for the merged one."""
        return published.table("learning_dynamics")[LAYER].nunique() - 1

    def group(self, name: str) -> tuple[str, ...]:
        """Return the components of a group."""
        return tuple(component for component, group in nh2015.GROUPS.items() if group == name)

    def component(self, name: str) -> tuple[str, ...]:
        """Return one component as a group of its own."""
        return (name,)

    def estimators(self) -> tuple[pd.DataFrame, float]:
        """Return the published R2 by estimator, layer and component, and no share of sounds that train."""
        table = published.table("ridge_vs_lasso")
        table = table[table["figure"] == PUBLISHED_FIGURE]
        names = {"component": TARGET, "median_r2": "r2_determination"}
        return table.rename(columns=names).assign(**{SPLIT: 1}), np.nan


FIGURES = Figures()


def _averaged(table: pd.DataFrame, targets: tuple[str, ...], by: list[str]) -> xr.Dataset:
    kept = table[table["component"].isin(targets)] if targets else table
    means = kept.groupby(by)["median_r2"].mean()
    return xr.Dataset({VALUE: means.to_xarray()}).expand_dims({SPLIT: [1]})


def model_difference(better: str, worse: str) -> Evidence:
    """Return the difference of two bars in the figure of models, noise-corrected r2 over all regions."""
    bars = _bars()
    return Evidence.of(Estimate(float(bars[f"EnCodecMAE-{better}"] - bars[f"EnCodecMAE-{worse}"])))


def lead_over_all_others() -> Evidence:
    """Return the bar of the mixture minus the highest one of another family."""
    bars = _bars()
    others = bars[~bars.index.str.startswith("EnCodecMAE")]
    return Evidence.of(Estimate(float(bars["EnCodecMAE-Mixture"] - others.max())))


def _bars() -> pd.Series:
    return published.table("models").set_index("model")["median_r2_c"].dropna()


def voxel_depth_contrast() -> Evidence:
    """Return the deeper half of the layers minus the shallower half, over all voxels."""
    table = published.table("voxelwise_by_layer")
    return _contrast(table[table["model"] == MAIN])


def region_contrast() -> Evidence:
    """Return the same, mean over the other regions minus Primary, without the merged last layer."""
    table = published.table("roi_by_layer")
    table = table[table[LAYER] < table[LAYER].max()]
    primary = table["roi"] == PRIMARY
    others = table[~primary].groupby(LAYER, as_index=False)["median_r2_c"].mean()
    return Evidence.of(Estimate(_contrast(others).value - _contrast(table[primary]).value))


def _contrast(table: pd.DataFrame) -> Evidence:
    values = xr.Dataset({VALUE: table.set_index(LAYER)["median_r2_c"].sort_index().to_xarray()})
    return Evidence.of(estimate(depth_contrast(values), None))


def sign_of_branches() -> float:
    """Return whether the last right branch resembles the first left one more (1) or less (-1) than its own left one."""
    colours = published.table("cka").set_index(["row_x1", "col_x0"])["viridis_position"]
    last, first = 9, 0  # indices of branches in that figure; 10 and 11 are the decoder's
    return float(np.sign(colours[last, first] - colours[last, last]))
