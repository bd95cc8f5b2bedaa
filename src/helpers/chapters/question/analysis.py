"""What a study has: its data, its networks."""

from __future__ import annotations

from helpers import models, text
from helpers.models import AudioModel
from helpers.models.base import MIXED, MUSIC, SPEECH
from helpers.names import REGIONS, SOUND, TARGET
from helpers.study import Study

REGION, GROUP, PRIMARY = "region", "group", REGIONS[0]
KINDS = {SPEECH: {"EngSpeech", "ForSpeech"}, MUSIC: {"Music", "Song"}}  # categories that a network learned from
MEAN = "mean"  # over time: how frames are pooled unless a study says otherwise
MEASURED, SIMULATED = ("nh2015",), "demo"  # beginnings of the names of datasets of that experiment, or in its form


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
    """Return a sentence per network: how many layers it has, how many units each, and what it was trained on here."""
    return text.markdown([_network(study, name) for name in study.models])


def heard_here(study: Study) -> dict[str, int]:
    """Return how many sounds each network was trained on, of those that are trained here."""
    return {name: study.model(name).training_sounds.sizes[SOUND] for name in study.trained_here}


def _network(study: Study, name: str) -> text.Bilingual:
    model = study.model(name)
    sizes, source = model.sizes, model.source
    training = {"steps": model.settings.steps, "n": model.training_sounds.sizes[SOUND]} if model.learned_from else {}
    entry = next(entry for entry in study.parameters.models if entry.name == name)
    pooling = getattr(models.check(entry), "pooling", MEAN)
    same = len({n_units for _, n_units in sizes.layers}) == 1
    return text.both(
        "say.network",
        n_layers=sizes.n_layers,
        n_units=sizes.n_units,
        model=lambda labeller: labeller.name("model", name),
        spread=lambda labeller: labeller(f"units.{'same' if same else 'up_to'}", n=sizes.n_units),
        each=lambda labeller: labeller("units.each") * (sizes.n_layers > 1),
        pooled=lambda labeller: labeller(f"units.{pooling}") if pooling != MEAN else "",
        source=lambda labeller: labeller(f"source.{source[0]}", name=source[1]) if source else "",
        trained=lambda labeller: labeller("units.trained", **training) if training else "",
    )


def hypotheses(study: Study) -> text.Bilingual:
    """Return the hypotheses that the study's responses, networks, controls and baselines can speak for or against."""
    trainings = {_training(study.model(name)) for name in study.models}
    names = {str(target) for one in study.brain.responses.values() for target in one[TARGET].values}
    regions, groups = (
        {str(name) for one in study.brain.responses.values() if coord in one.coords for name in one[coord].values}
        for coord in (REGION, GROUP)
    )
    own = {"speech": SPEECH, "music": MUSIC}
    published = {
        "regions": PRIMARY in regions and len(regions - {"", PRIMARY}) > 0,
        "components": {"frequency", "category"} <= groups,
        "special": len(study.models) > 1 and any(kind in trainings and target in names for target, kind in own.items()),
        "diverse": MIXED in trainings and len(trainings - {""}) > 1,
    }
    beside = {
        "learned": study.starting or any(entry.controls for entry in study.parameters.models),
        "beyond": study.baselines,
    }
    said = [key for key, possible in published.items() if possible] or ["open"]
    said += [key for key, possible in beside.items() if possible]
    names = text.listed("model", study.baselines)
    return text.markdown([text.both(f"hypothesis.{key}", names=names) for key in said])


def _training(model: AudioModel) -> str:
    """Return on which kind of sounds a network was trained, "" where that is not known."""
    learned = set(filter(None, model.learned_from.split(", ")))
    for kind, categories in KINDS.items():
        if learned and learned <= categories:
            return kind
    return MIXED if learned else model.card.training


def experiment(study: Study) -> text.Bilingual | None:
    """Return how the responses were measured, of studies of that experiment or of data in its form; else None."""
    if not study.brain.name.startswith((*MEASURED, SIMULATED)):
        return None
    said = [text.both("say.experiment")]
    return text.markdown(said + [text.both("say.experiment_synthetic")] * study.brain.synthetic)
