"""What a study has: its data, its networks."""

from __future__ import annotations

from helpers import text
from helpers.names import COMPONENTS, SOUND, TARGET, VOXELS
from helpers.study import Study


def overview(study: Study) -> text.Bilingual:
    """Return a sentence: the dataset, and how many sounds, components, voxels and networks there are."""
    counts = {"n": study.brain.waveforms.sizes[SOUND], "n_models": len(study.models)}
    for kind in (COMPONENTS, VOXELS):
        counts[f"n_{kind}"] = study.responses(kind).sizes[TARGET] if study.has(kind) else 0
    dataset = study.parameters.dataset
    return text.both("say.overview", dataset=lambda labeller: labeller.name("dataset", dataset), **counts)


def networks(study: Study) -> text.Bilingual:
    """Return a sentence per network: how many layers it has, and how many units each."""
    return text.markdown([_network(study, name) for name in study.models])


def _network(study: Study, name: str) -> text.Bilingual:
    sizes = study.model(name).sizes
    words = {"model": lambda labeller: labeller.name("model", name)}
    return text.both("say.network", n_layers=sizes.n_layers, n_units=sizes.n_units, **words)
