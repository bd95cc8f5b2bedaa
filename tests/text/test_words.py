"""Every word that code asks for exists in both languages, and none is left that nothing asks for."""

import ast
import re

import pytest

from helpers.text import labellers
from words import ROOT, Asked, asked, imported, mentioned, sources

# Kinds whose words are looked up by an identifier of the data, and words that the report reads by their prefix
BY_IDENTIFIER = {
    "column", "kind", "component", "model", "category", "region", "target", "hemisphere", "metric", "median", "mean",
    "symbol", "note", "dataset", "citation", "excluded", "estimator", "answer", "responses", "branch", "over",
    "quantity", "plotly", "about", "layers", "role", "set", "beside", "training", "trained_on", "architecture",
    "rule", "rule_short", "pick",
}  # fmt: skip


@pytest.fixture(scope="module")
def words():
    """Language -> key -> text of everything that is registered."""
    imported()
    return {language: labeller.words for language, labeller in labellers().items()}


def lacking(found: list[Asked], words: dict[str, dict[str, str]]) -> list[str]:
    """What is asked for and not registered, with its place and language."""
    return [
        f"{one.where}: no word '{one.shown}' in '{language}'"
        for one in found
        for language, known in words.items()
        if not any(re.fullmatch(one.pattern, key) for key in known)
    ]


def every_asked() -> list[Asked]:
    return [one for path, tree in sources() for one in asked(path, tree)]


def test_every_word_that_code_asks_for_exists_in_both_languages(words):
    found = every_asked()
    assert len(found) > 150
    missing = lacking([one for one in found if not one.shown.startswith("subject.")], words)
    assert not missing, "\n".join(missing)


def test_every_literal_of_the_shape_of_a_key_is_one(words):
    """Keys that are handed on in tuples and variables, by the first part of known keys that nothing else has."""
    sure = ("say.", "figure.", "axis.", "panels.", "map.", "explore.", "claim.", "why.")
    missing = [
        f"{path}:{line}: no word '{key}' in '{language}'"
        for path, tree in sources()
        for line, key in mentioned(tree)
        if key.startswith(sure)
        for language, known in words.items()
        if not any(word == key or word.startswith(f"{key}.") for word in known)
    ]
    assert not missing, "\n".join(missing)


def test_a_missing_word_is_named_with_its_place_and_language():
    tree = ast.parse('labeller("figure.x.title")\ntext.both(f"say.{name}_y")\nlabeller.name("region", "Primary")')
    found = list(asked("a.py", tree))
    known = {"en": {"figure.x.title": "", "say.a_y": ""}, "es": {"say.b_y": "", "region.Primary": ""}}
    assert lacking(found, known) == [
        "a.py:1: no word 'figure.x.title' in 'es'",
        "a.py:3: no word 'region.Primary' in 'en'",
    ]


def test_no_word_is_left_that_nothing_asks_for(words):
    patterns = [one.pattern for one in every_asked()]
    literals = {key for _, tree in sources() for _, key in mentioned(tree)}
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "report" / "template").iterdir())
    dead = [
        key
        for key in words["en"]
        if key.split(".")[0] not in BY_IDENTIFIER
        and key not in literals
        and key not in pages
        and not any(re.fullmatch(pattern, key) for pattern in patterns)
    ]
    assert not dead, "\n".join(f"nothing asks for '{key}'; remove it" for key in dead)
