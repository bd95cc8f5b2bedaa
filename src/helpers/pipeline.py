"""A study's computed things, each made on first use, kept under `outputs/<study>/` and reused while its inputs last."""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path

import pandas as pd
import xarray as xr

from helpers import brain, models, sounds, splits, storage, tables
from helpers.names import LAYER, MODEL, OUTPUT, SOUND, STEP, TOWER, UserError
from helpers.params import ROOT, Study, load_study
from helpers.progress import progress
from helpers.scores import score_layers

SCORING = ("helpers.regression", "helpers.scores", "helpers.splits")


class Work:
    """Everything that the chapters of one study ask for."""

    def __init__(self, study: Study, outputs: str | Path = "outputs"):
        self.study = study
        self.folder = ROOT / outputs / study.name

    @classmethod
    def of(cls, study: str | Path, models: list[str] = (), outputs: str | Path = "outputs") -> Work:
        """The work of a study given by name or YAML path, restricted to some of its models."""
        return cls(load_study(study).only(list(models)), outputs)

    def check(self) -> None:
        """Raise UserError for whatever can be known to be wrong before anything is computed."""
        for entry in self.study.models:
            models.check(entry)
        _ = self.brain

    @cached_property
    def brain(self) -> brain.Brain:
        return brain.open(self.study.dataset, self.study.data_dir, self.study.seed)

    @cached_property
    def train(self) -> xr.DataArray:
        """The splits (split, sound): True is train."""
        return splits.SCHEMES[self.study.splits](list(self.brain.waveforms[SOUND].values))

    @property
    def model_names(self) -> list[str]:
        return [entry.name for entry in self.study.models]

    @cache  # noqa: B019  one Work lives as long as its chapter
    def model(self, name: str) -> models.AudioModel:
        """An opened model; raises UserError for a name that the study does not have."""
        entry = self.study.only([name]).models[0]
        folder = self.folder / "models" / name
        return models.open(entry, self.brain.waveforms, folder, self.study.seed, self.study.extraction)

    @cache  # noqa: B019
    def activations(self, name: str) -> xr.Dataset:
        """Pooled activations (step, branch, layer, sound, unit) of a model at all its checkpoints."""
        parts = [self._activations(name, step) for step in self.model(name).steps]
        return xr.concat(parts, STEP, join="exact", coords="minimal", compat="equals")

    def _activations(self, name: str, step: int) -> xr.Dataset:
        model = self.model(name)
        inputs = {
            "sounds": sounds.digest(self.brain.waveforms),
            "model": model.identity(step),
            "extraction": self.study.extraction.model_dump(),
        }
        path = self.folder / "activations" / name / f"step-{step:07d}.nc"
        return storage.cached(path, inputs, lambda: model.activations(step)).assign_coords({MODEL: name, STEP: step})

    def features(self, name: str) -> xr.DataArray:
        """What is regressed: encoder layers (step, layer, sound, unit), the last merged or not as the study says."""
        return encoder_layers(self.activations(name), self.study.extraction.last_layer)

    @cache  # noqa: B019
    def component_scores(self) -> pd.DataFrame:
        """One row per model, step, layer, split and component; also written to `tables/component_scores.parquet`."""
        if self.brain.components is None:
            raise UserError(f"dataset '{self.study.dataset}' has no components; leave 03_components out of `chapters`")
        rows = [tables.tidy(self._scores(name, "components", self.brain.components)) for name in self.model_names]
        return self.kept("component_scores", pd.concat(rows, ignore_index=True))

    def component_curves(self) -> pd.DataFrame:
        """Median r² over splits by model, step, layer and component."""
        return self.kept("component_curves", tables.curves(self.component_scores()))

    def component_best(self) -> pd.DataFrame:
        """The best layer of each model, step and component."""
        return self.kept("component_best", tables.best_layers(self.component_curves()))

    def _scores(self, name: str, kind: str, responses: xr.DataArray) -> xr.Dataset:
        features = self.features(name)
        parts = [self._scores_at(features.sel({STEP: step}), kind, responses) for step in features[STEP].values]
        return xr.concat(parts, STEP, join="exact", coords="minimal", compat="equals")

    def _scores_at(self, features: xr.DataArray, kind: str, responses: xr.DataArray) -> xr.Dataset:
        name, step = str(features[MODEL].values), int(features[STEP])
        inputs = {
            "features": storage.digest(features.values, list(features[SOUND].values)),
            "responses": storage.digest(responses.values, list(responses[SOUND].values)),
            "splits": storage.digest(self.train.values, list(self.train[SOUND].values)),
            "code": storage.code_digest(*SCORING),
        }

        def compute() -> xr.Dataset:
            label = f"ridge {name} step {step}"
            return score_layers(
                features,
                responses,
                self.train,
                device=self.study.device,
                progress=lambda parts, what, total: progress(parts, label, total),
            )

        path = self.folder / "scores" / kind / name / f"step-{step:07d}.nc"
        return storage.cached(path, inputs, compute).assign_coords({MODEL: name, STEP: step})

    def kept(self, name: str, table: pd.DataFrame) -> pd.DataFrame:
        """`table`, after writing it to `tables/<name>.parquet` beside the report."""
        storage.write_table(self.folder / "tables" / f"{name}.parquet", table)
        return table

    @property
    def provenance(self) -> dict:
        """What the report's footer names: parameters, checksums of sounds, data and weights."""
        return {
            "study": self.study.model_dump(),
            "dataset": self.brain.provenance,
            "sounds": sounds.digest(self.brain.waveforms),
            "models": {name: self.model(name).identity(self.model(name).steps[-1]) for name in self.model_names},
        }


def encoder_layers(activations: xr.Dataset, last_layer: str) -> xr.DataArray:
    """The encoder's layers of the left branch; `last_layer` "merged" puts the sum of both branches in the last place.

    The published analysis did that (the reference's `postnorm_last_activation=True`), which is why its last layer is
    unlike all others.
    """
    layers = activations["activations"].sel(branch="left")
    layers = layers.isel({LAYER: (layers[TOWER] == "encoder").values})
    if last_layer == "left":
        return layers
    merged = activations["merged"].sel({OUTPUT: "encoder"}, drop=True)
    return xr.where(layers[LAYER] == layers[LAYER].max(), merged, layers).transpose(*layers.dims)
