"""What the first chapter says of a study: only hypotheses that it can test, only networks as they are."""

import pytest

from conftest import sounds_in_time
from helpers import brain, models
from helpers.chapters import question
from helpers.study import Study
from helpers.study.params import Parameters

MINI = {"family": "mini"}


def study(folder, entries, **more) -> Study:
    values = {"name": "a", "dataset": "demo", "models": entries, **more}
    return Study(Parameters.model_validate(values), folder)


@pytest.mark.parametrize(
    ("entries", "more", "said"),
    [
        ([MINI], {}, {"Hierarchy", "Learning"}),
        ([MINI, MINI | {"categories": ["Music"]}], {}, {"Hierarchy", "Specialisation", "Diversity", "Learning"}),
        ([MINI | {"categories": ["Music"]}], {}, {"Hierarchy", "Learning"}),
        ([MINI | {"controls": ["permuted"]}], {}, {"Hierarchy", "Learning"}),
        ([MINI], {"baselines": [{"name": "labels", "family": "categories"}]}, {"Hierarchy", "Learning", "More than"}),
    ],
)
def test_hypotheses_are_those_that_the_study_can_test(small_brain, tmp_path, entries, more, said):
    named = [{"name": f"m{index}", **entry} for index, entry in enumerate(entries)]
    pieces = question.hypotheses(study(tmp_path, named, **more)).pieces
    known = {"Hierarchy", "Specialisation", "Diversity", "Learning", "More than"}
    assert {one for one in known if one in pieces["en"]} == said
    assert pieces["en"].count("<p>") == pieces["es"].count("<p>")


def test_without_regions_components_and_kinds_of_networks_no_published_hypothesis_is_shown(tmp_path, monkeypatch):
    in_time = sounds_in_time()
    monkeypatch.setattr(brain, "open", lambda *_: in_time)
    pieces = question.hypotheses(study(tmp_path, [{"name": "m", **MINI}])).pieces
    assert "Primary" not in pieces["en"] and "cannot test the published hypotheses" in pieces["en"]
    assert pieces["en"].index("cannot test") < pieces["en"].index("Learning")


def test_the_published_experiment_is_told_of_its_own_data_only(small_brain, tmp_path, monkeypatch):
    from dataclasses import replace

    own = study(tmp_path, [{"name": "m", **MINI}])
    assert "simulated in the form" in question.experiment(own).pieces["en"]
    for name, synthetic, told in (("nh2015_components", False, True), ("somebodys", False, False)):
        other = replace(small_brain, name=name, synthetic=synthetic)
        monkeypatch.setattr(brain, "open", lambda *_, other=other: other)
        found = question.experiment(study(tmp_path, [{"name": "m", **MINI}]))
        assert (found is not None) == told
        assert not told or "simulated" not in found.pieces["en"]


def test_a_network_from_a_folder_is_not_called_a_published_one(small_brain, tmp_path):
    settings = models.FAMILIES["transformers"].example(tmp_path)
    own = study(tmp_path, [{"name": "mine", "family": "transformers", **settings}])
    said = question.networks(own).pieces
    assert "those of the local folder wav2vec2; what they were trained on" in said["en"]
    assert "carpeta local wav2vec2" in said["es"] and str(tmp_path) not in said["en"]
    assert "published" not in own.described("about").pieces["en"]
    hub = own.model("mine").settings.model_copy(update={"weights": "somebody/network"})
    own.model("mine").settings = hub
    assert own.model("mine").source == ("hub", "somebody/network")


def test_units_are_said_as_they_are(small_brain, tmp_path):
    entries = [{"name": "same", **MINI}, {"name": "unlike", "family": "silero"}]
    entries += [{"name": "highest", "family": "silero", "pooling": "max"}]
    said = question.networks(study(tmp_path, entries)).pieces["en"]
    assert (
        "<strong>highest</strong>: 5 layers with up to 128 units each; of each, the maximum over time is taken" in said
    )
    assert (
        said.count("maximum") == 1
        and "units each." in said
        and "<strong>unlike</strong>: 5 layers with up to 128 units each." in said
    )


def test_networks_that_are_trained_here_say_on_how_many_sounds_and_for_how_long(small_brain, tmp_path):
    entries = [
        {"name": "all", **MINI, "steps": 12},
        {"name": "some", **MINI, "steps": 12, "categories": ["Music"]},
        {"name": "elsewhere", "family": "silero"},
    ]
    own = study(tmp_path, entries)
    said = question.networks(own).pieces
    n_all, n_some = (own.model(name).training_sounds.sizes["sound"] for name in ("all", "some"))
    assert 0 < n_some < n_all == own.model("elsewhere").waveforms.sizes["sound"]
    for n in (n_all, n_some):
        assert f"It was trained here, for 12 steps on {n} sounds of this study." in said["en"]
        assert f"Se entrenó aquí, durante 12 pasos con {n} sonidos de este estudio." in said["es"]
    assert said["en"].count("trained here") == 2, "of one that comes with its weights nothing is said"
