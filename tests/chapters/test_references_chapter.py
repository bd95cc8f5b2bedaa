"""The list of references: what a study uses is cited, with links, in both languages; what it does not use is not."""

import html
import re
from dataclasses import replace

import pytest
import yaml

from conftest import ROOT
from helpers.chapters import references as chapter
from helpers.report import outputs
from helpers.study import Parameters, Study
from helpers.text.references import references

SMALL = {"family": "mini", "steps": 1}


def study(tmp_path, *entries, chapters=("14_references",), **more) -> Study:
    values = {"name": "small", "dataset": "demo", "models": list(entries), "chapters": list(chapters)} | more
    return Study(Parameters.model_validate(values), tmp_path)


def keys(one: Study) -> set[str]:
    return set(chapter.works(one)["key"])


def test_a_study_cites_its_networks_baselines_and_chapters_and_no_others(small_brain, tmp_path):
    plain = keys(study(tmp_path, {"name": "a", **SMALL}))
    assert {"tp-picml", "tuckute2023", "norman-haignere2015", "pepino2023", "pedregosa2011"} <= plain
    assert not {"kim2018", "chi2005", "kornblith2019", "boebinger2021"} & plain
    crepe = study(
        tmp_path, {"name": "a", "family": "crepe"}, chapters=("05_cka_residual", "14_references"),
        baselines=[{"name": "b", "family": "spectrotemporal"}],
    )  # fmt: skip
    assert {"kim2018", "chi2005", "kornblith2019", "xie2023"} <= keys(crepe) and "pons2019" not in keys(crepe)


@pytest.mark.parametrize("path", sorted((ROOT / "params").glob("*.yml")), ids=lambda path: path.stem)
def test_studies_end_with_what_they_stand_on(path):
    """And cite each of their families that a publication describes."""
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "models" not in values:  # junifer's own file
        return
    assert values["chapters"][-1] == "14_references"
    used = {f"family {entry['family']}" for entry in [*values["models"], *values.get("baselines", [])]}
    cited = {reason for one in references().values() for reason in one.reasons}
    assert used - cited <= {"family categories", "family activations"}


def test_the_list_has_a_link_for_each_work_and_asks_for_nothing(small_brain, tmp_path):
    one = study(tmp_path, {"name": "a", **SMALL})
    works, pieces = chapter.works(one), chapter.cited(one).pieces
    for language, piece in pieces.items():
        items = re.findall(r"<li>(.*?)</li>", piece)
        assert len(items) == len(works) and not outputs.addresses(piece), language
        for item, work in zip(items, works.itertuples(), strict=True):
            assert html.escape(work.title) in item and work.year in item and ".." not in item
            assert f'href="{html.escape(work.link)}"' in item if work.link else "href" not in item
    assert "Made by a test" not in pieces["en"] and "made by" in pieces["en"].casefold()
    assert "Pepino, L., González, J. y Sansone, A." in pieces["es"]
    assert "Pepino, González y Sansone (2024)" in chapter.replicated(one).pieces["es"]


def test_this_work_is_cited_as_text_and_as_bibtex(small_brain, tmp_path):
    own = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    for piece in chapter.how_to_cite(study(tmp_path, {"name": "a", **SMALL})).pieces.values():
        assert own["title"] in piece and own["version"] in piece and own["authors"][0]["name"] in piece
        (entry,) = re.findall(r"<pre[^>]*>(.*?)</pre>", piece, re.DOTALL)
        assert entry.startswith("@software{") and entry.count("{") == entry.count("}") and "Study: small" in entry


def test_how_data_are_cited_is_escaped(small_brain, tmp_path):
    own = replace(small_brain, name="mine", provenance={"citation": "<b>Doe</b> (2024)"})
    one = study(tmp_path, {"name": "a", **SMALL})
    one.__dict__["brain"] = own
    for piece in chapter.cited(one).pieces.values():
        assert "&lt;b&gt;Doe&lt;/b&gt; (2024)" in piece and "<b>" not in piece
