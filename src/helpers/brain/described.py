"""`dataset.yml`: what a folder of somebody's own responses says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import Field, field_validator

from helpers.errors import UserError
from helpers.names import composed
from helpers.store import files, settings

FILE = "dataset.yml"
MOST_BYTES = 2**20


class Described(settings.Settings):
    """What every `dataset.yml` may hold."""

    citation: str = Field(min_length=1)
    synthetic: bool
    licence: str = ""
    categories: dict[str, str] = Field({})  # of the sounds, by name

    @field_validator("categories", mode="before")
    @classmethod
    def _names_are_text(cls, categories: object) -> object:
        pairs = categories.items() if isinstance(categories, dict) else ()
        for name in (one for pair in pairs for one in pair if not isinstance(one, str)):
            raise ValueError(f"found {name!r} among names, expected text; put it into quotes in the file")
        own = {composed(name): composed(category) for name, category in pairs}
        if len(own) < len(pairs):
            names = [composed(name) for name in categories]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ValueError(f"found {', '.join(twice)} more than once, spelt differently; keep one of each")
        return own if own else categories

    def provenance(self, responses: Path, **more: object) -> dict:
        """Return citation, licence and a checksum of the file of responses, of what is said of it and of `more`."""
        citation = f"{self.citation} (synthetic)" if self.synthetic else self.citation
        said = self.model_dump(exclude={"citation", "licence", "responses", "sounds"})
        checksum = files.digest(files.sha256(responses), said, more)
        return {"citation": citation, "checksums": checksum} | ({"licence": self.licence} if self.licence else {})


D = TypeVar("D", bound=Described)


def read(path: Path, schema: type[D], needs: str) -> D:
    """Return what a `dataset.yml` holds; raises UserError where it is missing, too large or invalid.

    `needs` is what it should hold, in words.
    """
    if not path.is_file():
        raise UserError(f"{path}: found no such file, expected {needs}; write it")
    if path.stat().st_size > MOST_BYTES:
        raise UserError(
            f"{path}: found {path.stat().st_size} bytes, expected at most {MOST_BYTES}; is it another file?"
        )
    return settings.validated(schema, settings.read_yaml(path), str(path))
