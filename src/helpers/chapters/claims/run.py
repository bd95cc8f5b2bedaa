"""A study's values for the tests of claims: its scores in the shapes that `evidence` takes, or what it lacks."""

from __future__ import annotations

from functools import cached_property

import pandas as pd
import xarray as xr

from helpers import stats
from helpers.chapters.cka_residual import analysis as cka_residual
from helpers.chapters.components import analysis as components
from helpers.chapters.regularisation import analysis as regularisation
from helpers.chapters.voxelwise import analysis as voxelwise
from helpers.chapters.voxelwise import tables
from helpers.encoding.splits import train_share
from helpers.names import COMPONENTS, ESTIMATOR, LAYER, MODEL, NOTE, SPLIT, STEP, SUBJECT, TARGET, VOXELS
from helpers.stats import selection
from helpers.stats.subjects import by_subject
from helpers.study import Study

TRIO = ("mixture", "music", "speech")  # networks alike but for their training sounds, as studies call them
MAIN = TRIO[0]
FEW = 3  # layers, checkpoints or subjects: with fewer there is no trend to test


class Missing(Exception):
    """What this study lacks for a claim: a key of `why.*`."""


class Run:
    """The scores of a study as claims need them; computed or read when first asked for. Methods raise Missing."""

    def __init__(self, study: Study):
        self.study, self.seed = study, study.parameters.seed

    @property
    def main(self) -> str:
        """The network that claims about a single one are about: the mixture, or the study's first."""
        return MAIN if MAIN in self.study.models else self.study.models[0]

    @property
    def share(self) -> float:
        """Share of a split's sounds that train."""
        return train_share(self.study.splits)

    @cached_property
    def _components(self) -> pd.DataFrame:
        if not self.study.has(COMPONENTS):
            raise Missing("no_components")
        return stats.rows(components.scores(self.study))

    def trio(self) -> tuple[pd.DataFrame, float]:
        """Return the scores of the three networks at their last checkpoints, and the train share."""
        self._need(*TRIO)
        rows = stats.trained(self._components)
        return rows[rows[MODEL].isin(TRIO)], self.share

    def _need(self, *names: str) -> None:
        if not set(names) <= set(self.study.models):
            raise Missing("no_trio")

    def layered(self) -> tuple[pd.DataFrame, str, float]:
        """Return the last scores of layers that can be compared, the main network and the train share.

        Without layers that have a note, such as a merged last one, which are unlike the others.
        """
        rows = stats.trained(self._components)
        rows = rows[rows[NOTE] == ""]
        if rows.loc[rows[MODEL] == self.main, LAYER].nunique() < FEW:
            raise Missing("few_layers")
        return rows, self.main, self.share

    def series(self) -> tuple[pd.DataFrame, str, float]:
        """Return the scores at all checkpoints, the main network and the train share."""
        rows = self._components
        if rows.loc[rows[MODEL] == self.main, STEP].nunique() < FEW:
            raise Missing("no_series")
        return rows, self.main, self.share

    def group(self, name: str) -> tuple[str, ...]:
        """Return the components of a group, as the dataset says in the coordinate `group`."""
        responses = self.study.responses(COMPONENTS)
        if "group" not in responses.coords or name not in responses["group"].values:
            raise Missing("no_groups")
        return tuple(responses[TARGET].values[responses["group"].values == name].tolist())

    def component(self, name: str) -> tuple[str, ...]:
        """Return one component as a group of its own."""
        if self.study.has(COMPONENTS) and name not in self.study.responses(COMPONENTS)[TARGET].values:
            raise Missing("no_such_component")
        return (name,)

    def estimators(self) -> tuple[pd.DataFrame, float]:
        """Return r2_determination of the main network by estimator, layer, split and target, and the train share."""
        if not self.study.has(COMPONENTS):
            raise Missing("no_components")
        if regularisation.NAME not in self.study.parameters.chapters:
            raise Missing("no_lasso")
        rows = selection.rows([regularisation.scores(self.study, self.main)])
        table = rows[[ESTIMATOR, LAYER, SPLIT, TARGET, "r2_determination"]]
        return table, train_share(self.study.split(regularisation.SCHEME))

    def branches(self) -> cka_residual.Ends:
        """Return both branches of the main network's first and last layers, and its merged output."""
        if self.main not in cka_residual.names(self.study):
            raise Missing("no_branches")
        return cka_residual.ends(self.study, self.main)

    @cached_property
    def _voxels(self) -> dict[str, xr.Dataset]:
        """Scores of voxels by network; raises Missing for data without voxels or subjects."""
        if not self.study.has(VOXELS):
            raise Missing("no_voxels")
        voxels = self.study.responses(VOXELS)
        if SUBJECT not in voxels.coords or len(set(voxels[SUBJECT].values) - {""}) < FEW:
            raise Missing("no_subjects")
        return {str(one[MODEL].values): one for one in voxelwise.scores(self.study)}

    def by_subject(self) -> xr.DataArray:
        """Return the median r2 of each subject's voxels (layer, subject), main network."""
        scores = self._voxels[self.main]
        return by_subject(tables.medians_of(scores, _metric(scores)))

    def chosen_layer(self, *names: str) -> list[xr.DataArray]:
        """Return r2 of each subject (subject,), layer chosen and read on different splits, of some networks."""
        self._need(*names)
        return [tables.chosen_layer(scores, _metric(scores)) for scores in map(self._voxels.get, names)]

    def hierarchy(self) -> pd.Series:
        """Return `difference`, `low` and `high`: depth of best layers, other regions minus Primary.

        Of the main network, over subjects. Layers with a note are left out, as in the published map.
        """
        scores = self._voxels[self.main]
        depths = tables.depth(scores, _metric(scores), plain=True)
        table = tables.hierarchy(depths, self.seed)
        table = table[table["region"] == tables.OTHERS]
        if table.empty:
            raise Missing("no_regions")
        return table.iloc[0]


def _metric(scores: xr.Dataset) -> str:
    """Return the noise-corrected metric where there are repetitions, as published, whichever the study shows."""
    return tables.CORRECTED if tables.CORRECTED in scores else "r2_pearson"
