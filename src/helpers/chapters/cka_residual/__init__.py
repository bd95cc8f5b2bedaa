"""Chapter 05: how similar the two ResiDual branches are, layer by layer, and what a merged last layer mixes."""

from helpers.chapters.chapter import LAST, Chapter, Size
from helpers.chapters.cka_residual import figures
from helpers.chapters.cka_residual.analysis import (
    alone,
    cka_of_frames,
    frames_used,
    last_layer,
    matrices,
    merged,
    names,
    sentences,
    shown_cost,
    streams,
    towers,
)

__all__ = [
    "CHAPTER", "alone", "cka_of_frames", "figures", "frames_used", "last_layer", "matrices", "merged", "names",
    "sentences", "shown_cost", "streams", "towers",
]  # fmt: skip

PER_PAIR = 4e-7  # seconds, for each pair of layers of both branches and unit squared, over all frames


def _seconds(size: Size) -> float:
    return size.heard_s + PER_PAIR * (2 * size.n_layers * size.n_units) ** 2


CHAPTER = Chapter(
    "05_cka_residual", per=LAST, options=frozenset({"streams", "frames"}), seconds=_seconds, holds_frames=True
)
