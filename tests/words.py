"""Which words the code asks for, read from its source without running it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import helpers

ROOT = Path(helpers.__file__).parent
# Functions whose first argument is a key, by name: of a labeller, of `text`, of a shorthand for either
ASKING = {"labeller", "say", "both"}
WORD = re.compile(r"[a-z_]+\.[A-Za-z0-9_.]+")


@dataclass(frozen=True)
class Asked:
    """A key, or a pattern of keys, that a line of a file asks for."""

    where: str  # file:line
    pattern: str  # regular expression
    shown: str  # as a person reads it


def imported() -> None:
    """Import every module that registers words, so that all of them are known."""
    for package in ("helpers.brain", "helpers.models", "helpers.plotting", "helpers.chapters"):
        _import(package)


def _import(name: str) -> None:
    """Import a package and what is in it that registers words."""
    module = importlib.import_module(name)
    for found in pkgutil.iter_modules(module.__path__, f"{name}."):
        path = ROOT.parent / (found.name.replace(".", "/") + ("/__init__.py" if found.ispkg else ".py"))
        if found.ispkg:
            _import(found.name)
        elif "text.words(" in path.read_text(encoding="utf-8"):
            importlib.import_module(found.name)


def sources(root: Path = ROOT) -> Iterator[tuple[str, ast.Module]]:
    """Yield (path, tree) of every module."""
    for path in sorted(root.rglob("*.py")):
        yield str(path.relative_to(root)), ast.parse(path.read_text(encoding="utf-8"))


def asked(path: str, tree: ast.Module) -> Iterator[Asked]:
    """Yield what the calls of a module ask for: a literal key, or an f-string as a pattern of keys.

    Keys that are handed on in a tuple or a dictionary are found by `mentioned`.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node, path)


def _of_call(node: ast.Call, path: str) -> Iterator[Asked]:
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    where = f"{path}:{node.lineno}"
    if name in ASKING and node.args:
        for pattern, shown in _patterns(node.args[0]):
            yield Asked(where, pattern, shown)
    if (
        name == "name" and len(node.args) >= 2
    ):  # labeller.name(kind, identifier), style.name(labeller, kind, identifier)
        kind, identifier = node.args[-2:]
        if isinstance(kind, ast.Constant) and isinstance(identifier, ast.Constant):
            yield Asked(where, re.escape(f"{kind.value}.{identifier.value}"), f"{kind.value}.{identifier.value}")
        elif isinstance(kind, ast.Constant):
            yield Asked(where, rf"{re.escape(kind.value)}\.[^.]+", f"{kind.value}.…")


def _patterns(node: ast.expr) -> Iterator[tuple[str, str]]:
    """(regular expression, as a person reads it) of the keys that an argument may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
        yield re.escape(node.value), node.value
    elif isinstance(node, ast.IfExp):
        yield from _patterns(node.body)
        yield from _patterns(node.orelse)
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        parts = [value.value if isinstance(value, ast.Constant) else None for value in node.values]
        if "." in parts[0] and WORD.match(parts[0] + "x"):
            pattern = "".join(r"\w+" if part is None else re.escape(part) for part in parts)
            yield pattern, "".join("…" if part is None else part for part in parts)


def mentioned(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, key) of every literal that looks like a key, wherever it is, but in documentation."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node)
    }
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    for node in strings:
        if id(node) not in docs and WORD.fullmatch(node.value) and not node.value.endswith("."):
            yield node.lineno, node.value
