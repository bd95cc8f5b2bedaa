"""Errors that a user can correct."""


class UserError(ValueError):
    """A user's mistake: the message says what was found, what was expected and what to do; exit code 2."""


class DamagedCheckpoint(UserError):
    """A file that holds no network that can be used: the only reason to leave one of a series out."""
