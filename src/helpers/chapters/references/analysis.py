"""Which works a study stands on, by its data, networks, estimator and chapters; how it is cited itself."""

from __future__ import annotations

import html
from collections.abc import Callable

import pandas as pd
import yaml

from helpers import text
from helpers.store.checkout import ROOT
from helpers.study import Study
from helpers.text import references
from helpers.text.references import Reference

REPLICATED = "tp-picml"
STANDS_ON = ("tuckute2023", "norman-haignere2015")  # data and analysis of the replicated study


def works(study: Study) -> pd.DataFrame:
    """Return one row per work that the study stands on, by author and year.

    Columns key, authors, year, title, journal, identifier, link: text, "" where there is none.
    """
    english = text.labellers()["en"].listed
    rows = [
        {
            "key": one.key, "authors": one.listed(english), "year": one.year, "title": one.title,
            "journal": one.journal, "identifier": one.identifier, "link": one.link,
        }
        for one in _cited(study)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _cited(study: Study) -> list[Reference]:
    parameters = study.parameters
    reasons = {f"dataset {parameters.dataset}", f"estimator {parameters.encoding.estimator}"}
    reasons |= {f"family {entry.family}" for entry in (*parameters.models, *parameters.baselines)}
    reasons |= {f"chapter {name}" for name in parameters.chapters}
    return list(references.cited_for(reasons))


def replicated(study: Study) -> text.Bilingual:  # noqa: ARG001  (as the others)
    """Return a sentence on the study that this one replicates, and on what that one stands."""
    known = references.references()
    names = {"study": REPLICATED, "analysis": STANDS_ON[0], "data": STANDS_ON[1]}
    said = {name: _named(known[key]) for name, key in names.items()}
    links = {f"{name}_link": known[key].link for name, key in names.items()}
    return text.both("bibliography.replicated", **said, **links)


def _named(reference: Reference) -> Callable[[text.Labeller], str]:
    return lambda labeller: reference.short(labeller.listed)


def cited(study: Study) -> text.Bilingual:
    """Return the list of works that the study stands on, each with a link, and how data that are no work are cited."""
    found = _cited(study)
    pieces = {
        language: f'<ul class="references">{"".join(_item(one, labeller) for one in found)}</ul>'
        for language, labeller in text.labellers().items()
    }
    own = study.brain.provenance.get("citation", "")
    data = [text.both("bibliography.data", citation=_data(study, own))] if own else []
    return text.markdown([*data, text.Bilingual(pieces)])


def _data(study: Study, citation: str) -> Callable[[text.Labeller], str]:
    """Return how the data are cited; synthetic ones have a sentence in each language instead."""
    return lambda labeller: labeller.words.get(f"citation.{study.brain.name}", citation)


def _item(one: Reference, labeller: text.Labeller) -> str:
    who = one.listed(labeller.listed)
    who = f"{who} ({one.year})." if one.year else _sentence(who)
    place = f"<em>{html.escape(one.journal)}</em>" * bool(one.journal)
    place = ", ".join(filter(None, (place, html.escape(one.place))))
    said = f"{html.escape(who)} {html.escape(_sentence(one.title))}"
    return f"<li>{said} {place}{'. ' * bool(place)}{_link(one.link, one.identifier)}</li>"


def _sentence(title: str) -> str:
    return title if title.endswith(("?", "!", ".")) else f"{title}."


def _link(address: str, name: str) -> str:
    if not address:
        return ""
    return f'<a href="{html.escape(address)}" rel="noreferrer">{html.escape(name)}</a>'


def how_to_cite(study: Study) -> text.Bilingual:
    """Return how this software is cited, as text and as BibTeX; which works besides, `cited` says."""
    own = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    authors, year = ", ".join(author["name"] for author in own["authors"]), str(own["date-released"])[:4]
    fields = {"author": f"{{{authors}}}", "title": f"{{{own['title']}}}", "year": year, "version": own["version"]}
    fields |= {"note": f"Study: {study.parameters.name}"}
    entry = html.escape(references.bibtex("software", "audio_network_brain_report", fields))
    words = {"authors": authors, "year": year, "title": own["title"], "version": own["version"]}
    said = text.both("bibliography.own", study=study.parameters.name, **words)
    block = dict.fromkeys(text.labellers(), f'<pre tabindex="0">{entry}</pre>')
    return text.markdown([said, text.Bilingual(block)])
