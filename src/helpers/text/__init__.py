"""Turn keys, identifiers and numbers into words of Spanish and of English."""

from helpers.text.catalogue import words
from helpers.text.labeller import Labeller, labellers
from helpers.text.pieces import Bilingual, both, cells, folded, markdown, paragraph, table

__all__ = ["Bilingual", "Labeller", "both", "cells", "folded", "labellers", "markdown", "paragraph", "table", "words"]
