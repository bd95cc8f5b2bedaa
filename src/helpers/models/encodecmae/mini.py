"""Family `mini`: EnCodecMAE's network at a small size, pretrained here on the study's own sounds.

It is trained on all sounds of its categories, those of the test splits too unless `learn_from` leaves them out, but
never on a brain response.
"""

from __future__ import annotations

import io
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from pydantic import Field, model_validator

from helpers.errors import DamagedCheckpoint, UserError, suggestion
from helpers.models.base import TRAINING
from helpers.models.encodecmae import extraction
from helpers.models.encodecmae.checkpoint import load_network, read
from helpers.models.encodecmae.mel import BANDS, HOP, RATE, WINDOW
from helpers.models.encodecmae.network import Network, Sizes
from helpers.models.encodecmae.training import Recipe, train
from helpers.models.weights import MATCHED
from helpers.names import CATEGORY, SOUND
from helpers.store import results
from helpers.store.files import atomic, claimed
from helpers.store.progress import progress

__all__ = ["RATE", "Mini", "Settings", "example", "open"]

FEWEST_FRAMES = 2  # of the longest sound: half of its frames are masked, the others are what they are predicted from


class Settings(Recipe, extraction.Settings):
    """Settings of an entry of this family."""

    categories: list[str] = Field([])  # of the sounds it is trained on; empty: all
    checkpoints: list[int] = Field([])  # steps to keep besides 0 and the last; empty: about log-spaced

    @model_validator(mode="after")
    def _checkpoints_exist(self) -> Settings:
        late = [step for step in self.checkpoints if not 0 <= step <= self.steps]
        if late:
            raise ValueError(f"`checkpoints` {late} are not between 0 and `steps` ({self.steps})")
        return self

    @property
    def kept(self) -> list[int]:
        """The steps of all checkpoints, 0 and the last included."""
        chosen = self.checkpoints or [self.steps >> halvings for halvings in range(5)]
        return sorted({0, *chosen, self.steps})

    @property
    def recipe(self) -> Recipe:
        """Those settings that the weights depend on."""
        return Recipe(**{name: getattr(self, name) for name in Recipe.model_fields})


