"""What exploring shows at a time, and the view that comes with the package, with a picture of it in each language.

It imports little, to be there at once.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.resources import files

import pandas as pd

SHIPPED = ("demo",)  # studies of which a first view is here, as STUDY.json; `make first-view` writes it, and pictures

Group = tuple[str, ...]  # the name of a set of responses, and the subject and place of its targets where they have any


@dataclass(frozen=True)
class Choice:
    """What is shown: `group` is of the dataset's responses, and `target` one of its targets."""

    model: str
    step: int
    layer: int
    group: Group
    target: str
    split: int

    @property
    def responses(self) -> str:
        """The name of the set of responses."""
        return self.group[0]


@dataclass(frozen=True)
class Seen:
    """sounds (sound, category, measured, predicted) that test; errors (alpha, error) of cross-validation.

    Responses are in standard deviations of the measured ones over all sounds; errors are relative to that of the
    largest alpha, which predicts the mean of the other sounds.
    """

    choice: Choice
    place: dict[str, str]  # of the target: subject, hemisphere, region, those that it has
    sounds: pd.DataFrame
    errors: pd.DataFrame
    alpha: float
    r2_pearson: float
    r2_determination: float
    n_sounds: int  # of the study
    n_units: int  # of the layer
    categories: list[str]  # of all sounds of the study
    synthetic: bool


def shipped(study: str) -> Seen | None:
    """Return the first view of a study that comes with the package; None but for the demo, whose data are our own."""
    if study not in SHIPPED:
        return None
    said = json.loads((files(__package__) / f"{study}.json").read_text(encoding="utf-8"))
    choice = said.pop("choice")
    choice = Choice(**choice | {"group": tuple(choice["group"])})
    frames = {name: pd.DataFrame(said.pop(name)) for name in ("sounds", "errors")}
    return Seen(choice=choice, **frames, **said)


def picture(study: str, language: str) -> str:
    """Return a still picture, SVG, of the first view that comes with the package."""
    return (files(__package__) / f"{study}.{language}.svg").read_text(encoding="utf-8")


def written(seen: Seen) -> str:
    """Return a view as `shipped` reads it, numbers with as many digits as a picture needs."""
    said = asdict(seen) | {
        "sounds": seen.sounds.round(4).to_dict("list"),
        "errors": {"alpha": seen.errors["alpha"].tolist(), "error": seen.errors["error"].round(6).tolist()},
    }
    return json.dumps(said, ensure_ascii=False) + "\n"
