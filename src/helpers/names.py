"""The vocabulary: names of dimensions, coordinates and orders that every other module uses."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import TypeVar

# Dimensions and coordinates of labelled arrays
SOUND, SAMPLE, UNIT, TARGET = "sound", "sample", "unit", "target"
REPETITION, SPLIT, LAYER, STAGE, NOTE = "repetition", "split", "layer", "stage", "note"
MODEL, STEP, ESTIMATOR, METRIC = "model", "step", "estimator", "metric"
QUARTILES = ["q25", "median_r2", "q75"]  # columns of a table, mostly over splits
STATE, SEED = "state", "seed"  # of a control's weights
SUBJECT, CATEGORY, TIME = "subject", "category", "time"

# Response sets that chapters ask for by name
COMPONENTS, VOXELS = "components", "voxels"

# Regions of auditory cortex as published, in the order in which they are shown; other ones follow them
REGIONS = ("Primary", "Anterior", "Lateral", "Posterior")
HEMISPHERES = ("lh", "rh")

LANGUAGES = ("es", "en")

F = TypeVar("F", bound=Callable)


def composed(name: str) -> str:
    """Return a name as it is compared, whoever wrote it: accents in one character, no spaces around it."""
    return unicodedata.normalize("NFC", name).strip()


def immaterial(*arguments: str) -> Callable[[F], F]:
    """Declare that these arguments of a function cannot change its result, such as a device or a progress bar.

    Results kept on disk are then found for any value of them.
    """

    def declared(function: F) -> F:
        function.immaterial = frozenset(arguments)
        return function

    return declared
