"""Which targets are in which region: in one anatomical one at most, and in any number of functional ones."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from helpers.names import REGIONS

REGION, FUNCTIONAL = "region", "functional"  # coordinates on target
FUNCTIONAL_REGIONS = ("tonotopic", "pitch", "music", "speech")  # as published, in the order in which they are shown
BETWEEN = "/"  # the names of a target's functional regions


def members(labels: Iterable[str], by: str = REGION) -> dict[str, np.ndarray]:
    """Return region -> which targets (n_targets,) are in it, of the `labels` that the coordinate `by` holds.

    Regions come in the published order, others after them in order of appearance; '' is no region.
    """
    labels = [str(label) for label in labels]
    published = FUNCTIONAL_REGIONS if by == FUNCTIONAL else REGIONS
    of_target = [label.split(BETWEEN) if by == FUNCTIONAL else [label] for label in labels]
    found = [name for name in dict.fromkeys(name for names in of_target for name in names) if name]
    ordered = [name for name in published if name in found] + [name for name in found if name not in published]
    return {region: np.array([region in names for names in of_target], bool) for region in ordered}
