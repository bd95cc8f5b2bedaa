"""What a view shows, in words: above a figure, and instead of its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers import text
from helpers.text import Labeller

if TYPE_CHECKING:
    from helpers.chapters.explore.seen import Seen

text.words(
    "figure.exploring",
    en={
        "title": "{model}, layer {layer}, split {split}: {target}",
        "numbers": "r² = {r2:3}, coefficient of determination = {determination:3}, alpha = {alpha}",
    },
    es={
        "title": "{model}, capa {layer}, partición {split}: {target}",
        "numbers": "r² = {r2:3}, coeficiente de determinación = {determination:3}, alfa = {alpha}",
    },
)


def title(seen: Seen, labeller: Labeller) -> str:
    """Return what is shown, in words: the network, layer, split and target, with its place."""
    choice, at = seen.choice, place(seen.place, labeller)
    target = labeller.name("target", choice.target) + (f" ({at})" if at else "")
    names = {"model": labeller.name("model", choice.model), "target": target}
    return labeller("figure.exploring.title", layer=choice.layer, split=choice.split, **names)


def place(of: dict[str, str], labeller: Labeller) -> str:
    """Return the subject, hemisphere and region of a target in words, those that it has."""
    return ", ".join(labeller.name(kind, value) for kind, value in of.items() if value)
