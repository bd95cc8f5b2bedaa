"""What a study has: its data, its networks."""

from __future__ import annotations

from helpers import text
from helpers.names import SOUND, TARGET
from helpers.study import Study


def overview(study: Study) -> text.Bilingual:
    """Return a sentence: the dataset, and how many sounds, responses of each set and networks there are."""
    counts = {"n": study.brain.waveforms.sizes[SOUND], "n_models": len(study.models)}
    dataset, sets = study.parameters.dataset, {kind: one.sizes[TARGET] for kind, one in study.brain.responses.items()}

    def targets(labeller: text.Labeller) -> str:
        return ", ".join(labeller(f"set.{kind}", n=n) for kind, n in sets.items())

    return text.both(
        "say.overview", dataset=lambda labeller: labeller.name("dataset", dataset), targets=targets, **counts
    )


def networks(study: Study) -> text.Bilingual:
    """Return a sentence per network: how many layers it has, and how many units each."""
    return text.markdown([_network(study, name) for name in study.models])


def _network(study: Study, name: str) -> text.Bilingual:
    sizes = study.model(name).sizes
    words = {"model": lambda labeller: labeller.name("model", name)}
    return text.both("say.network", n_layers=sizes.n_layers, n_units=sizes.n_units, **words)
