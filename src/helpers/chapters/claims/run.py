"""A study's values for the tests of claims: its scores with and without each sound, or what it lacks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property, partial

import pandas as pd
import xarray as xr

from helpers import encoding
from helpers.brain.regions import REGION
from helpers.chapters.cka_residual import analysis as cka_residual
from helpers.chapters.claims.evidence import estimate
from helpers.chapters.regularisation import analysis as regularisation
from helpers.chapters.voxelwise import tables
from helpers.encoding.left_out import GROUP
from helpers.encoding.splits import train_share
from helpers.names import COMPONENTS, ESTIMATOR, LAYER, MODEL, NOTE, SPLIT, STEP, SUBJECT, TARGET, VOXELS
from helpers.stats import selection
from helpers.stats.intervals import Estimate
from helpers.study import Study

TRIO = ("mixture", "music", "speech")  # networks alike but for their training sounds, as studies call them
MAIN = TRIO[0]
FEW = 3  # layers, checkpoints or subjects: with fewer there is no trend to test
LEVEL = 0.025  # of each side
RELIABILITIES = ["reliability", "reliability_prediction"]


class Missing(Exception):
    """What this study lacks for a claim: a key of `why.*`."""


class Run:
    """The scores of a study as claims need them; computed or read when first asked for. Methods raise Missing.

    Scores are datasets of r2 as `encoding.statistic` returns them, `value` (..., split) and what an interval needs,
    where ... is layer, group (the components), subject, region or step.
    """

    def __init__(self, study: Study):
        self.study = study
        self._left_out: dict[tuple, xr.Dataset] = {}

    @property
    def main(self) -> str:
        """The network that claims about a single one are about: the mixture, or the study's first."""
        return MAIN if MAIN in self.study.models else self.study.models[0]

    @classmethod
    def of(cls, study: Study) -> Run:
        """Return how a study says that its claims are judged."""
        return Unheard(study) if study.parameters.unheard else cls(study)

    @property
    def splits(self) -> xr.DataArray:
        return self.study.splits

    def estimate(self, scored: xr.Dataset) -> Estimate:
        """Return the mean over splits, and over subjects if there are any, with its error over sounds and subjects."""
        return estimate(scored, self.splits)

    # Components

    def by_layer(self, *targets: str) -> xr.Dataset:
        """Return the main network's mean over components (some, or all) by layer, without layers that have a note.

        Such layers, a merged last one for instance, are unlike the others.
        """
        found = _named(self._components(self.main), "r2")
        found = found.isel({LAYER: (found[NOTE].values == "")})
        if found.sizes[LAYER] < FEW:
            raise Missing("few_layers")
        return _mean(found, targets)

    def at_best(self, name: str, *targets: str) -> xr.Dataset:
        """Return a network's mean over components (some, or all), each at the layer chosen on the train sounds."""
        if name not in self.study.models:
            raise Missing("no_trio")
        return _mean(_named(self._components(name), "chosen_r2"), targets)

    def rivals(self, name: str, *targets: str) -> list[xr.Dataset]:
        """Return the others of the three networks, as `at_best`."""
        return [self.at_best(other, *targets) for other in TRIO if other != name]

    def series(self, *targets: str, layers: slice = slice(None)) -> xr.Dataset:
        """Return the main network's mean over plain layers (some, or all) and components (step, split[, sound])."""
        steps = self._steps(self.main)
        if len(steps) < FEW:
            raise Missing("no_series")
        parts = [_named(self._components(self.main, step), "r2") for step in steps]
        parts = [part.isel({LAYER: part[NOTE].values == ""}).isel({LAYER: layers}).mean(LAYER) for part in parts]
        return _mean(xr.concat(parts, pd.Index(steps, name=STEP), coords="minimal", compat="override"), targets)

    def _steps(self, name: str) -> list[int]:
        return self.study.usable_steps(name)

    def has_untrained(self) -> bool:
        """Return whether the main network's first checkpoint is before any training."""
        return 0 in self._steps(self.main)

    @property
    def n_plain(self) -> int:
        """How many layers of the main network have no note."""
        return int((self._components(self.main)[NOTE].values == "").sum())

    def group(self, name: str) -> tuple[str, ...]:
        """Return the components of a group, as the dataset says in the coordinate `group`."""
        responses = self._responses(COMPONENTS, "no_components")
        if "group" not in responses.coords or name not in responses["group"].values:
            raise Missing("no_groups")
        return tuple(responses[TARGET].values[responses["group"].values == name].tolist())

    def component(self, name: str) -> tuple[str, ...]:
        """Return one component as a group of its own."""
        if name not in self._responses(COMPONENTS, "no_components")[TARGET].values:
            raise Missing("no_such_component")
        return (name,)

    def _components(self, name: str, step: int | None = None) -> xr.Dataset:
        responses = self._responses(COMPONENTS, "no_components")
        return self._without(name, step, responses, "r2_pearson", None)

    def _responses(self, kind: str, otherwise: str) -> xr.DataArray:
        if not self.study.has(kind):
            raise Missing(otherwise)
        return self.study.responses(kind)

    def _without(self, name: str, step, responses: xr.DataArray, metric: str, groups) -> xr.Dataset:
        """Return `encoding.without_each_sound` of a network at a step (None: its last), as kept on disk."""
        if self.study.parameters.encoding.estimator != "ridge":
            raise Missing("no_ridge")
        key = (name, step, responses.name, None if groups is None else tuple(groups))
        if key not in self._left_out:
            features = self.study.features(name, step)
            keep = partial(self.study.keep, features=features, responses=responses, splits=self.splits)
            scores = keep(encoding.score, **self.study.encoding)
            used = [
                "alpha",
                "loo_error",
                *(["reliability", "reliability_prediction"] if metric != "r2_pearson" else []),
            ]
            found = keep(encoding.without_each_sound, scores=scores[used], metric=metric, groups=groups)
            self._left_out[key] = found.assign_coords({NOTE: (LAYER, scores[NOTE].values)})
        return self._left_out[key]

    # Voxels

    @cached_property
    def _voxels(self) -> xr.DataArray:
        voxels = self._responses(VOXELS, "no_voxels")
        if SUBJECT not in voxels.coords or len(set(voxels[SUBJECT].values) - {""}) < FEW:
            raise Missing("no_subjects")
        return voxels

    def voxels_by_layer(self) -> xr.Dataset:
        """Return the main network's median over each subject's voxels (layer, split, subject), all layers."""
        return _named(self._subjects(self.main), "r2").rename({GROUP: SUBJECT})

    def voxels_at_best(self, *names: str) -> list[xr.Dataset]:
        """Return the median over each subject's voxels, at the layer chosen on the train sounds, of some networks."""
        if not set(names) <= set(self.study.models):
            raise Missing("no_trio")
        return [_named(self._subjects(name), "chosen_r2").rename({GROUP: SUBJECT}) for name in names]

    def others(self) -> list[str]:
        """Return the networks beside the main one and its siblings."""
        found = [name for name in self.study.models if name not in (*TRIO, self.main)]
        if not found:
            raise Missing("no_others")
        return found

    def voxels_by_region(self) -> tuple[xr.Dataset, xr.Dataset]:
        """Return the main network's medians by subject (layer, split, subject): other regions, and Primary.

        Plain layers. The other regions are averaged; subjects without voxels in one of the regions are left out.
        """
        voxels = self._voxels
        if REGION not in voxels.coords or tables.PRIMARY not in voxels[REGION].values:
            raise Missing("no_regions")
        pairs = [*zip(voxels[SUBJECT].values.tolist(), voxels[REGION].values.tolist(), strict=True)]
        groups = [json.dumps(pair) if all(pair) else "" for pair in pairs]
        found = _named(self._without(self.main, None, voxels, self._metric, groups), "r2")
        found = found.isel({LAYER: found[NOTE].values == ""})
        if found.sizes[LAYER] < FEW:
            raise Missing("few_layers")
        there = set(found[GROUP].values.tolist())
        regions = list(dict.fromkeys(where for _, where in pairs if where))
        subjects = list(dict.fromkeys(who for who, _ in pairs))
        complete = [who for who in subjects if all(json.dumps((who, where)) in there for where in regions)]
        if len(complete) < FEW or len(regions) < 2:
            raise Missing("no_regions")

        def region(where: str) -> xr.Dataset:
            own = found.sel({GROUP: [json.dumps((who, where)) for who in complete]})
            return own.rename({GROUP: SUBJECT}).assign_coords({SUBJECT: complete})

        first, *rest = (region(where) for where in regions if where != tables.PRIMARY)
        return sum(rest, first) / (len(rest) + 1), region(tables.PRIMARY)

    @property
    def _metric(self) -> str:
        """The noise-corrected metric where all voxels have repetitions, as published, whichever the study shows."""
        return tables.CORRECTED if encoding.is_correctable(self._voxels) else "r2_pearson"

    def _subjects(self, name: str) -> xr.Dataset:
        return self._without(name, None, self._voxels, self._metric, self._voxels[SUBJECT].values.tolist())

    # Estimators and branches

    def estimators(self) -> tuple[pd.DataFrame, float]:
        """Return r2_determination of the main network by estimator, layer, split and target, and the train share."""
        self._responses(COMPONENTS, "no_components")
        if regularisation.NAME not in self.study.parameters.chapters:
            raise Missing("no_lasso")
        rows = selection.rows([regularisation.scores(self.study, self.main)])
        table = rows[[ESTIMATOR, LAYER, SPLIT, TARGET, "r2_determination"]]
        return table, train_share(self.study.split(regularisation.SCHEME))

    def branches(self, step: int | None = None) -> cka_residual.Ends:
        """Return both branches of the main network's first and last layers, and its merged output."""
        if self.main not in cka_residual.names(self.study):
            raise Missing("no_branches")
        return cka_residual.ends(self.study, self.main, step)

    def other_branches(self) -> dict[str, cka_residual.Ends]:
        """Return the same of every other network that has branches."""
        names = (name for name in cka_residual.names(self.study) if name != self.main)
        return {name: cka_residual.ends(self.study, name) for name in names}

    def untrained_branches(self) -> cka_residual.Ends:
        """Return the same of the main network before any training."""
        if not self.has_untrained():
            raise Missing("no_untrained")
        return self.branches(0)

    # What has to hold before a verdict means anything

    def doubt(self, names: Sequence[str], kind: str, of_training: bool = True) -> str:
        """Return why no verdict about networks is given: a key of `why.*`, or "".

        A network has to predict the responses at all (a mean correlation above 0) and, for claims of what training
        does, better than it did untrained where that is known. Both are tested one-sidedly at 2.5 % over sounds.
        """
        for name in names:
            found = self._components(name) if kind == COMPONENTS else self._subjects(name)
            correlation = _mean(_named(found, "chosen_r"), ())
            if not self.estimate(correlation).p_above() <= LEVEL:
                return "nothing_predicted"
            known = kind == COMPONENTS or self.study.has(COMPONENTS)  # voxels are not scored without training
            if of_training and known and 0 in self._steps(name)[:-1]:
                before = _mean(_named(self._components(name, 0), "chosen_r2"), ())
                if not self.estimate(self.at_best(name) - before).p_above() <= LEVEL:
                    return "nothing_learned"
        return ""


