"""What is refused in files of responses, in one shape: what came, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from helpers.errors import UserError
from helpers.names import composed

MOST_SOUNDS, MOST_TARGETS = 10_000, 1_000_000
MOST_VALUES = 2**27  # responses in all: 1 GiB in memory


def wrong(path: Path, found: str, expected: str, todo: str = "correct the file") -> UserError:
    """Return the error for a file."""
    return UserError(f"{path}: found {found}, expected {expected}; {todo}")


def named(names: Iterable[object], what: str, path: Path) -> list[str]:
    """Return names as text in composed Unicode; raises UserError for what is no text, empty, padded or unprintable."""
    names = list(names)
    for name in names:
        if not isinstance(name, str):
            todo = "save it as text, with the zeros that it begins with"
            raise wrong(path, f"{name!r} ({type(name).__name__}) as {what}", "text", todo)
        if not name:
            raise wrong(path, f"an empty {what}", "a name", "name it, or remove it")
        if name != name.strip():
            raise wrong(path, f"{name!r} as {what}", "a name without spaces around it", f"write {name.strip()!r}")
        if not name.isprintable():
            raise wrong(path, f"{name!r} as {what}", "printable text", "rename it")
    return [composed(name) for name in names]


def check_size(path: Path, n_sounds: int, n_targets: int, *further: int) -> None:
    """Raise UserError for more responses than fit into memory, before any of them is read."""
    n_values = n_sounds * n_targets
    for length in further:
        n_values *= length
    for found, most, what in (
        (n_sounds, MOST_SOUNDS, "sounds"),
        (n_targets, MOST_TARGETS, "targets"),
        (n_values, MOST_VALUES, "responses"),
    ):
        if found > most:
            raise wrong(path, f"{found} {what}", f"at most {most}", "leave some out, or average over time or targets")
