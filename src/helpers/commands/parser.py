"""A parser of the command line whose errors name the wrong word and the nearest right one."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

from helpers.errors import suggestion

NUMBER = re.compile(r"-\d*\.?\d+")  # a value, not an option


class Parser(argparse.ArgumentParser):
    """An argparse parser, also of its commands: no abbreviations, and unknown words are told before anything else."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **kwargs})

    def parse_known_args(self, args: Sequence[str] | None = None, namespace=None):
        """Return what argparse returns; ends with exit code 2 and the wrong word where one is unknown."""
        if args is not None:
            self._check(args)
        return super().parse_known_args(args, namespace)

    def _check(self, words: Sequence[str]) -> None:
        """End at the first unknown option or command; a command checks the words that follow it itself."""
        commands = next((action.choices for action in self._actions if action.nargs == argparse.PARSER), None)
        options = [option for action in self._actions for option in action.option_strings]
        for word in words:
            if word == "--":
                return
            if _is_option(word):
                name = word.split("=")[0]
                if name not in options:
                    self.error(f"unknown option '{name}'; {suggestion(name, options)}")
            elif commands is not None:
                if word not in commands:
                    self.error(f"unknown command '{word}'; {suggestion(word, list(commands))}")
                return


def _is_option(word: str) -> bool:
    """Return whether argparse, too, takes the word for an option: no text with spaces, negative number or lone '-'."""
    return len(word) > 1 and word.startswith("-") and " " not in word and not NUMBER.fullmatch(word)
