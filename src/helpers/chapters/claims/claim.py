"""A claim as one object: what is tested and how, against which threshold and why, what was published, and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from helpers.chapters.claims.evidence import Evidence
from helpers.chapters.claims.verdict import ABOVE, FAILS, HOLDS, SIDES, UNDECIDED, WITHIN
from helpers.names import COMPONENTS, LANGUAGES

if TYPE_CHECKING:
    from helpers.chapters.claims.published import Figures
    from helpers.chapters.claims.run import Run

LEVEL = 0.05  # of all verdicts of a table together
SUPPORTS, CONTRADICTS, OPEN = "speaks_for", "speaks_against", "open"  # what a verdict does to a hypothesis

HYPOTHESES = ("hierarchy", "specialisation", "diversity")  # as chapter 00 names them, in its order
WORDS = ("claim", "test", "reason")  # what each language says: the claim, how it is tested, and why its threshold


@dataclass(frozen=True)
class Claim:
    """It holds when its number lies above `threshold` (or below it, or within it on both sides of 0) beyond chance.

    Parameters
    ----------
    name : that of its file, which defines it as CLAIM
    order : its place in the table
    test : this run -> its number and how sure it is; raises Missing for what the study lacks
    threshold : what the number is compared with
    side : ABOVE, BELOW, or WITHIN: no further from 0 than the threshold, a test of equivalence (Schuirmann 1987)
    about : the networks that have to predict the responses; () for the study's main one
    on : COMPONENTS or VOXELS, what those have to predict; "" for claims that are not about prediction
    of_training : whether those have to predict better than they did untrained
    published : the original study's number; None: its figures do not have it
    published_sign : 1 or -1, where its figures show no more than the sign
    published_note : key of `published.*`, how its number differs from this run's; "" where by the same formula
    otherwise : this run, or the original figures -> the number by the definition that `say.otherwise` describes, which
        has no interval; None where there is one definition
    untrained : this run -> the number of the network before any training, for claims about an architecture
    elsewhere : this run -> the number of each other network, by name, for claims about a single one
    hypothesis : one of HYPOTHESES that the claim can speak for or against; "" for none
    supports : whether the claim supports that hypothesis when it holds; else it contradicts it
    en, es : what each language says: `claim`, a sentence; `test`, how it is tested; and `reason`, why this threshold
    """

    name: str
    order: int
    test: Callable[[Run], Evidence] | None = None
    threshold: float = 0.0
    side: str = ABOVE
    about: tuple[str, ...] = ()
    on: str = COMPONENTS
    of_training: bool = True
    published: Callable[[], Evidence] | None = None
    published_sign: Callable[[], float] | None = None
    published_note: str = ""
    otherwise: Callable[[Run | Figures], float] | None = None
    untrained: Callable[[Run], Evidence] | None = None
    elsewhere: Callable[[Run], dict[str, float]] | None = None
    hypothesis: str = ""
    supports: bool = True
    en: Mapping[str, str] = field(default_factory=dict)
    es: Mapping[str, str] = field(default_factory=dict)

    def p_values(self, evidence: Evidence) -> tuple[float, float]:
        """Return the one-sided p of the claim being false, and of its being true; 1 and 1 where no error is known."""
        if not evidence.known:
            return 1.0, 1.0
        if self.side == WITHIN:
            beyond = min(evidence.p_above(self.threshold), evidence.p_below(-self.threshold))
            return max(evidence.p_above(-self.threshold), evidence.p_below(self.threshold)), min(2 * beyond, 1.0)
        sides = evidence.p_above(self.threshold), evidence.p_below(self.threshold)
        return sides if self.side == ABOVE else sides[::-1]

    def verdict(self, evidence: Evidence, p_adjusted: float) -> str:
        """Return HOLDS or FAILS where the p adjusted for all claims is at most LEVEL, else UNDECIDED."""
        if not p_adjusted <= LEVEL:
            return UNDECIDED
        false, true = self.p_values(evidence)
        return HOLDS if false < true else FAILS

    def effect(self, verdict: str) -> str:
        """Return what a verdict does to the claim's hypothesis: SUPPORTS, CONTRADICTS or OPEN."""
        if verdict not in (HOLDS, FAILS):
            return OPEN
        return SUPPORTS if (verdict == HOLDS) == self.supports else CONTRADICTS

    @property
    def lacking(self) -> list[str]:
        """What a complete claim has and this one has not."""
        parts: dict = {"test": self.test}
        for language in LANGUAGES:
            parts |= {f"{language}['{word}']": getattr(self, language).get(word) for word in WORDS}
        unknown = [] if self.hypothesis in ("", *HYPOTHESES) else [f"a hypothesis of {', '.join(HYPOTHESES)}"]
        unknown += [] if self.side in SIDES else [f"a side of {', '.join(SIDES)}"]
        return [name for name, value in parts.items() if not value] + unknown
