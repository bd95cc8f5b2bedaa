"""A study's YAML as a typed, frozen object; every error names its key, its value and the fix."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from helpers.encoding import ESTIMATORS, METRICS, SCHEMES
from helpers.errors import UserError, suggestion
from helpers.models import BASELINES, FAMILIES, ModelEntry
from helpers.store.checkout import ROOT
from helpers.store.own import is_own
from helpers.store.settings import Settings, read_yaml, validated

SMALLEST = 1e-300  # alpha: below it, numbers lose digits
MOST_LETTERS = 100  # of a name that becomes a folder; the longest that file systems take is 255 bytes
NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"


class Extraction(Settings):
    """How networks are run; how a network's frames are pooled is a setting of its family."""

    device: str = "cpu"
    batch_size: int = Field(8, ge=1)  # sounds at a time


class Decades(Settings):
    """The powers of ten from 10^first to 10^last."""

    first: int = Field(ge=-300, le=300)
    last: int = Field(ge=-300, le=300)

    @model_validator(mode="after")
    def _ascend(self) -> Decades:
        if self.first >= self.last:
            raise ValueError(f"`first` ({self.first}) must be below `last` ({self.last})")
        return self


class Encoding(Settings):
    """How responses are predicted from activations, and how predictions are scored; defaults are the published ways."""

    estimator: str = "ridge"
    alphas: list[float] | Decades | None = None  # regularisation parameters; None: those of the estimator
    splits: str | None = None  # None: `splits.planned` for the number of sounds
    metric: str | None = None  # shown by the chapters; None: r2_corrected where there are repetitions, else r2_pearson

    @field_validator("estimator", "splits", "metric")
    @classmethod
    def _is_known(cls, name: str | None, info) -> str | None:
        known = {"estimator": ESTIMATORS, "splits": SCHEMES, "metric": METRICS}[info.field_name]
        if name is not None and name not in known:
            raise ValueError(suggestion(name, known))
        return name

    @field_validator("alphas")
    @classmethod
    def _ascend(cls, alphas: list[float] | Decades | None) -> list[float] | Decades | None:
        if isinstance(alphas, list):
            finite = len(alphas) > 1 and np.isfinite(alphas).all() and min(alphas) >= SMALLEST
            if not finite or not (np.diff(alphas) > 0).all():
                raise ValueError(f"expected at least two numbers in ascending order, finite and from {SMALLEST} on")
        return alphas

    @property
    def grid(self) -> list[float] | None:
        """The alphas as ascending numbers; None: those of the estimator."""
        if isinstance(self.alphas, Decades):
            return [float(f"1e{k}") for k in range(self.alphas.first, self.alphas.last + 1)]
        return self.alphas


class Parameters(Settings):
    """Everything that one report depends on."""

    name: str = Field(pattern=NAME, max_length=MOST_LETTERS)
    dataset: str
    data_dir: str | None = None
    language: Literal["es", "en"] = "en"  # the one shown first; the report holds both
    seed: int = Field(0, ge=0, lt=2**32)  # what numpy's and scikit-learn's generators take
    chapters: list[str] = Field(["01_extract", "03_components"])
    models: list[ModelEntry] = Field(min_length=1)
    baselines: list[ModelEntry] = Field([])  # drawn beside the models in every figure of r²
    extraction: Extraction = Extraction()
    encoding: Encoding = Encoding()
    window: list[float] = Field([0.1, 2.2], min_length=2, max_length=2)  # s, from and until: averaged over
    device: str = "cpu"  # where the regression runs
    sounds_in_report: bool | None = None  # whether the page carries its sounds; None: only if they are synthetic
    permutations: int = Field(200, ge=1)  # of the sounds, to test each voxel against chance
    unheard: bool = False  # whether claims are judged on networks that never heard the sounds they are tested on
    training_seeds: int = Field(1, ge=1, le=20)  # how often networks are trained that are trained here: see chapter 13

    @model_validator(mode="after")
    def _names_are_unique(self) -> Parameters:
        names = [entry.name for entry in (*self.models, *self.baselines)]
        if len(set(names)) < len(names):
            raise ValueError(f"model names must differ, those of baselines too, got {', '.join(names)}")
        return self

    @field_validator("models", "baselines")
    @classmethod
    def _is_in_its_place(cls, entries: list[ModelEntry], info) -> list[ModelEntry]:
        """Refuse networks as baselines, which learned nothing, and baselines as networks."""
        other = "baselines" if info.field_name == "models" else "models"
        for entry in entries:
            if entry.family in FAMILIES and (entry.family in BASELINES) == (info.field_name == "models"):
                is_a = "a baseline" if other == "baselines" else "a network"
                known = [name for name in FAMILIES if (name in BASELINES) == (info.field_name == "baselines")]
                raise ValueError(
                    f"'{entry.name}' is of the family '{entry.family}', {is_a}; expected one of: {', '.join(known)}; "
                    f"move it to `{other}`"
                )
        return entries

    @field_validator("window")
    @classmethod
    def _window_ascends(cls, window: list[float]) -> list[float]:
        if not np.isfinite(window).all() or window[0] >= window[1]:
            raise ValueError("expected two times in s, the first below the second")
        return window

    def only(self, models: Sequence[str]) -> Parameters:
        """Return the study with only these models, in the study's order; an empty list keeps all.

        Raises UserError for a model that the study does not have.
        """
        known = [entry.name for entry in self.models]
        for name in models:
            if name not in known:
                raise UserError(f"unknown model '{name}' in study '{self.name}'; {suggestion(name, known)}")
        kept = [entry for entry in self.models if not models or entry.name in models]
        return self.model_copy(update={"models": kept})


def load(study: str | Path) -> Parameters:
    """Return the study at a path, or the one of that name in `params/`; raises UserError if it is invalid."""
    path = _find(study)
    values = read_yaml(path)
    if not isinstance(values, dict):
        raise UserError(f"{path}: found {type(values).__name__}, expected 'key: value' lines; see params/demo.yml")
    values.pop("templates", None)  # a place for YAML anchors that several models share
    return validated(Parameters, values, str(path))


def there() -> list[Path]:
    """Return the files of the studies in `params/`, by name."""
    found = sorted((ROOT / "params").glob("*.yml"))
    return [path for path in found if is_own(path.name) and path.stem != "junifer"]  # that one is junifer's own


def _find(study: str | Path) -> Path:
    for path in (Path(study), ROOT / study, ROOT / "params" / f"{study}.yml"):
        if path.is_file():
            return path
    known = [path.stem for path in there()]
    near = "".join(f"did you mean '{name}'? " for name in get_close_matches(str(study), known, n=1))
    raise UserError(f"no study '{study}'; {near}give a YAML file or one of: {', '.join(known)}")
