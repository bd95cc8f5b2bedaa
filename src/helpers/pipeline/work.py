"""What all chapters share: data, models, activations and scores, kept under `outputs/<study>/` while inputs last."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path

import pandas as pd
import xarray as xr

from helpers import brain, models, sounds, splits, storage, text
from helpers.names import LAYER, MODEL, OUTPUT, SOUND, STEP, TOWER, UserError
from helpers.params import ROOT, Study, load_study
from helpers.progress import progress
from helpers.scores import score_layers

SCORING = ("helpers.regression.loo", "helpers.scores", "helpers.splits")


class Work:
    """Everything that the chapters of one study ask for."""

    def __init__(
        self, study: Study, outputs: str | Path = "outputs", source: str = "", checkpoints: Sequence[int] = ()
    ):
        self.study, self.outputs = study, outputs
        self.checkpoints = tuple(checkpoints)  # empty: all
        self.source = source or study.name  # what a chapter is told to load it from
        self.folder = ROOT / outputs / study.name
        self.left_out: dict[str, list[str]] = {}  # checkpoints that could not be used, by model

    @classmethod
    def of(
        cls,
        study: str | Path,
        models: Sequence[str] = (),
        outputs: str | Path = "outputs",
        checkpoints: Sequence[int] = (),
    ) -> Work:
        """The work of a study given by name or YAML path, restricted to some of its models and of their checkpoints."""
        return cls(load_study(study).only(list(models)), outputs, str(study), checkpoints)

    @property
    def place(self) -> Path:
        """Where tables and notebooks go; those of some checkpoints only must not stand in for the study's."""
        return self.folder / place_of(self.model_names, self.checkpoints) if self.checkpoints else self.folder

    def check(self) -> None:
        """Raise UserError for whatever can be known to be wrong before anything is computed."""
        for entry in self.study.models:
            models.check(entry)
        for device in (self.study.device, self.study.extraction.device):
            models.device_of(device)
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

    def steps(self, name: str) -> list[int]:
        """The checkpoints of a model that are looked at; raises UserError for one that it does not have."""
        steps = self.model(name).steps
        if unknown := [str(step) for step in self.checkpoints if step not in steps]:
            known = ", ".join(map(str, steps))
            raise UserError(f"model '{name}' has no checkpoint {', '.join(unknown)}; known: {known}")
        return [step for step in steps if not self.checkpoints or step in self.checkpoints]

    @cache  # noqa: B019
    def activations(self, name: str) -> xr.Dataset:
        """Pooled activations (step, branch, layer, sound, unit) of a model at all its checkpoints."""
        parts = [part for step in self.steps(name) if (part := self._if_readable(name, step)) is not None]
        if not parts:
            raise UserError(f"model '{name}': none of its checkpoints can be used: {'; '.join(self.left_out[name])}")
        return xr.concat(parts, STEP, join="exact", coords="minimal", compat="equals")

    def _if_readable(self, name: str, step: int) -> xr.Dataset | None:
        """The activations of one checkpoint; of a series, one that is missing or unreadable is named and left out."""
        try:
            return self._activations(name, step)
        except UserError as error:
            if len(self.steps(name)) == 1:
                raise
            self.left_out.setdefault(name, []).append(f"{step}: {error}")
            print(f"model '{name}': checkpoint {step} is left out: {error}", file=sys.stderr)
            return None

    def _activations(self, name: str, step: int) -> xr.Dataset:
        path, inputs = self._of_activations(name, step)
        activations = storage.cached(path, inputs, lambda: self.model(name).activations(step))
        return activations.assign_coords({MODEL: name, STEP: step})

    def _of_activations(self, name: str, step: int) -> tuple[Path, dict]:
        """The file of one checkpoint's activations, and what they depend on."""
        inputs = {
            "sounds": sounds.digest(self.brain.waveforms),
            "model": self.model(name).identity(step),
            "extraction": self.study.extraction.model_dump(),
        }
        return self.folder / "activations" / name / f"step-{step:07d}.nc", inputs

    def has_heard(self, name: str, steps: Sequence[int] = ()) -> bool:
        """Whether the activations of a model lie on disk, so that nothing is trained or heard; of all `steps` if none.

        Not asked of weights that would be downloaded to know.
        """
        steps = steps or self.steps(name)
        if any(self.model(name).missing(step) == models.DOWNLOAD for step in steps):
            return False
        return all(storage.is_current(*self._of_activations(name, step)) for step in steps)

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

    @property
    def trains_here(self) -> bool:
        """Whether some model of the study is trained on the study's own sounds."""
        return any(entry.family == "mini" for entry in self.study.models)

    def scores(self, name: str, kind: str, responses: xr.DataArray) -> xr.Dataset:
        """Scores (step, layer, split, target) of `responses`, of a model at all checkpoints."""
        features = self.features(name)
        parts = [self.scores_at(features.sel({STEP: step}), kind, responses) for step in features[STEP].values]
        return xr.concat(parts, STEP, join="exact", coords="minimal", compat="equals")

    def scores_at(self, features: xr.DataArray, kind: str, responses: xr.DataArray) -> xr.Dataset:
        """Scores (layer, split, target) at one checkpoint, kept as netCDF."""
        name, step = str(features[MODEL].values), int(features[STEP])
        inputs = self.inputs(features, responses)

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

    def inputs(self, features: xr.DataArray, responses: xr.DataArray, *code: str) -> dict:
        """What scores depend on: features, responses, splits, and the code that makes scores of them."""
        arrays = {"features": features, "responses": responses, "splits": self.train}
        digests = {name: storage.digest(a.values, a[SOUND].values.tolist()) for name, a in arrays.items()}
        return digests | {"code": storage.code_digest(*SCORING, *code)}

    def kept(self, name: str, table: pd.DataFrame) -> pd.DataFrame:
        """`table`, after writing it to `tables/<name>.parquet` beside the report."""
        storage.write_table(self.place / "tables" / f"{name}.parquet", table)
        return table

    def _identities(self, name: str) -> dict:
        """What made the activations of a model's last usable checkpoint, and the checkpoints that could not be used."""
        last = int(self.activations(name)[STEP][-1])
        left_out = {"left_out": self.left_out[name]} if name in self.left_out else {}
        return self.model(name).identity(last) | left_out

    @property
    def provenance(self) -> dict:
        """What the report's footer names: parameters, checksums of sounds, data and weights."""
        models = {name: self._identities(name) for name in self.model_names}
        return {"study": self.study.model_dump(), **self._data, "models": models}

    def recipe(self, name: str, steps: Sequence[int]) -> dict:
        """As `provenance`, of some checkpoints of one model, and known before anything is computed.

        Other models and chapters of the study do not matter to it.
        """
        study = self.study.only([name]).model_dump(exclude={"chapters"})
        return {"study": study, **self._data, "models": {step: self._source(name, step) for step in steps}}

    def _source(self, name: str, step: int) -> dict | str:
        """What makes the activations of a checkpoint, or why nothing can."""
        try:
            return self.model(name).identity(step)
        except UserError as error:
            return str(error)

    @cached_property
    def _data(self) -> dict:
        return {"dataset": self.brain.provenance, "sounds": sounds.digest(self.brain.waveforms)}


def place_of(models: Sequence[str], checkpoints: Sequence[int]) -> Path:
    """The folder, below a study's, of some models at one checkpoint or over a series of them."""
    steps = f"step-{checkpoints[0]:07d}" if len(checkpoints) == 1 else "series"
    return Path("batch") / "+".join(models) / steps


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
