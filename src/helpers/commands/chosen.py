"""The study that the words of a command choose."""

from __future__ import annotations

import argparse

from helpers.store.files import expanded
from helpers.study import Study, open_study


def chosen(options: argparse.Namespace) -> Study:
    """Return the requested study; raises UserError if it is invalid."""
    outputs = "outputs" if options.outputs is None else str(expanded(options.outputs).absolute())
    return open_study({"study": options.study, "models": options.models, "outputs": outputs})
