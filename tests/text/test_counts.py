"""Counted nouns: "1 network" and "2 networks" wherever a number is filled in before one, in both languages."""

import re

import pytest

import words
from helpers.text.catalogue import catalogue

NOUNS = {
    "en": "networks|baselines|targets|panels|models|components|seeds|layers|subjects|units|voxels|splits",
    "es": "redes|líneas de base|respuestas|paneles|modelos|componentes|semillas|capas|sujetos|unidades|vóxeles",
}
ONE_FORM = re.compile(r"\{(\w+):[^{}|]*\|[^{}]*\{\1\}[^{}]*\}")  # `{n:the only network|each of {n} networks}` has both
NEVER_ONE = {  # keys whose number cannot be 1, and why
    "say.alike_agreement": "a correlation needs three networks",
    "say.alike_ceiling": "a single subject has words of its own",
    "first.several": "a single network has words of its own",
    "say.julearn_differs": "all components that the study has, six",
    "say.real_map": "the published data: thousands of voxels, eight subjects",
    "figure.published_map.alt": "the published data: thousands of voxels",
    "summary.network.some": "some of the targets are not all of them",
    "summary.baseline.some": "some of the targets are not all of them",
    "say.layers": "a rank correlation over layers needs three",
}


def plain(text: str, nouns: str) -> str:
    """The first plural in a text that a number stands before, whatever the number; "" where there is none."""
    found = re.search(rf"\{{(n|m|k|n_\w+)\}} ({nouns})\b", ONE_FORM.sub("", text))
    return found[0] if found else ""


@pytest.mark.parametrize("language", NOUNS)
def test_nouns_after_a_number_have_both_forms(language):
    words.imported()
    found = {key: plain(text, NOUNS[language]) for key, text in catalogue(language).items() if key not in NEVER_ONE}
    assert not {key: one for key, one in found.items() if one}


def test_a_plural_that_fits_no_1_is_found():
    assert plain("Table of {n} networks", NOUNS["en"]) == "{n} networks"
    assert not plain("{n} {n:network|networks} and {m:the only layer|each}", NOUNS["en"])
    assert not plain("a row for {n:the only network|each of {n} networks}", NOUNS["en"])
