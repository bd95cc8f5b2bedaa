"""The bibliography: whole, used, and the only place that works are cited from."""

import re

import pytest
import yaml
from test_wording import spoken

import words
from conftest import ROOT
from helpers import brain, encoding, models
from helpers.chapters import registry
from helpers.text import labellers, references
from helpers.text.references import ANY, IN_CFF, OTHERS, Reference, with_references

WORKS = references.references()
KINDS = {"dataset": brain.DATASETS, "family": models.FAMILIES, "estimator": encoding.ESTIMATORS}
OWN = {"demo", "table"}  # datasets that no publication describes
NO_WORK = {"activations", "categories"}  # families that no publication describes

# "Pons and Serra, 2019", "Kim et al. (2018)": a family name, up to a dozen words of names, a year
NAME = r"[A-ZÉ][\w-]+"
CITED = re.compile(rf"({NAME}(?:(?:,| y| and| &| et al\.?| la| {NAME})+)?),? \(?((?:19|20)\d\d)\b")


def mentioned(text: str) -> set[tuple[str, str]]:
    """(names, year) of the works that a text names."""
    found = CITED.findall(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text)))
    return {(names, year) for names, year in found if len(names) > 3}  # no "In 2024"


def is_known(names: str, year: str) -> bool:
    """Whether a work of that year has an author of one of these names."""
    families = [name for one in WORKS.values() if one.year == year for name in one.families]
    return any(family.startswith(name) for family in families for name in re.findall(NAME, names))


def test_every_work_is_whole_and_has_its_own_place():
    for one in WORKS.values():
        assert one.title and one.authors and one.authors[0] != OTHERS, one.key
        assert one.type in ("article", "software"), one.key
        assert re.fullmatch(r"(1[89]|20)\d\d|", one.year) and (one.year or one.type == "software"), one.key
        assert re.fullmatch(r"10\.\d{4,}/\S+|", one.doi) and re.fullmatch(r"\d{4}\.\d{4,5}|", one.arxiv), one.key
        assert one.journal or one.link, f"{one.key}: nobody could find it"
        assert one.reasons, f"{one.key}: nothing cites it"
    for identifiers in ([one.doi for one in WORKS.values()], [one.arxiv for one in WORKS.values()]):
        assert len(known := list(filter(None, identifiers))) == len(set(known))


def test_reasons_are_names_that_exist():
    chapters = {"chapter": registry.chapters()}
    for one in WORKS.values():
        for reason in set(one.reasons) - {ANY}:
            kind, _, name = reason.partition(" ")
            assert name in (KINDS | chapters)[kind], f"{one.key}: {reason}"


@pytest.mark.parametrize(("kind", "without"), [("dataset", OWN), ("family", NO_WORK)])
def test_every_dataset_and_family_has_a_work(kind, without):
    reasons = {reason for one in WORKS.values() for reason in one.reasons}
    of_all = {"nh2015", "nh2015_components", "nh2015_voxels", "nh2015_rank6"}  # of the study that everything stands on
    assert not [name for name in KINDS[kind] if name not in without | of_all and f"{kind} {name}" not in reasons]


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_work_that_a_text_names_is_in_the_bibliography(language):
    found = [(place, *one) for place, text in spoken(language).items() for one in mentioned(text)]
    assert len(found) > 20
    assert not [one for one in found if not is_known(*one[1:])]


def test_a_work_that_is_named_is_found():
    text = "as <em>Pons et al., 2018</em>; Pons and Serra, 2019) and Chi, Ru y Shamma (2005), in June 2026"
    assert {year for names, year in mentioned(text) if is_known(names, year)} == {"2018", "2019", "2005"}
    assert not is_known("Pons and Serra", "2011")


def test_networks_say_on_their_cards_what_the_bibliography_says(tmp_path):
    words.imported()
    said = [module.CITATION for module in models.FAMILIES.values() if hasattr(module, "CITATION")]
    assert len(said) > 5
    titles = {re.sub(r"\W+", "", one.title).casefold(): one for one in WORKS.values()}
    for citation in said:
        plain = re.sub(r"\W+", "", citation).casefold()
        (one,) = [one for title, one in titles.items() if title in plain]
        assert f"({one.year})" in citation and citation.startswith(one.families[0]), citation


def test_the_citation_file_has_the_whole_bibliography():
    found = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert with_references(found) == found, "run `make citation`"
    listed = yaml.safe_load(found)["references"]
    assert [one["title"] for one in listed] == [one.title for one in WORKS.values()]
    assert all(IN_CFF.fullmatch(one["doi"]) for one in listed if "doi" in one)
    assert "%3C272::AID-HBM10%3E" in next(one["url"] for one in listed if one["title"].startswith("High-resolution"))


def test_a_work_is_cited_in_each_form():
    authors = ("Pons, Jordi", "Serra, Xavier")
    one = Reference("a", authors, "Tags", "2019", journal="A", volume="3", issue="2", pages="1-9", arxiv="1909.06654")
    english, spanish = (labellers()[language].listed for language in ("en", "es"))
    assert (one.short(spanish), one.place) == ("Pons y Serra (2019)", "3(2), 1–9")
    assert one.listed(english) == "Pons, J. and Serra, X."
    assert (one.link, one.identifier) == ("https://arxiv.org/abs/1909.06654", "arXiv:1909.06654")
    entry = one.bibtex()
    assert entry.startswith("@article{a,\n  author = {Pons, Jordi and Serra, Xavier},") and "pages = {1--9}" in entry
    assert one.cff()["authors"][1] == {"family-names": "Serra", "given-names": "Xavier"} and one.cff()["end"] == "9"
    many = Reference("b", ("Xie, Shufang", OTHERS), "ResiDual", "2023")
    assert many.short(english) == "Xie et al. (2023)" and many.cff()["authors"] == [many.cff()["authors"][0]]
    assert "Xie, Shufang and others" in many.bibtex() and Reference("c", ("A team",), "B").short(english) == "A team"
    assert set(labellers()) == {"es", "en"}
