"""Settings in YAML files, validated: every error names its key, its value and what to write instead."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from helpers.errors import UserError, suggestion

# What reading may raise: PyYAML's own readers of dates, numbers and truth values raise whatever Python does over them
DAMAGED = (
    OSError, yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip
MERGE = "tag:yaml.org,2002:merge"  # <<, which brings in the keys of another mapping
MOST_VALUES = 10_000  # in a YAML file, aliases expanded


class Settings(BaseModel):
    """Base of all groups of settings: unknown keys and silently converted types are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


S = TypeVar("S", bound=BaseModel)


def validated(schema: type[S], values: object, where: str) -> S:
    """Return `values` as a `schema`; raises UserError with one line per error, each beginning with `where`."""
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        lines = [_explain(item, schema) for item in error.errors()]
        raise UserError(f"{where}: " + f"\n{where}: ".join(lines)) from None


def read_yaml(path: Path) -> object:
    """Return the plain values in a YAML file; raises UserError for tags, damage, repeated keys and too much content."""
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _EachKeyOnce)  # a safe loader
    except DAMAGED as error:
        raise UserError(f"{path} is not plain YAML: {' '.join(str(error).split())}; correct it there") from None
    _refuse_bombs(path, values)
    return values


class _EachKeyOnce(yaml.SafeLoader):
    """A safe loader that refuses a key twice in one mapping, of which YAML would keep the last."""

    def compose_mapping_node(self, anchor):
        node = super().compose_mapping_node(anchor)
        seen: dict[object, int] = {}
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            line = key.start_mark.line + 1
            own = key.value if key.tag == MERGE else self.construct_object(key)  # 1 and 0x1 are one key, "1" another
            if own in seen:
                raise yaml.YAMLError(f"found the key '{key.value}' twice, in lines {seen[own]} and {line}")
            seen[own] = line
        return node


def _refuse_bombs(path: Path, values: object) -> None:
    """Reject oversized and 'billion laughs' YAML, in which a few lines of aliases stand for billions of values."""
    waiting, n = [values], 0
    while waiting:
        value, n = waiting.pop(), n + 1
        waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if n > MOST_VALUES:
            raise UserError(f"{path}: found more than {MOST_VALUES} values, expected a study; is it another file?")


def _explain(item: dict, schema: type[BaseModel]) -> str:
    key = ".".join(str(part) for part in item["loc"])
    value = item["input"]
    if item["type"] == "value_error":  # of our own, which says itself what was found
        groups = isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict) for one in value))
        found = "" if groups or not key else f"found {value!r} ({type(value).__name__}); "
        return f"{key}: " * bool(key) + found + str(item["ctx"]["error"])
    if not key:
        return f"found {type(value).__name__}, expected 'key: value' lines"
    if item["type"] == "extra_forbidden":
        return f"unknown key '{key}'; {suggestion(str(item['loc'][-1]), _keys(schema, item['loc'][:-1]))}"
    if item["type"] == "missing":
        return f"key '{key}' is missing; add it"
    if isinstance(value, str) and re.fullmatch(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+", value):
        number = int(float(value)) if "integer" in item["msg"] and float(value).is_integer() else float(value)
        if "integer" in item["msg"] and isinstance(number, float):
            return f"{key}: found the text '{value}', expected a whole number"
        return f"{key}: found the text '{value}', expected a number; YAML reads it as text: write {number!r}"
    if isinstance(value, float) and "integer" in item["msg"] and value.is_integer():
        return f"{key}: found {value!r}, expected a whole number: write {int(value)}"
    if isinstance(value, dict):  # what is wrong with several keys together; all of them would drown it
        return f"{key}: {item['msg'][0].lower() + item['msg'][1:]}"
    return f"{key}: found {value!r} ({type(value).__name__}); {item['msg'][0].lower() + item['msg'][1:]}"


def _keys(schema: type[BaseModel], where: tuple) -> list[str]:
    for part in where:
        field = schema.model_fields.get(part) if isinstance(part, str) else None
        inner = getattr(field, "annotation", None)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            schema = inner
    return list(schema.model_fields)