class Mini(extraction.EncodecMAEModel):
    """A small network; it is trained when its weights are first needed and `folder` does not hold them."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        waveforms: xr.DataArray,
        folder: Path,
        seed: int,
        device: str,
        batch_size: int,
    ):
        super().__init__(name, settings, waveforms, settings.kept, device, batch_size)
        self.folder, self.seed = folder, seed
        self.training_sounds = _of_categories(waveforms, settings.categories, name)
        self.learned_from = ", ".join(settings.categories) or "all"

    def in_state(self, state: str, seed: int = 0) -> Mini:
        """As `AudioModel.in_state`; matched: trained on as many of all sounds, drawn at random, in the same way."""
        if state != MATCHED:
            return super().in_state(state, seed)
        if not self.settings.categories:
            raise UserError(f"model '{self.name}': it is trained on all sounds, so no other sounds can match them")
        self.state, self.state_seed, self.folder = state, seed, self.folder / f"{MATCHED}-{seed}"
        chosen = np.random.default_rng(seed).permutation(self.waveforms.sizes[SOUND])[
            : self.training_sounds.sizes[SOUND]
        ]
        self.training_sounds, self.learned_from = self.waveforms.isel({SOUND: np.sort(chosen)}), "all"
        return self

    def learn_from(self, sounds: list[str]) -> None:
        kept = self.training_sounds[SOUND].isin(sounds).values
        if not kept.any():
            raise UserError(
                f"model '{self.name}': none of the sounds that it is trained on are in this half; give more sounds"
            )
        self.training_sounds = self.training_sounds[kept]

    def check_sounds(self) -> None:
        """As `AudioModel.check_sounds`; also for sounds that are too short or too few to be trained on."""
        _check_frames(self.name, self.settings, self.training_sounds)
        super().check_sounds()

    def trained(self, step: int) -> Network:
        if not self._is_current(step):
            with claimed(self.folder / "training"):  # two jobs of one model must not train it twice
                if not self._is_current(step):
                    self._train()
        try:
            return load_network(self.path(step))
        except DamagedCheckpoint as error:  # weights of ours are not left out: they can be made again
            print(f"{error}; it is trained again")
        with claimed(self.folder / "training"):
            self._train()
        return load_network(self.path(step))

    def missing(self, step: int) -> str:
        return "" if self._is_current(step) else TRAINING

    @property
    def shape(self) -> Sizes:
        return self.settings.sizes

    @property
    def training_s(self) -> float:
        return self.settings.steps * self.settings.batch_size * self.settings.crop_s

    def path(self, step: int) -> Path:
        """Return the file of a checkpoint, in the published format."""
        return self.folder / f"step-{step:07d}.pt"

    def identity(self, step: int) -> dict:
        settings = self.settings.model_dump(exclude={"checkpoints", "last_layer"})
        return {"family": "mini", "settings": settings, "seed": self.seed, **self._made_from(step)}

    def _made_from(self, step: int) -> dict:
        """Return what identifies the weights of a checkpoint in its file."""
        return {"training": self._key, "step": step}

    @cached_property
    def _key(self) -> str:
        return results.key(train, settings=self.settings.recipe, seed=self.seed, waveforms=self.training_sounds)

    def _is_current(self, step: int) -> bool:
        if not self.path(step).exists():
            return False
        try:
            return read(self.path(step)).get("inputs") == self._made_from(step)
        except UserError as error:
            print(f"{error}; it is trained again")
            return False

    def _train(self) -> None:
        """Train from the start and write every checkpoint; raises UserError, naming this model, where that fails."""
        steps = train(self.settings.recipe, self.seed, self.training_sounds)
        try:
            for step, model in progress(steps, f"{self.name}: training steps", self.settings.steps + 1):
                if step in self.steps:
                    self._save(step, model.weights())
        except UserError as error:
            raise UserError(f"model '{self.name}': {error}") from None

    def _save(self, step: int, weights: dict[str, torch.Tensor]) -> None:
        content = {
            "imports": "",
            "config": f"NUM_ENCODER_HEADS={self.settings.heads}",
            "state_dict": weights,
            "inputs": self._made_from(step),
        }
        whole = io.BytesIO()  # torch reports a full disk as an error of its own
        torch.save(content, whole)
        with atomic(self.path(step)) as temporary:
            temporary.write_bytes(whole.getbuffer())


def open(
    name: str, settings: Settings, waveforms: xr.DataArray, folder: Path, seed: int, device: str, batch_size: int
) -> Mini:
    """Return the model of an entry, not trained yet; raises UserError for categories that no sound has."""
    return Mini(name, settings, waveforms, folder, seed, device, batch_size)


def _check_frames(name: str, settings: Settings, waveforms: xr.DataArray) -> None:
    """Raise UserError for sounds (sound, sample) with too few frames, or spans of them, for what is to be learned."""
    n_sounds, n_samples = waveforms.shape
    n_frames = max(0, 1 + (n_samples - WINDOW) // HOP)
    if n_frames < FEWEST_FRAMES:
        raise UserError(
            f"model '{name}': the longest sound that it is trained on has {n_samples} samples at {RATE} Hz, expected "
            f"at least {WINDOW + (FEWEST_FRAMES - 1) * HOP}, which are {FEWEST_FRAMES} frames; give longer sounds"
        )
    most = settings.span * BANDS
    if settings.components > most:
        raise UserError(
            f"model '{name}': components: found {settings.components}, expected at most {most}, {BANDS} for each frame "
            f"of `span` ({settings.span}); lower it"
        )
    needed = max(settings.components, settings.codes)
    if n_sounds * n_frames < needed:
        raise UserError(
            f"model '{name}': {n_sounds * n_frames} frames of sound are too few to learn from, expected at least "
            f"{needed} for so many `components` and `codes`; give more sounds or lower these"
        )


def example(folder: Path) -> dict:  # noqa: ARG001
    """Return settings of a model small enough for tests."""
    small = {"layers": 2, "width": 16, "heads": 2, "feed_forward": 32, "steps": 4, "checkpoints": [2], "batch_size": 2}
    return {**small, "crop_s": 0.5, "span": 2, "components": 8, "codebooks": 2, "codes": 4, "warm_up": 1}


def _of_categories(waveforms: xr.DataArray, categories: list[str], name: str) -> xr.DataArray:
    """Return the sounds of these categories, all where none is named."""
    found = waveforms[CATEGORY].values.tolist()
    for category in categories:
        if category not in found:
            known = suggestion(category, sorted(set(found)))
            raise UserError(f"model '{name}': no sound is of category '{category}'; {known}")
    chosen = [not categories or category in categories for category in found]
    return waveforms[np.array(chosen)]
