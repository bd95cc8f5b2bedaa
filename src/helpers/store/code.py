"""The code behind a result: a digest of a module and of everything in this package that it imports.

Imports are read from the source, not from what happens to be loaded. Comments, docstrings and layout do not count:
they cannot change a number.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from functools import cache
from pathlib import Path

from helpers.store.own import is_own

PACKAGE = "helpers"
# These keep results, report progress and raise errors; no number depends on them. Words do not change numbers either.
NEUTRAL = ("helpers.store", "helpers.errors", "helpers.text")
DATA = (".csv", ".sha256", ".yml")  # beside a package's __init__.py: a table or word that it reads


@cache
def code_digest(*modules: str, neutral: tuple[str, ...] = NEUTRAL) -> str:
    """Return 16 hexadecimal digits that change with the code of `modules` (dotted names) or of what they import."""
    state = hashlib.sha256()
    for name in sorted(closure(*modules, neutral=neutral)):
        state.update(f"{name}\0{module_digest(name)}\0".encode())
    return state.hexdigest()[:16]


def closure(*modules: str, neutral: tuple[str, ...] = NEUTRAL) -> frozenset[str]:
    """Return `modules` and all modules of this package that they import, directly or not, without `neutral` ones."""
    found, waiting = set(), list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found and not _is_below(name, neutral):
            found.add(name)
            waiting += _imported_by(name)
    return frozenset(found)


def imported(source: str, module: str = "") -> frozenset[str]:
    """Return the modules of this package that Python `source` imports; `module` is its own name.

    `from helpers.encoding import ridge` names the module `helpers.encoding.ridge` where there is one, else something
    that `helpers/encoding/__init__.py` defines.
    """
    names = set()
    for node in ast.walk(_parsed(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                names.add(inner if _is_below(base, (PACKAGE,)) and is_module(inner) else base)
    return frozenset(name for name in names if _is_below(name, (PACKAGE,)) and name != PACKAGE)


@cache
def _imported_by(name: str) -> frozenset[str]:
    return imported(_source(name), name)


@cache
def module_digest(name: str) -> str:
    """Return a digest of one module's code and, for a package, of the data files beside it."""
    return source_digest(_source(name), *(path.read_text(encoding="utf-8") for path in _data(name)))


def source_digest(source: str, *data: str) -> str:
    """Return a digest of Python code that comments, docstrings and layout do not change, and of `data` as it is."""
    tree = _parsed(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and _has_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    parts = [ast.unparse(tree), *data]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@cache
def is_module(name: str) -> bool:
    """Return whether there is a module of that dotted name."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is no package
        return False


def _is_below(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _absolute(node: ast.ImportFrom, module: str) -> str:
    if not node.level:
        return node.module or ""
    parents = module.split(".")[: -node.level]
    return ".".join([*parents, *([node.module] if node.module else [])])


def _has_docstring(node) -> bool:
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


@cache
def _path(name: str) -> Path:
    return Path(importlib.util.find_spec(name).origin)


def _source(name: str) -> str:
    return _path(name).read_text(encoding="utf-8")


def _data(name: str) -> list[Path]:
    path = _path(name)
    if path.name != "__init__.py":
        return []
    return sorted(file for file in path.parent.iterdir() if file.suffix in DATA and is_own(file.name))
