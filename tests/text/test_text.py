"""Words: both languages say the same things, numbers look as their readers expect, nothing is left raw."""

import importlib
import re

import pandas as pd
import pytest

from helpers import text
from helpers.names import HEMISPHERES, REGIONS
from helpers.text import Labeller

ES, EN = Labeller("es"), Labeller("en")
COMPONENTS = ("lowfreq", "highfreq", "envsounds", "pitch", "speech", "music")


@pytest.fixture(scope="module", autouse=True)
def registered():
    """Import everything that registers words."""
    from words import imported

    return imported()


def test_both_languages_have_the_same_keys_and_placeholders():
    assert ES.words.keys() == EN.words.keys()
    for key in EN.words:
        names = [set(re.findall(r"(?<!\{)\{(\w+)", labeller.words[key])) for labeller in (ES, EN)]
        assert names[0] == names[1], key


def test_a_list_in_a_sentence_ends_with_and():
    assert EN.listed(["a"]) == ES.listed(["a"]) == "a" and EN.listed([]) == ""
    assert EN.listed(iter(["a", "b", "c"])) == "a, b and c" and ES.listed(["a", "b", "c"]) == "a, b y c"
    before_i = ["Isla", "iglú", "Ítaca", "hilo", "HiFi"]
    assert {ES.listed(["a", word]).split()[1] for word in before_i} == {"e"} and EN.listed(
        ["a", "Ibis"]
    ) == "a and Ibis"
    assert {ES.listed(["a", word]).split()[1] for word in ("hielo", "iones", "hoja", "yo")} == {"y"}
    said = text.both("summary.controls", roles=text.listed("component", ["pitch", "music"])).pieces
    assert "Pitch and Music component." in said["en"] and "Altura tonal y Componente" in said["es"]


def test_sentences_and_titles_are_translated():
    same = [key for key in EN.words if EN.words[key] == ES.words[key] and re.search(r"[a-z]{3,} ", EN.words[key])]
    assert not same, same


@pytest.mark.parametrize("labeller", [ES, EN])
def test_every_name_of_the_vocabulary_has_a_word(labeller):
    kinds = {"component": COMPONENTS, "region": REGIONS, "hemisphere": HEMISPHERES}
    for kind, names in kinds.items():
        assert all(f"{kind}.{name}" in labeller.words for name in names)


@pytest.fixture
def forgotten():
    """Forget what a test registers."""
    yield
    for labeller in (ES, EN):
        for key in [key for key in labeller.words if key.startswith("try.")]:
            del labeller.words[key]


@pytest.mark.usefixtures("forgotten")
def test_registered_words_are_those_of_the_labellers():
    before, english = set(EN.words), {"title": "A title", "more": {"hover": "x"}}
    assert text.words("try", en=english, es={"title": "Un título", "more": {"hover": "y"}}) == "try"
    assert (EN("try.title"), ES("try.more.hover")) == ("A title", "y")
    text.words("try", en={"title": "A title"}, es={"title": "Un título"})  # again, as a reload does
    with pytest.raises(ValueError, match=r"'try' lack try\.title in 'es'"):
        text.words("try", en={"title": "A title"}, es={})
    with pytest.raises(ValueError, match=r"'try\.title' already has another text, 'A title'"):
        text.words("try", en={"title": "Another"}, es={"title": "Un título"})
    assert set(EN.words) - before == {"try.title", "try.more.hover"}


def test_a_module_that_registers_words_can_be_reloaded():
    from helpers.plotting import panels

    importlib.reload(panels)


def test_keys_that_were_asked_for_are_recorded():
    labeller = Labeller("en")
    labeller("axis.layer"), labeller.name("region", "Primary"), labeller.name("region", "Nowhere")
    assert labeller.asked == {"axis.layer", "region.Primary"}


def test_numbers_have_each_languages_signs():
    assert (EN.number(1234.567), ES.number(1234.567)) == ("1,234.57", "1.234,57")
    assert EN.number(float("nan")) == ES.number(float("nan")) == "–"
    assert (EN.number(165, 0), ES.number(0.5, 3)) == ("165", "0,500")
    assert (EN.separators, ES.separators) == (".,", ",.")


def test_alphas_are_said_as_powers_of_ten():
    assert [EN.power(value) for value in (1e-30, 0.1, 1e3, 2e-16)] == ["10⁻³⁰", "10⁻¹", "10³", "2 · 10⁻¹⁶"]
    assert [ES.power(value) for value in (1.0, 10.0, 20.0, 100.0)] == ["1", "10", "20", "10²"]  # as axes have them


