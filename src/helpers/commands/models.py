"""`python -m helpers models`: the families that a study can name."""

from __future__ import annotations

import argparse
import inspect
import textwrap
from typing import Literal, get_args, get_origin

from helpers.models import BASELINES, FAMILIES

WIDTH, INDENT = 110, "      "


def run(options: argparse.Namespace) -> None:  # noqa: ARG001
    """Print the families of networks and baselines."""
    print("\n".join(listed()))


def listed() -> list[str]:
    """Return lines on each family, networks before baselines: what it is, and its settings with their defaults."""
    lines = ["Families of networks, for `models` of a study, with their settings and what these are if left out:"]
    for name in FAMILIES:
        lines += _of(name) if name not in BASELINES else []
    lines += ["Families that learned nothing, for `baselines`:"]
    for name in FAMILIES:
        lines += _of(name) if name in BASELINES else []
    return [*lines, "an entry: - {name: pitch, family: crepe, network: tiny, controls: [untrained, permuted]}"]


def _of(name: str) -> list[str]:
    module = FAMILIES[name]
    what = inspect.getdoc(module).split("\n\n")[0].replace("\n", " ").split(": ", 1)[1]
    own = ", ".join(_setting(key, field) for key, field in module.Settings.model_fields.items())
    return [f"  {name}: {what}", *textwrap.wrap(own, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)]


def _setting(key: str, field) -> str:
    """Return a setting with its default, and what else it may be where that is a short list."""
    if field.is_required():
        return f"{key} (needed)"
    default = field.get_default(call_default_factory=True)
    named = key if default in (None, "", [], {}) else f"{key} {default}"
    others = [str(one) for one in get_args(field.annotation) if one != default]
    return f"{named} (or {', '.join(others)})" if get_origin(field.annotation) is Literal else named
