"""Declaration of a chapter, so that reports, batches, checks and estimates need no names of chapters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from helpers.names import TARGET, TIME
from helpers.study import Study
from helpers.study.study import BASELINES, CONTROLS

ALL_BESIDE = frozenset({BASELINES, CONTROLS})

# For what a chapter is made in a batch: once for all models (by the report only), or for each model once over all its
# checkpoints, at each of them, at the last one, or over a series where there is one
STUDY, MODEL, CHECKPOINT, LAST, SERIES = "study", "model", "checkpoint", "last", "series"

# Where a chapter stands in the report: what was found first, then how, then, folded, what only some readers look up
LEAD, STORY, APPENDIX, LAST_PAGES = range(4)
FOLDED = (APPENDIX, LAST_PAGES)

# Seconds on two cores of a laptop, as measured there: good for the order of magnitude
START_S = 8  # a kernel with its imports, and its figures
PER_SCORED = 0.012  # for each layer and split: a ridge on few responses
PER_VOXEL = 4e-5  # for each layer and split
PER_PERMUTED = 2e-7  # for each voxel, layer, split and permutation


@dataclass(frozen=True)
class Size:
    """How large a job is: what estimates of its time and memory are made from."""

    heard_s: float  # seconds that the network takes for all sounds
    n_sounds: int
    n_splits: int
    n_voxels: int
    n_permutations: int
    n_layers: int
    n_beside: int  # layers of the baselines and controls that the chapter reads
    n_units: int
    n_checkpoints: int


def scoring(size: Size) -> float:
    """Return the seconds that few responses take, predicted from every layer of a network and of what is beside it."""
    return PER_SCORED * (size.n_layers * size.n_checkpoints + size.n_beside) * size.n_splits


@dataclass(frozen=True)
class Chapter:
    """A chapter: the folder that defines it has the name of its notebook without the number."""

    name: str  # of its notebook: "03_components" is notebooks/03_components.py
    per: str = MODEL
    part: int = STORY
    responses: frozenset[str] = frozenset()  # sets of responses that it requires
    in_time: bool = False  # whether it requires some set of responses in time; it leaves the others out
    n_targets: int = 0  # that some set of responses must have at least; it leaves smaller sets out
    n_baselines: int = 0  # that the study must name at least
    options: frozenset[str] = frozenset()  # of models: at least one model must have them, and the others are left out
    estimators: frozenset[str] = frozenset()  # that it can work with; none: any
    beside: frozenset[str] = frozenset()  # whose activations it reads besides the networks': BASELINES, CONTROLS
    extracts: bool = False  # whether its jobs compute the activations that others read
    seconds: Callable[[Size], float] = lambda size: 0.0  # in addition to START_S
    others: Callable[[Study], list[Study]] = lambda study: []  # like it, whose networks it trains besides the study's
    holds_frames: bool = False  # whether the activations of all frames of some sounds are in memory at once
    outside: Callable[[Study], str] | None = None  # what it shows that no parameter of the study determines

    def missing(self, study: Study) -> str:
        """Return why this study cannot have the chapter; empty where it can."""
        for kind in sorted(self.responses):
            if not study.has(kind):
                return f"chapter '{self.name}' needs {kind}, and dataset '{study.parameters.dataset}' has none"
        if self.in_time and not any(TIME in one.dims for one in study.brain.responses.values()):
            found = ", ".join(study.brain.responses)
            return (
                f"chapter '{self.name}' needs responses in time, and dataset '{study.parameters.dataset}' has none: "
                f"its {found} have no dimension '{TIME}'"
            )
        largest = max(one.sizes[TARGET] for one in study.brain.responses.values())
        if largest < self.n_targets:
            return (
                f"chapter '{self.name}' needs a set of at least {self.n_targets} responses, and the largest of dataset "
                f"'{study.parameters.dataset}' has {largest}"
            )
        if len(study.parameters.baselines) < self.n_baselines:
            found = ", ".join(entry.name for entry in study.parameters.baselines) or "none"
            return f"chapter '{self.name}' needs {self.n_baselines} of `baselines`, and the study names {found}"
        for option in sorted(self.options):
            if not study.with_option(option):
                names = ", ".join(study.models)
                return f"chapter '{self.name}' needs a model with {option}, and none of {names} has them"
        estimator = study.parameters.encoding.estimator
        if self.estimators and estimator not in self.estimators:
            known = " or ".join(sorted(self.estimators))
            return f"chapter '{self.name}' needs the estimator {known}, and the study has '{estimator}'"
        return ""
