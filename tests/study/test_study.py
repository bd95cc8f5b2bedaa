"""A study's results are computed once, kept, and computed again exactly where something changed."""

import sys

import pandas as pd
import pytest
import soundfile

import small_study
from helpers import encoding, models, stats
from helpers.__main__ import main
from helpers.chapters import components, extract, learning_dynamics, registry
from helpers.chapters.voxelwise import analysis, tables
from helpers.errors import UserError
from helpers.report import export
from helpers.study import Parameters, Study, open_study
from written_voxels import junifer_storage


@pytest.fixture
def parameters(tmp_path):
    small = models.FAMILIES["mini"].example(tmp_path)
    entries = [
        {"name": "mixture", "family": "mini", **small},
        {"name": "music", "family": "mini", **small, "categories": ["Music", "Song"]},
    ]
    return {"name": "small", "dataset": "demo", "models": entries, "permutations": 5}


@pytest.fixture
def opened(small_brain, parameters, tmp_path):
    return lambda **changes: Study(Parameters.model_validate({**parameters, **changes}), tmp_path)


@pytest.fixture
def calls(monkeypatch):
    """Names of the expensive things that were really done."""
    from helpers.models.encodecmae import mini

    score, permutation = (sys.modules[f"helpers.encoding.{name}"] for name in ("score", "permutation"))

    done = []

    def counted(owner, name, label):
        original = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *a, **k: (done.append(label), original(*a, **k))[1])

    counted(score, "_parts", "score")
    counted(permutation, "_null", "permutation")
    counted(mini, "train", "train")
    counted(mini.Mini, "hear", "hear")
    return done


def everything(study):
    """What the chapters ask for."""
    components.scores(study)
    scores = analysis.scores(study)
    tests = [analysis.permuted(study, *pair) for pair in zip(study.last_checkpoints(), scores, strict=True)]
    return scores, tests


def test_a_second_run_computes_nothing(opened, calls):
    everything(opened())
    assert set(calls) == {"score", "train", "hear", "permutation"}
    calls.clear()
    everything(opened())
    assert calls == []


@pytest.mark.parametrize(
    ("changes", "again"),
    [
        ({"permutations": 6}, {"permutation"}),
        ({"encoding": {"alphas": {"first": -3, "last": 8}}}, {"score", "permutation"}),
        ({"encoding": {"splits": "stratified"}}, {"score", "permutation"}),
        ({"encoding": {"metric": "r2_determination"}}, set()),
        ({"language": "es"}, set()),
        ({"seed": 1}, {"train", "hear", "score", "permutation"}),
    ],
    ids=lambda value: " ".join(sorted(value)) or "nothing",  # in one order in every process
)
def test_a_change_recomputes_what_depends_on_it_and_nothing_else(opened, calls, changes, again):
    everything(opened())
    calls.clear()
    everything(opened(**changes))
    assert set(calls) == again
    calls.clear()
    everything(opened())
    assert calls == [], "results of other settings stay beside the first ones"


def test_the_last_layer_is_a_setting_of_the_family_and_trains_and_runs_nothing(opened, calls, parameters):
    everything(opened())
    calls.clear()
    entries = [{**entry, "last_layer": "left"} for entry in parameters["models"]]
    scores, _ = everything(opened(models=entries))
    assert set(calls) == {"score", "permutation"}
    assert not analysis.noted(scores) and analysis.noted(analysis.scores(opened()))


def test_a_study_with_other_alphas_gets_its_own_scores(opened):
    published = components.scores(opened())[0]
    other = components.scores(opened(encoding={"alphas": [1e30, 1e31]}))[0]
    assert published.attrs["lowest_alpha"] == 1e-50 and other.attrs["lowest_alpha"] == 1e30
    assert other["alpha"].min() >= 1e30 and published["alpha"].min() < 1e10
    assert (other["r2_pearson"] != published["r2_pearson"]).any()


def test_a_damaged_result_is_made_again(opened, calls, capsys):
    expected = stats.rows(components.scores(one := opened()))
    path = next((one.folder / "results" / "mixture").rglob("score-*.nc"))
    path.write_bytes(path.read_bytes()[:200])
    calls.clear()
    pd.testing.assert_frame_equal(stats.rows(components.scores(opened())), expected)
    assert calls == ["score"] and "damaged" in capsys.readouterr().out


