"""A study's YAML as a typed, frozen object; every mistake is named with its key, its value and the fix."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from helpers.names import UserError

ROOT = Path(__file__).resolve().parents[2]  # the checkout: src/helpers/params.py is two folders below it
MOST_VALUES = 10_000  # in a YAML file, anchors written out


class Settings(BaseModel):
    """Base of all parameter groups: unknown keys and silently converted types are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ModelEntry(BaseModel):
    """One audio model of a study; the keys beside `name` and `family` belong to the family and are checked there."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    family: str

    @property
    def settings(self) -> dict:
        return dict(self.model_extra or {})


class Extraction(Settings):
    """How activations are taken from a network."""

    pooling: Literal["mean", "max"] = "mean"  # over frames; the published analysis averages
    last_layer: Literal["merged", "left"] = "merged"  # published: the encoder's last layer is the sum of both branches
    device: str = "cpu"
    batch: int = Field(8, ge=1)  # sounds at a time


class Study(Settings):
    """Everything that one report depends on."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    dataset: str
    data_dir: str | None = None
    language: Literal["es", "en"] = "en"  # the one shown first; the report holds both
    seed: int = Field(0, ge=0)
    chapters: list[str] = ["01_extract", "03_components"]
    models: list[ModelEntry] = Field(min_length=1)
    extraction: Extraction = Extraction()
    splits: Literal["published"] = "published"
    device: str = "cpu"  # where the regression runs
    sounds_in_report: bool | None = None  # whether the page carries its sounds; None: only if they are synthetic
    permutations: int = Field(200, ge=1)  # of the sounds, to test each voxel against chance

    @field_validator("models")
    @classmethod
    def _names_are_unique(cls, models: list[ModelEntry]) -> list[ModelEntry]:
        names = [model.name for model in models]
        if len(set(names)) < len(names):
            raise ValueError(f"model names must differ, got {', '.join(names)}")
        return models

    def only(self, models: list[str]) -> Study:
        """The study with only these models, in the study's order; an empty list keeps all."""
        known = [entry.name for entry in self.models]
        for name in models:
            if name not in known:
                raise UserError(f"unknown model '{name}' in study '{self.name}'; {suggestion(name, known)}")
        kept = [entry for entry in self.models if not models or entry.name in models]
        return self.model_copy(update={"models": kept})


S = TypeVar("S", bound=BaseModel)


def validated(schema: type[S], values: object, where: str) -> S:
    """`values` as a `schema`; raises UserError with one line per mistake, each beginning with `where`."""
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        lines = [_explain(item, schema) for item in error.errors()]
        raise UserError(f"{where}: " + f"\n{where}: ".join(lines)) from None


def load_study(study: str | Path) -> Study:
    """The study at a path, or the one of that name in `params/`; raises UserError for whatever is wrong with it."""
    path = _find(study)
    values = read_yaml(path)
    if not isinstance(values, dict):
        raise UserError(f"{path}: found {type(values).__name__}, expected 'key: value' lines; see params/demo.yml")
    values.pop("templates", None)  # a place for YAML anchors that several models share
    return validated(Study, values, str(path))


def read_yaml(path: Path) -> object:
    """Plain values in a YAML file; raises UserError for tags, damage, and more values than anybody writes by hand."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{path} is not plain YAML: {' '.join(str(error).split())}; correct it there") from None
    _refuse_bombs(path, values)
    return values


def _refuse_bombs(path: Path, values: object) -> None:
    """A few lines whose anchors stand for each other can stand for billions of values."""
    waiting, n = [values], 0
    while waiting:
        value, n = waiting.pop(), n + 1
        waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if n > MOST_VALUES:
            raise UserError(f"{path}: found more than {MOST_VALUES} values, expected a study; is it another file?")


def _find(study: str | Path) -> Path:
    for path in (Path(study), ROOT / study, ROOT / "params" / f"{study}.yml"):
        if path.is_file():
            return path
    known = sorted({path.stem for path in (ROOT / "params").glob("*.yml")} - {"junifer"})  # that one is junifer's own
    raise UserError(f"no study '{study}'; give a YAML file or one of: {', '.join(known)}")


def suggestion(word: str, known: list[str]) -> str:
    """The nearest known words, or all of them: the 'what to do' half of an unknown-name message."""
    close = get_close_matches(word, known, n=1)
    return (f"did you mean '{close[0]}'? " if close else "") + f"known: {', '.join(known)}"


def _explain(item: dict, schema: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in item["loc"]) or "(whole)"
    value = item["input"]
    if item["type"] == "extra_forbidden":
        return f"unknown key '{key}'; {suggestion(str(item['loc'][-1]), _keys(schema, item['loc'][:-1]))}"
    if item["type"] == "missing":
        return f"key '{key}' is missing; add it"
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+", value):
        return f"{key}: found the text '{value}', expected a number; YAML reads it as text: write {float(value)!r}"
    return f"{key}: found {value!r} ({type(value).__name__}); {item['msg'][0].lower() + item['msg'][1:]}"


def _keys(schema: type[BaseModel], where: tuple) -> list[str]:
    for part in where:
        field = schema.model_fields.get(part) if isinstance(part, str) else None
        inner = getattr(field, "annotation", None)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            schema = inner
    return list(schema.model_fields)