def test_sentences_are_filled(monkeypatch):
    monkeypatch.setitem(EN.words, "test", "{n} {n:sound|sounds}, {x}, {x:3}, {name}")
    assert EN("test", n=1, x=0.5, name="a") == "1 sound, 0.50, 0.500, a"
    assert EN("test", n=2, x=3.0, name="a").startswith("2 sounds, 3.00")
    monkeypatch.setitem(EN.words, "test", "{n:none differs|one differs|{n} differ}")
    assert [EN("test", n=n) for n in range(3)] == ["none differs", "one differs", "2 differ"]


def test_unknown_words_are_errors_but_what_users_name_keeps_its_name():
    with pytest.raises(KeyError, match="no text 'nothing'"):
        EN("nothing")
    with pytest.raises(KeyError, match=r"no text 'component\.loudness'"):
        EN.name("component", "loudness")
    for kind in ("model", "category", "target", "region", "subject"):
        assert EN.name(kind, "mine") == "mine"


def test_a_target_is_a_component_or_a_region():
    assert [EN.name("target", name) for name in ("lowfreq", "Primary", "A1")] == ["Low frequency", "Primary", "A1"]


def test_tables_speak_both_languages_and_escape_what_they_hold():
    frame = pd.DataFrame(
        {
            "model": ["<b>x</b>"],
            "target": ["pitch"],
            "median_r2": [0.512],
            "layer": [3],
            "learned_from": ["Music, Song, Dogs"],
            "at_edge": [True],
        }
    )
    pieces = text.table(frame).pieces
    assert "0,51" in pieces["es"] and "0.51" in pieces["en"]
    assert "Altura tonal" in pieces["es"] and "Pitch" in pieces["en"]
    assert "Sonidos de música, Canto, Dogs" in pieces["es"]
    assert "&lt;b&gt;" in pieces["en"] and "<b>" not in pieces["en"] and ">3<" in pieces["en"]
    assert ">yes<" in pieces["en"] and ">sí<" in pieces["es"]


def test_columns_of_identifiers_say_of_which_kind_they_are():
    names = EN.names_by_column
    assert names["one"]["pitch"] == names["curve"]["pitch"] == names["target"]["pitch"] == "Pitch"
    assert names["target"]["Primary"] == "Primary" and names["row_branch"]["left"] == "Left"
    assert "layer" not in names and "median_r2" not in names


def test_missing_cells_are_dashes():
    frame = pd.DataFrame({"learned_from": ["Music", None], "median_r2": [float("nan"), 0.5]})
    assert text.table(frame).pieces["es"].count("–") == 2


def test_long_tables_and_many_sentences_are_made_short():
    """More than eight rows stand behind a line that counts them; more than three sentences in two columns."""
    frame = pd.DataFrame({"layer": range(1, 10), "median_r2": 0.5})
    assert text.table(frame).pieces["es"].startswith("<details><summary>Ver la tabla (9 filas)</summary>")
    assert "<details>" not in text.table(frame.iloc[:8]).pieces["en"]
    assert "(1 row)" in text.table(frame.iloc[:1], fold=True).pieces["en"]
    one = text.both("report.table")
    assert text.markdown([one] * 4).pieces["en"].startswith('<div class="several"><p>')
    assert text.markdown([one] * 3).pieces["en"].startswith("<p>")
    long = text.paragraph([one] * 60)
    assert text.markdown([long] * 2).pieces["en"].startswith('<div class="several"><p>')
    assert text.markdown([long]).pieces["en"].startswith("<p>")
    assert (
        text.paragraph([one] * 4).pieces["en"].count("<p>") == 1 and "div" not in text.paragraph([one] * 4).pieces["en"]
    )


def test_columns_in_which_nothing_is_known_are_left_out():
    frame = pd.DataFrame({"model": ["a", "b"], "learned_from": [None, None], "median_r2": [float("nan")] * 2})
    assert "Training sounds" not in (shown := text.table(frame).pieces["en"]) and "Median" not in shown
    assert "Model" in shown and "–" not in shown
    assert "Model" in text.table(frame.iloc[:0]).pieces["en"]


def test_bilingual_pieces_carry_their_language():
    html = text.both("say.sounds", n=165, n_categories=11, seconds=2.0, khz=24)._repr_html_()
    assert re.findall(r'lang="(\w+)"', html) == ["es", "en"] and "2,00" in html and "2.00" in html and "24 kHz" in html


def test_sentences_escape_names_but_not_their_own_markup():
    said = text.both("say.every_frame", models=lambda labeller: "<i>m</i>", n=3).pieces["en"]
    assert "<strong>&lt;i&gt;m&lt;/i&gt;</strong>" in said