def test_getters_write_no_table_and_write_does(opened):
    study = opened()
    everything(study)
    assert not (study.folder / "tables").exists()
    table = extract.networks(study)
    study.write(networks=table)
    stored = pd.read_parquet(study.folder / "tables" / "networks.parquet")
    pd.testing.assert_frame_equal(stored, table, check_dtype=False)
    assert table["learned_from"].tolist() == ["all", "Music, Song"] and table["n_layers"].tolist() == [2, 2]


def test_scores_carry_model_step_layer_split_and_component(opened):
    rows = stats.rows(components.scores(opened()))
    assert set(rows.model) == {"mixture", "music"} and set(rows.step) == {0, 2, 4} and set(rows.layer) == {1, 2}
    assert len(rows) == 2 * 3 * 2 * 10 * 6 and rows.r2_pearson.between(0, 1).all()
    assert set(rows.loc[rows.layer == 2, "note"]) == {"merged"} and set(rows.loc[rows.layer == 1, "note"]) == {""}


def test_all_voxel_tables_can_be_made(opened):
    scores, tests = everything(opened())
    for table in (tables.by_layer, tables.pooled, tables.depth):
        assert set(analysis.of_models(scores, table, "r2_corrected").model) == {"mixture", "music"}
    best = analysis.by_voxel(scores, "r2_corrected", tests)
    assert len(tables.summary(best)) == 2 and len(tables.models(scores, "r2_corrected")) == 2
    depths = analysis.of_models(scores, tables.depth, "r2_corrected")
    assert len(tables.hierarchy(depths)) > 2


def test_names_are_checked_with_a_suggestion(opened):
    with pytest.raises(UserError, match="unknown model 'musik' in study 'small'; did you mean 'music'"):
        opened().features("musik")
    with pytest.raises(UserError, match="dataset 'demo' has no electrodes; it has: components, voxels"):
        opened().responses("electrodes")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"models": [{"name": "a", "family": "mimi"}]}, "unknown family 'mimi'; did you mean 'mini'"),
        ({"models": [{"name": "a", "family": "mini", "layer": 3}]}, "unknown key 'layer'; did you mean 'layers'"),
        ({"device": "cuda:9"}, "device: found 'cuda:9'"),
        ({"extraction": {"device": "cuda:9"}}, "device: found 'cuda:9'"),
        ({"chapters": ["03_componentes"]}, "no chapter '03_componentes'; did you mean '03_components'"),
        ({"chapters": []}, "chapters: found none"),
        ({"chapters": ["03_components", "03_components"]}, "03_components more than once"),
        ({"models": [{"name": "a", "family": "encodecmae", "weights": "no/x.pt"}]}, "model 'a': weights: no file"),
    ],
)
def test_what_is_wrong_is_known_before_anything_is_computed(opened, calls, changes, message):
    with pytest.raises(UserError, match=message):
        registry.check(opened(**changes))
    assert calls == []


@pytest.mark.parametrize(("kind", "chapter"), [("components", "03_components"), ("voxels", "02_voxelwise")])
def test_a_chapter_that_the_data_cannot_have_is_refused_with_its_reason(opened, small_brain, kind, chapter):
    from dataclasses import replace

    study = opened(chapters=["00_question", chapter])
    assert [one.name for one in registry.check(study)] == ["00_question", chapter]
    rest = {name: values for name, values in small_brain.responses.items() if name != kind}
    study.brain = replace(small_brain, responses=rest)
    with pytest.raises(UserError, match=f"chapter '{chapter}' needs {kind}, .* has none; leave it out of `chapters`"):
        registry.check(study)
    assert [one.name for one in registry.check(study, ["00_question"])] == ["00_question"]


def test_a_chapter_that_the_estimator_does_not_suit_is_refused_with_its_reason(opened):
    chosen = {"chapters": ["02_voxelwise"], "encoding": {"estimator": "single_task_lasso"}}
    with pytest.raises(UserError, match="chapter '02_voxelwise' needs the estimator ridge or ridge_kfold"):
        registry.check(opened(**chosen))
    registry.check(opened(**chosen | {"chapters": ["03_components"]}))


def test_a_study_opens_in_parts(tmp_path, small_brain):
    with pytest.raises(UserError, match="unknown key 'modles'; did you mean 'models'"):
        open_study({"study": "demo", "modles": []})
    part = open_study({"study": "demo", "models": ["music"], "checkpoints": [30], "outputs": str(tmp_path)})
    assert part.models == ["music"] and part.steps("music") == [30] and part.place.name == "step-0000030"
    with pytest.raises(UserError, match="model 'music' has no checkpoint 31; known: 0, 30, 100"):
        open_study({"study": "demo", "models": ["music"], "checkpoints": [31]}).steps("music")


