"""What is said in the words of the field, equally in both languages; things that meet have names of their own."""

import re

import jupytext
import pytest

import words
from conftest import ROOT
from helpers.text import labellers

# What the texts once said, as a pattern, and what they say instead
INSTEAD = {
    "es": {
        r"\btapa(r|do|da|dos|das|ra|ran|n)\b": "enmascarar",
        r"\bmezcla(ndo|dos|das)\b": "permutar",
        r"\bcorridas?\b": "ejecución",
        r"\bde una tarea\b": "lasso univariado",
        r"\ben prueba\b": "en el conjunto de prueba",
        r"\b(se|puede\w*|pone\w*|poner\w*|puesta) a prueba\b": "evaluar",
        r"\bpuede\w* probar\b": "evaluar",
        r"\bnúcleos centrad": "kernels centrados",
        r"\bsumada\b": "suma de ambas ramas",
        r"\bse sostiene": "se confirma",
        r"\bacá\b": "aquí",
        r"\bpredice\w* mejor (en|de) (las )?capas": "a partir de las capas",
        r"\bcheckpoints?\b": "puntos de control",
        r"\bcambios sin confirmar\b": "cambios locales",
    },
    "en": {
        r"\bshuffl": "permute",
        r"\bnot beyond chance\b": "where the interval lies: includes the threshold",
        r"\bspeaks (for|against)\b": "supports, contradicts",
        r"\banswers to\b": "responds to",
        r"\bby leave of\b": "with the permission of",
        r"\bmerges? both\b": "sum of both branches",
        r"\buncommitted\b": "local changes",
        r"\btold apart\b": "distinguished",
        r"\bowed to\b": "due to",
        r"\bheld against\b": "compared with",
    },
}
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


def spoken(language: str) -> dict[str, str]:
    """All that a reader of one language sees, by where it stands: words, chapters, that half of the README."""
    words.imported()
    found = dict(labellers()[language].words)
    for path in (ROOT / "notebooks").glob("*.py"):
        cells = [cell for cell in jupytext.read(path).cells if f"lang-{language}" in cell.metadata.get("tags", [])]
        found |= {f"{path.name}, cell {index}": cell.source for index, cell in enumerate(cells)}
    english, _, rest = (ROOT / "README.md").read_text(encoding="utf-8").partition("## En español")
    spanish, heading, after = rest.partition("\n## ")
    found["README.md"] = CODE.sub("", spanish if language == "es" else english + heading + after)
    return found


def departures(language: str, texts: dict[str, str]) -> list[str]:
    return [
        f"{place}: '{found[0]}'; say: {better}"
        for place, text in texts.items()
        for pattern, better in INSTEAD[language].items()
        if (found := re.search(pattern, re.sub(r"\s+", " ", text), re.IGNORECASE))
    ]


@pytest.mark.parametrize("language", INSTEAD)
def test_texts_use_the_words_that_were_agreed_on(language):
    texts = spoken(language)
    assert len(texts) > 500 and len(texts["README.md"]) > 5000
    assert not (found := departures(language, texts)), "\n".join(found)


def test_words_that_were_given_up_are_found():
    texts = {"a": "no se pueden poner a prueba", "b": "El ruido no debe taparlos ni\nquedar tapado", "c": "enmascarado"}
    assert [one.partition(":")[0] for one in departures("es", texts)] == ["a", "b"]


@pytest.mark.parametrize("language", ["es", "en"])
def test_networks_components_regions_and_sounds_have_different_names(language):
    """Music the network, Music the component, music the sounds: wherever they meet, a reader can tell them apart."""
    words.imported()
    kinds, names = ("model", "component", "category", "region"), {}
    for key, name in labellers()[language].words.items():
        if key.startswith(tuple(f"{kind}." for kind in kinds)) and not key.endswith(".all"):
            names.setdefault(name.casefold(), []).append(key)
    assert len(names) > 30
    shared = {name: keys for name, keys in names.items() if len({key.partition(".")[0] for key in keys}) > 1}
    assert not shared, shared


PATTERNS = {"es": r"(?<![\d.])\d+\.\d{1,2}(?![\d.])", "en": r"(?<![\d,])\d+,\d{1,2}(?![\d,])"}  # of the other language
NOT_NUMBERS = re.compile(r"\{[^{}]*\}|<[^>]*>|\$[^$]*\$|`[^`]*`|julearn [\d.]+")


@pytest.mark.parametrize("language", PATTERNS)
def test_numbers_in_texts_have_the_signs_of_their_language(language):
    texts = {place: NOT_NUMBERS.sub("", text) for place, text in spoken(language).items() if place != "README.md"}
    wrong = [f"{place}: {found[0]}" for place, text in texts.items() if (found := re.search(PATTERNS[language], text))]
    wrong += [f"{place}: {found[0]}" for place, text in texts.items() if (found := re.search(r"(?<![\w.&-])-\d", text))]
    assert not wrong, wrong
    assert re.search(PATTERNS["es"], "p de 0.05") and not re.search(PATTERNS["es"], "0,05 o 10.241")
