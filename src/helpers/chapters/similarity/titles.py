"""What a set of responses, or a region of it, is called in sentences and above panels."""

from __future__ import annotations

from helpers.plotting.panels import ALL
from helpers.text import Labeller


def title(labeller: Labeller, kind: str, region: str) -> str:
    """Return the word for a set of responses, or for a region of it."""
    return labeller.name("target", kind) if region == ALL else labeller.name("region", region)


def titles(labeller: Labeller, panels: list[tuple[str, str]]) -> list[str]:
    """Return the word for each set and region; a region that several sets have is named with its set."""
    regions = [region for _, region in panels if region != ALL]
    return [
        f"{labeller.name('target', kind)}: {title(labeller, kind, region)}"
        if regions.count(region) > 1
        else title(labeller, kind, region)
        for kind, region in panels
    ]