def test_the_metric_of_a_study_is_shown_wherever_it_applies(opened):
    study = opened(encoding={"metric": "r2_determination"})
    scores = components.scores(study)
    curves = stats.curves(stats.rows(scores), study.metric(scores[0]))
    assert set(curves["metric"]) == {"r2_determination"} and curves["median_r2"].min() < 0
    with pytest.raises(UserError, match="found 'r2_corrected', which these responses do not allow"):
        opened(encoding={"metric": "r2_corrected"}).metric(scores[0])
    voxels = learning_dynamics.voxels(study, ["mixture"])
    assert set(voxels["metric"]) == {"r2_determination"}


def test_the_same_features_are_scored_alike_by_hand(opened):
    """What a reader of a notebook types is what the chapters keep."""
    study = opened()
    kept = components.scores(study)[0]
    features = study.features("mixture", 0)
    again = encoding.score(features, study.responses("components"), study.splits)
    assert (kept["r2_pearson"].values == again["r2_pearson"].values).all()


@pytest.mark.parametrize(
    ("factor", "column", "said"),
    [
        (0.0, "rh_Lateral", "silent throughout: tone03"),
        (50.0, "rh_Lateral", "samples beyond full scale, so that they may be scaled wrongly: tone03"),
        (1.0, "motion", "name no hemisphere and are taken as regions, unlike the others: motion"),
        (1.0, "rh_Lateral", None),
    ],
)
def test_what_is_strange_is_printed_and_at_the_top_of_the_page(tmp_path, capsys, factor, column, said):
    path = small_study.write_study(tmp_path, ["01_extract"])
    tone, rate = soundfile.read(tmp_path / "data" / "sounds" / "tone03.wav")
    soundfile.write(tmp_path / "data" / "sounds" / "tone03.wav", factor * tone, rate, subtype="FLOAT")
    junifer_storage(tmp_path / "data" / "responses.sqlite", small_study.table().rename(columns={"rh_Lateral": column}))
    assert main(["check", str(path)]) == 0
    printed, study = capsys.readouterr().err, open_study(str(path))
    if said is None:
        assert not printed and study.remarks() is None and export._context(study)["remarks"] == {}
    else:
        assert printed.count(said) == 1 and said in export._context(study)["remarks"]["en"]
        assert set(export._context(study)["remarks"]) == {"es", "en"}


def test_processes_that_want_the_same_baselines_and_controls_share_the_work(opened, monkeypatch):
    """What another process computes is left to it while there is anything else to do."""
    baselines = [{"name": name, "family": name} for name in ("categories", "mel", "cochleagram")]
    study, heard, hear = opened(baselines=baselines), [], Study._heard
    monkeypatch.setattr(
        Study, "_heard", lambda self, model, step: (heard.append(model.name), hear(self, model, step))[1]
    )
    monkeypatch.setattr(Study, "_is_being_heard", lambda self, model: model.name == "categories" and "mel" not in heard)
    starts = study.starting
    heard.clear()
    found = [str(layers[0]["model"].values) for layers in study.references()]
    assert found == ["categories", "mel", "cochleagram", *starts], "whatever the order of the work; last the starts"
    baselines = [name for name in heard if name not in study.models]
    assert baselines == ["mel", "cochleagram", "categories", "mel", "cochleagram"]  # computed, then read in their order
    assert all(map(study.is_heard, study.beside()))


def test_baselines_of_the_same_sounds_are_shared_by_all_studies_in_a_folder(small_brain, tmp_path, monkeypatch):
    entry = {"name": "m", "family": "mini"}

    def study(name: str, called: str) -> Study:
        values = {"name": name, "dataset": "demo", "models": [entry]}
        return Study(Parameters.model_validate(values | {"baselines": [{"name": called, "family": "mel"}]}), tmp_path)

    one, other = study("one", "mel"), study("other", "acoustics")
    first = one.features("mel")[0]
    assert other.is_heard(other.beside()[0]) and not (tmp_path / "one" / "results").exists()
    second = other.features("acoustics")[0]
    assert (first.values == second.values).all() and str(second["model"].values) == "acoustics"
