"""Turn keys, identifiers and numbers into words of Spanish and of English."""

from helpers.text.catalogue import words
from helpers.text.labeller import Labeller, labellers
from helpers.text.pieces import Bilingual, both, cells, folded, listed, markdown, paragraph, table

__all__ = [
    "Bilingual",
    "Labeller",
    "both",
    "cells",
    "folded",
    "labellers",
    "listed",
    "markdown",
    "paragraph",
    "table",
    "words",
]
