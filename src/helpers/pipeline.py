"""A study's computed things, each made on first use, kept under `outputs/<study>/` and reused while its inputs last."""

from __future__ import annotations

from functools import cache, cached_property
from pathlib import Path

import pandas as pd
import xarray as xr

from helpers import brain, models, sounds, splits, storage, tables, text, voxels
from helpers.names import LAYER, MODEL, OUTPUT, SAMPLE_RATE, SOUND, STEP, TOWER, UserError
from helpers.params import ROOT, Study, load_study
from helpers.permutation import permutation_test
from helpers.progress import progress
from helpers.scores import score_layers

SCORING = ("helpers.regression", "helpers.scores", "helpers.splits")


class Work:
    """Everything that the chapters of one study ask for."""

    def __init__(self, study: Study, outputs: str | Path = "outputs", source: str = ""):
        self.study, self.outputs = study, outputs
        self.source = source or study.name  # what a chapter is told to load it from
        self.folder = ROOT / outputs / study.name

    @classmethod
    def of(cls, study: str | Path, models: list[str] = (), outputs: str | Path = "outputs") -> Work:
        """The work of a study given by name or YAML path, restricted to some of its models."""
        return cls(load_study(study).only(list(models)), outputs, str(study))

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

    @property
    def merged_last(self) -> bool:
        """Whether the last layer shown is the sum of both branches."""
        return self.study.extraction.last_layer == "merged"

    @property
    def look(self) -> dict:
        """What every figure of this study is told."""
        return {"synthetic": self.brain.synthetic, "language": self.study.language}

    def banner(self) -> text.Bilingual | None:
        """The warning that heads every chapter on synthetic data."""
        return text.both("say.synthetic") if self.brain.synthetic else None

    def sound_facts(self) -> dict:
        """Numbers of sounds and categories, and the longest sound in seconds."""
        sounds_, seconds = self.brain.waveforms, self.brain.waveforms.sizes["sample"] / SAMPLE_RATE
        return {"n": sounds_.sizes[SOUND], "n_categories": len(set(sounds_["category"].values)), "seconds": seconds}

    def pretraining_note(self) -> text.Bilingual | None:
        """What networks trained here have heard; nothing where none was."""
        heard = self.brain.waveforms.sizes[SOUND]
        return text.both("say.pretraining", n=heard) if self.trains_here else None

    @property
    def trains_here(self) -> bool:
        return any(entry.family == "mini" for entry in self.study.models)

    def component_sentences(self) -> list[tuple[str, dict]]:
        """One sentence per component: who predicts it best, where, and what the untrained network reaches."""
        return tables.component_sentences(self.component_best())

    def categories(self) -> pd.DataFrame:
        """How many sounds each category has."""
        return self.kept("categories", tables.counted(self.brain.waveforms["category"]))

    def networks(self) -> pd.DataFrame:
        """What each model is: family, layers, units, checkpoints, and what it learned from if it was trained here."""
        rows = [tables.network(entry, self.features(entry.name)) for entry in self.study.models]
        return self.kept("networks", pd.DataFrame(rows))

    def spectra(self) -> pd.DataFrame:
        """Mean log mel spectrum of each category."""
        return self.kept("spectra", tables.spectra(self.brain.waveforms))

    def dimensions(self) -> pd.DataFrame:
        """Effective dimensions of every layer of the trained models."""
        rows = [tables.dimensions(self.features(name).isel({STEP: -1})) for name in self.model_names]
        return self.kept("dimensions", pd.concat(rows, ignore_index=True))

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

    @cache  # noqa: B019
    def voxel_scores(self, name: str) -> xr.Dataset:
        """Scores (layer, split, target) of every voxel from a trained model; also kept as netCDF."""
        if self.brain.voxels is None:
            raise UserError(f"dataset '{self.study.dataset}' has no voxels; leave 02_voxelwise out of `chapters`")
        last = self.features(name).isel({STEP: -1})
        return self._scores_at(last, "voxels", self.brain.voxels)

    @cache  # noqa: B019
    def voxel_test(self, name: str) -> xr.Dataset:
        """The permutation test of every voxel for a trained model."""
        last = self.features(name).isel({STEP: -1})
        scores = self.voxel_scores(name)
        inputs = self._inputs(last, self.brain.voxels, "helpers.permutation")
        inputs |= {"permutations": self.study.permutations, "seed": self.study.seed}
        path = self.folder / "scores" / "permutation" / name / f"step-{int(last[STEP]):07d}.nc"
        return storage.cached(path, inputs, lambda: self._permuted(last, scores, f"permutations {name}"))

    def _permuted(self, features: xr.DataArray, scores: xr.Dataset, label: str) -> xr.Dataset:
        return permutation_test(
            features,
            self.brain.voxels,
            self.train,
            scores,
            seed=self.study.seed,
            n_permutations=self.study.permutations,
            device=self.study.device,
            progress=lambda parts, what, total: progress(parts, label, total),
        )

    def voxel_table(self, name: str) -> pd.DataFrame:
        """`tables/voxel_<name>.parquet`: voxel_layers, voxels, pooled, regions, depth, hierarchy, models, summary."""
        return self.kept(f"voxel_{name}", getattr(self, f"_voxel_{name}")())

    def _of_models(self, table, *arguments) -> pd.DataFrame:
        return pd.concat([table(self.voxel_scores(name), *arguments) for name in self.model_names], ignore_index=True)

    def _voxel_layers(self) -> pd.DataFrame:
        return self._of_models(voxels.by_layer)

    def _voxel_voxels(self) -> pd.DataFrame:
        parts = [voxels.by_voxel(self.voxel_scores(name), self.voxel_test(name)) for name in self.model_names]
        return pd.concat(parts, ignore_index=True)

    def _voxel_pooled(self) -> pd.DataFrame:
        return self._of_models(voxels.pooled)

    def _voxel_regions(self) -> pd.DataFrame:
        return self._of_models(voxels.regions, self.study.seed)

    def _voxel_depth(self) -> pd.DataFrame:
        return self._of_models(voxels.depth)

    def _voxel_hierarchy(self) -> pd.DataFrame:
        return voxels.hierarchy(self._voxel_depth(), self.study.seed)

    def _voxel_models(self) -> pd.DataFrame:
        return voxels.models([self.voxel_scores(name) for name in self.model_names], self.study.seed)

    def _voxel_summary(self) -> pd.DataFrame:
        return voxels.summary(self._voxel_voxels())

    def _scores(self, name: str, kind: str, responses: xr.DataArray) -> xr.Dataset:
        features = self.features(name)
        parts = [self._scores_at(features.sel({STEP: step}), kind, responses) for step in features[STEP].values]
        return xr.concat(parts, STEP, join="exact", coords="minimal", compat="equals")

    def _scores_at(self, features: xr.DataArray, kind: str, responses: xr.DataArray) -> xr.Dataset:
        name, step = str(features[MODEL].values), int(features[STEP])
        inputs = self._inputs(features, responses)

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

    def _inputs(self, features: xr.DataArray, responses: xr.DataArray, *code: str) -> dict:
        """What scores depend on: features, responses, splits, and the code that makes scores of them."""
        arrays = {"features": features, "responses": responses, "splits": self.train}
        digests = {name: storage.digest(a.values, a[SOUND].values.tolist()) for name, a in arrays.items()}
        return digests | {"code": storage.code_digest(*SCORING, *code)}

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
