"""Words: both languages say the same things, numbers look as their readers expect, nothing is left raw."""

import re

import pandas as pd
import pytest

from helpers import text
from helpers.names import CATEGORIES, COMPONENTS, HEMISPHERES, REGIONS
from helpers.text import Labeller

ES, EN = Labeller("es"), Labeller("en")


def test_both_languages_have_the_same_keys_and_placeholders():
    assert ES.words.keys() == EN.words.keys()
    for key in EN.words:
        names = [set(re.findall(r"(?<!\{)\{(\w+)", labeller.words[key])) for labeller in (ES, EN)]
        assert names[0] == names[1], key


def test_sentences_and_titles_are_translated():
    same = [key for key in EN.words if EN.words[key] == ES.words[key] and " " in EN.words[key]]
    assert not same, same


@pytest.mark.parametrize("labeller", [ES, EN])
def test_every_name_of_the_vocabulary_has_a_word(labeller):
    kinds = {"component": COMPONENTS, "category": CATEGORIES, "region": REGIONS, "hemisphere": HEMISPHERES}
    for kind, names in kinds.items():
        assert all(labeller.name(kind, name) for name in names)


def test_numbers_have_each_languages_signs():
    assert (EN.number(1234.567), ES.number(1234.567)) == ("1,234.57", "1.234,57")
    assert EN.number(float("nan")) == ES.number(float("nan")) == "–"
    assert (EN.number(165, 0), ES.number(0.5, 3)) == ("165", "0,500")
    assert (EN.separators, ES.separators) == (".,", ",.")


def test_alphas_are_said_as_powers_of_ten():
    assert [EN.power(value) for value in (1e-30, 1.0, 1e3, 2e-16)] == ["10⁻³⁰", "10⁰", "10³", "2 · 10⁻¹⁶"]


def test_sentences_are_filled(monkeypatch):
    monkeypatch.setitem(EN.words, "test", "{n} {n:sound|sounds}, {x}, {x:3}, {name}")
    assert EN("test", n=1, x=0.5, name="a") == "1 sound, 0.50, 0.500, a"
    assert EN("test", n=2, x=3.0, name="a").startswith("2 sounds, 3.00")


def test_unknown_words_are_errors_but_a_models_own_name_is_kept():
    with pytest.raises(KeyError, match="no text 'nothing'"):
        EN("nothing")
    with pytest.raises(KeyError):
        EN.name("component", "loudness")
    assert EN.name("model", "my-network") == "my-network" and EN.name("category", "Dogs") == "Dogs"


def test_tables_speak_both_languages_and_escape_what_they_hold():
    frame = pd.DataFrame(
        {
            "model": ["<b>x</b>"],
            "target": ["pitch"],
            "median_r2": [0.512],
            "layer": [3],
            "learned_from": ["Music, Song"],
        }
    )
    pieces = text.table(frame).pieces
    assert "0,51" in pieces["es"] and "0.51" in pieces["en"]
    assert "Altura tonal" in pieces["es"] and "Pitch" in pieces["en"] and "Música, Canto" in pieces["es"]
    assert "&lt;b&gt;" in pieces["en"] and "<b>" not in pieces["en"] and ">3<" in pieces["en"]


def test_missing_cells_are_dashes():
    frame = pd.DataFrame({"learned_from": [None], "median_r2": [float("nan")]})
    assert text.table(frame).pieces["es"].count("–") == 2


def test_bilingual_pieces_carry_their_language():
    html = text.both("say.sounds", n=165, n_categories=11, seconds=2.0)._repr_html_()
    assert re.findall(r'lang="(\w+)"', html) == ["es", "en"] and "2,00" in html and "2.00" in html
