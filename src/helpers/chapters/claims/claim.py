"""A claim as one object: what is tested and how, against which threshold and why, what was published, and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from helpers.chapters.claims.evidence import Evidence
from helpers.names import LANGUAGES

if TYPE_CHECKING:
    from helpers.chapters.claims.run import Run

HOLDS, FAILS, UNDECIDED, UNTESTABLE = "holds", "fails", "undecided", "untestable"
SUPPORTS, CONTRADICTS, OPEN = "speaks_for", "speaks_against", "open"  # what a verdict does to a hypothesis

HYPOTHESES = ("hierarchy", "specialisation", "diversity")  # as chapter 00 names them, in its order
WORDS = ("claim", "test")  # what each language says: the claim, and how it is tested


@dataclass(frozen=True)
class Claim:
    """It holds when its number lies above `threshold` (or below it), with its whole interval.

    Parameters
    ----------
    name : that of its file, which defines it as CLAIM
    order : its place in the table
    test : this run -> its number and interval; raises Missing for what the study lacks
    threshold : what the number is compared with, set before looking at it
    above : whether the number must lie above the threshold
    reason : why this threshold
    published : the original study's number by the same formula; None: its figures do not have it
    published_sign : 1 or -1, where its figures show no more than the sign
    hypothesis : one of HYPOTHESES that the claim is about; "" for none
    supports : whether the claim supports that hypothesis when it holds; else it contradicts it
    en, es : what each language says: `claim`, a sentence, and `test`, how it is tested
    """

    name: str
    order: int
    test: Callable[[Run], Evidence] | None = None
    threshold: float = 0.0
    above: bool = True
    reason: str = ""
    published: Callable[[], Evidence] | None = None
    published_sign: Callable[[], float] | None = None
    hypothesis: str = ""
    supports: bool = True
    en: Mapping[str, str] = field(default_factory=dict)
    es: Mapping[str, str] = field(default_factory=dict)

    def verdict(self, evidence: Evidence) -> str:
        """Return HOLDS, FAILS, or UNDECIDED where the interval includes the threshold or there is none."""
        if np.isnan(evidence.low) or evidence.low <= self.threshold <= evidence.high:
            return UNDECIDED
        return HOLDS if (evidence.low > self.threshold) == self.above else FAILS

    def effect(self, verdict: str) -> str:
        """Return what a verdict does to the claim's hypothesis: SUPPORTS, CONTRADICTS or OPEN."""
        if verdict not in (HOLDS, FAILS):
            return OPEN
        return SUPPORTS if (verdict == HOLDS) == self.supports else CONTRADICTS

    @property
    def lacking(self) -> list[str]:
        """What a complete claim has and this one has not."""
        parts = {"test": self.test, "reason": self.reason}
        for language in LANGUAGES:
            parts |= {f"{language}['{word}']": getattr(self, language).get(word) for word in WORDS}
        unknown = [] if self.hypothesis in ("", *HYPOTHESES) else [f"a hypothesis of {', '.join(HYPOTHESES)}"]
        return [name for name, value in parts.items() if not value] + unknown
