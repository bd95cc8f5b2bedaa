"""All visible words by key, in each language: of the word files and of the modules that register their own.

Words that several chapters share are in `text/en.yml` and `text/es.yml`; those of one chapter in `en.yml` and `es.yml`
of its folder; those of a figure, a dataset or a family of models beside the code that shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import yaml

from helpers.store.own import is_own

PACKAGE = "helpers"


def words(prefix: str, *, en: dict, es: dict) -> str:
    """Register words under `prefix.key` in both languages and return `prefix`; dictionaries may be nested.

    Raises ValueError where one language lacks a key of the other, or where a key already has another text. Registering
    the same words again, as a reload of a module does, changes nothing.
    """
    texts = {"en": dict(_flat(en, f"{prefix}.")), "es": dict(_flat(es, f"{prefix}."))}
    for language, other in (("en", "es"), ("es", "en")):
        if missing := texts[other].keys() - texts[language].keys():
            raise ValueError(f"words '{prefix}' lack {', '.join(sorted(missing))} in '{language}'; add them")
    for language, own in texts.items():
        _add(catalogue(language), own, f"words '{prefix}'")
    return prefix


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return key -> text of a language: the word files at first, then also whatever has been registered."""
    texts: dict[str, str] = {}
    for where, tree in _files(language):
        _add(texts, dict(_flat(tree)), where)
    return texts


def _files(language: str) -> Iterator[tuple[str, dict]]:
    """Yield the shared words, then those of each chapter that has any; chapters are found by folder, not imported."""
    package = files(PACKAGE)
    chapters = [folder for folder in (package / "chapters").iterdir() if is_own(folder.name)]
    folders = [package / "text", *sorted(chapters, key=lambda folder: folder.name)]
    for folder in folders:
        file = folder / f"{language}.yml"
        if file.is_file():
            yield f"{folder.name}/{file.name}", yaml.safe_load(file.read_text(encoding="utf-8")) or {}


def _add(texts: dict[str, str], own: dict[str, str], where: str) -> None:
    if differing := [key for key, text in own.items() if texts.get(key, text) != text]:
        key = differing[0]
        raise ValueError(f"{where}: '{key}' already has another text, '{texts[key]}'; use another key")
    texts.update(own)


def _flat(tree: dict, prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)
