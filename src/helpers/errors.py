"""Errors that a user can correct, and the word that was meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(ValueError):
    """A user's mistake: the message says what was found, what was expected and what to do; exit code 2."""


class DamagedCheckpoint(UserError):
    """A file that holds no network that can be used: the only reason to leave one of a series out."""


class ChapterError(RuntimeError):
    """A chapter or job that failed while it ran; exit code 1."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return the nearest known word and all of them: the 'what to do' half of an unknown-name message."""
    known = list(known)
    close = get_close_matches(word, known, n=1)
    return (f"did you mean '{close[0]}'? " if close else "") + f"known: {', '.join(known)}"
