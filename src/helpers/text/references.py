"""The bibliography: every work that a report stands on, from references.yml, in the forms in which works are cited."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import quote

import yaml

OTHERS = "others"  # in place of authors who are not listed
ANY = "everything"  # what every study is for
IN_CFF = re.compile(r"10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+")  # DOIs that the schema of CITATION.cff knows


@dataclass(frozen=True)
class Reference:
    """A work: what references.yml says of it, "" where it has none of a kind.

    `authors` are "Family, Given" or the name of an organisation; `reasons` are what makes a study cite it, such as
    "family crepe".
    """

    key: str
    authors: tuple[str, ...]
    title: str
    year: str = ""
    journal: str = ""
    volume: str = ""
    issue: str = ""
    pages: str = ""
    doi: str = ""
    arxiv: str = ""
    url: str = ""
    type: str = "article"  # or "software"
    reasons: tuple[str, ...] = ()

    @property
    def families(self) -> tuple[str, ...]:
        """Family names of the listed authors, and names of organisations."""
        return tuple(author.partition(",")[0] for author in self.authors if author != OTHERS)

    @property
    def link(self) -> str:
        """Address of the work."""
        if self.doi:
            return f"https://doi.org/{quote(self.doi, safe='/:;()')}"
        return f"https://arxiv.org/abs/{self.arxiv}" if self.arxiv else self.url

    @property
    def identifier(self) -> str:
        """What a link to the work is called."""
        if self.doi:
            return f"doi:{self.doi}"
        return f"arXiv:{self.arxiv}" if self.arxiv else self.url.removeprefix("https://")

    @property
    def place(self) -> str:
        """Volume, issue and pages, such as "98(3), 630–644"."""
        number = f"{self.volume}({self.issue})" if self.issue else self.volume
        return ", ".join(filter(None, (number, self.pages.replace("-", "–"))))

    def short(self, listed: Callable[[Sequence[str]], str]) -> str:
        """Return "Kell et al. (2018)", "Pons and Serra (2019)"; `listed` is a labeller's, with its "and"."""
        names = self.families
        said = f"{names[0]} et al." if len(names) > 3 or OTHERS in self.authors else listed(names)
        return f"{said} ({self.year})" if self.year else said

    def listed(self, listed: Callable[[Sequence[str]], str]) -> str:
        """Return the authors with initials, such as "Pons, J. and Serra, X."; `listed` as above."""
        names = [_with_initials(author) for author in self.authors if author != OTHERS]
        if OTHERS in self.authors:
            return f"{', '.join(names)} et al."
        return listed(names)

    def bibtex(self) -> str:
        """Return the work as a BibTeX entry."""
        authors = " and ".join(a if "," in a or a == OTHERS else f"{{{a}}}" for a in self.authors)
        fields = {"author": authors, "title": f"{{{self.title}}}", "year": self.year, "journal": self.journal}
        fields |= {"volume": self.volume, "number": self.issue, "pages": self.pages.replace("-", "--")}
        fields |= {"doi": self.doi, "eprint": self.arxiv, "archiveprefix": "arXiv" * bool(self.arxiv), "url": self.url}
        return bibtex("software" if self.type == "software" else "article", self.key, fields)

    def cff(self) -> dict:
        """Return the work as an entry under `references` of a CITATION.cff."""
        start, _, end = self.pages.partition("-")
        people = [_person(author) for author in self.authors if author != OTHERS]
        said = {"type": self.type, "title": self.title, "authors": people}
        said |= {"year": int(self.year) if self.year else "", "journal": self.journal, "volume": self.volume}
        doi = self.doi if IN_CFF.fullmatch(self.doi) else ""
        said |= {"issue": self.issue, "start": start, "end": end, "doi": doi, "url": "" if doi else self.link}
        return {key: value for key, value in said.items() if value}


def bibtex(kind: str, key: str, fields: dict[str, str]) -> str:
    """Return a BibTeX entry of the fields that are not empty."""
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@{kind}{{{key},\n" + ",\n".join(lines) + "\n}"


@cache
def references() -> dict[str, Reference]:
    """Return every work by its key, in the order of the file."""
    tree = yaml.safe_load((files("helpers.text") / "references.yml").read_text(encoding="utf-8"))
    return {key: _reference(key, entry) for key, entry in tree.items()}


def cited_for(reasons: set[str]) -> Iterator[Reference]:
    """Yield the works that a study with these reasons stands on, by author and year."""
    found = [one for one in references().values() if {ANY, *reasons} & set(one.reasons)]
    yield from sorted(found, key=lambda one: (one.families[0].casefold(), one.year, one.key))


def with_references(citation: str) -> str:
    """Return the text of a CITATION.cff with the whole bibliography as its `references`, which come last."""
    own = citation.partition("references:\n")[0]
    listed = {"references": [one.cff() for one in references().values()]}
    return own + yaml.safe_dump(listed, allow_unicode=True, sort_keys=False, width=1000)


def _reference(key: str, entry: dict) -> Reference:
    lists = {"authors": tuple(entry["authors"]), "reasons": tuple(entry["for"])}
    plain = {name: str(value) for name, value in entry.items() if name not in ("authors", "for")}
    return Reference(key=key, **lists, **plain)


def _with_initials(author: str) -> str:
    family, comma, given = author.partition(", ")
    return f"{family}, {' '.join(f'{name[0]}.' for name in given.split())}" if comma else author


def _person(author: str) -> dict[str, str]:
    family, comma, given = author.partition(", ")
    return {"family-names": family, "given-names": given} if comma else {"name": author}
