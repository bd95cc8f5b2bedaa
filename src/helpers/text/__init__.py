"""Words: identifiers and numbers as a reader of Spanish or of English says them, always in both languages."""

from helpers.text.labeller import Bilingual, Labeller, both, cells, folded, labellers, markdown, table

__all__ = ["Bilingual", "Labeller", "both", "cells", "folded", "labellers", "markdown", "table"]
