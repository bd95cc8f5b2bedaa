"""All claims of the original study, found by file: each `<name>.py` here defines one as CLAIM; adding one is a file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType

from helpers import text
from helpers.chapters.claims.claim import WORDS, Claim
from helpers.names import LANGUAGES

MODULES = sorted(found.name for found in pkgutil.iter_modules(__path__, f"{__name__}."))


def complete(modules: Iterable[ModuleType]) -> dict[str, Claim]:
    """Return the claims of modules by name, in their order.

    Raises RuntimeError for a module without a claim, and for a claim that lacks its test or a word of either language,
    has another name than its file, or the place of another claim.
    """
    found: dict[int, Claim] = {}
    for module in modules:
        file, claim = f"{module.__name__.replace('.', '/')}.py", getattr(module, "CLAIM", None)
        if not isinstance(claim, Claim):
            raise RuntimeError(f"{file} defines no CLAIM; every file of that folder is a claim")
        if claim.name != module.__name__.rpartition(".")[2]:
            raise RuntimeError(f"{file}: CLAIM is named '{claim.name}'; give it the name of its file")
        if claim.lacking:
            raise RuntimeError(f"{file}: CLAIM lacks {', '.join(claim.lacking)}")
        if claim.order in found:
            other = found[claim.order].name
            raise RuntimeError(f"{file}: CLAIM has the order {claim.order}, as '{other}' has; give it another")
        found[claim.order] = claim
    return {claim.name: claim for _, claim in sorted(found.items())}


def register(claims: dict[str, Claim]) -> None:
    """Register the words of claims: `claim.<name>`, `test.<name>` and `reason.<name>`."""
    for word in WORDS:
        own = {language: {name: getattr(one, language)[word] for name, one in claims.items()} for language in LANGUAGES}
        text.words(word, **own)


CLAIMS = complete(importlib.import_module(name) for name in MODULES)
register(CLAIMS)