class Unheard(Run):
    """The same of networks that are trained on one half of the sounds and tested on the other, and the other way round.

    No network has heard, in training, the sounds that it is tested on. What is not about how well a network predicts,
    its branches, and the comparison of estimators, which needs every lasso, are those of the study's own networks.
    """

    def __init__(self, study: Study):
        super().__init__(study)
        self._halves = [Run(half) for half in study.halves()]

    @property
    def splits(self) -> xr.DataArray:
        return xr.concat([half.splits for half in self._halves], SPLIT)

    def _without(self, name: str, step, responses: xr.DataArray, metric: str, groups) -> xr.Dataset:
        parts = [half._without(name, step, responses, metric, groups) for half in self._halves]
        return xr.concat(parts, SPLIT, coords="minimal", compat="override", join="exact")


def _named(found: xr.Dataset, name: str) -> xr.Dataset:
    """Return one statistic of `encoding.without_each_sound` without networks' names.

    Those of two networks can then be subtracted.
    """
    return encoding.statistic(found, name).drop_vars([MODEL, STEP], errors="ignore")


def _mean(found: xr.Dataset, targets: Sequence[str]) -> xr.Dataset:
    """Return the mean over groups, of some or of all."""
    return (found.sel({GROUP: list(targets)}) if targets else found).mean(GROUP)
