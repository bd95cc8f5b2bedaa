"""notebooks/explore.py: the chapters' numbers, widgets that answer, and all of it in a running JupyterLab."""

import base64
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import jupytext
import jupytext.config
import numpy as np
import pytest
import yaml

from browsing import CHROMIUM, DRIVER, click_first_point, waited
from conftest import ROOT
from drawings import unbroken
from helpers import encoding
from helpers.chapters import components
from helpers.chapters.explore import analysis
from helpers.chapters.explore.seen import SHIPPED, Choice, picture, shipped, written
from helpers.chapters.explore.titles import title
from helpers.errors import UserError
from helpers.study import Study, open_study
from helpers.study.params import Parameters
from helpers.text import labellers
from lab import PLOT, RUN_ALL, opened, running
from small_study import SMALL

STUDY = {"name": "tiny", "dataset": "demo", "models": [{"name": "mixture", **SMALL}, {"name": "other", **SMALL}]}


@pytest.fixture
def study(small_brain, tmp_path):
    (tmp_path / "tiny.yml").write_text(yaml.safe_dump(STUDY))
    return open_study({"study": str(tmp_path / "tiny.yml"), "outputs": str(tmp_path)})


@pytest.mark.parametrize("estimator", encoding.ESTIMATORS)
def test_what_is_explored_is_what_the_chapters_show(small_brain, tmp_path, estimator):
    """By every estimator, on a grid of the study's own."""
    settings = {"estimator": estimator, "alphas": [0.003, 0.3, 30.0], "splits": "stratified"}
    study = Study(Parameters.model_validate(STUDY | {"encoding": settings}), tmp_path)
    scores = {(str(one["model"].values), int(one["step"])): one for one in components.scores(study)}["mixture", 2]
    for target, layer, split in (("pitch", 1, 3), ("music", 2, 5)):
        expected = scores.sel(layer=layer, split=split, target=target)
        found = analysis.seen(study, Choice("mixture", 2, layer, ("components",), target, split))
        names = found.sounds["sound"].values
        assert len(names) == 4 and (study.splits.sel(split=split, sound=names) == "test").all()
        assert found.errors["alpha"].tolist() == [0.003, 0.3, 30.0] and found.errors["error"].iloc[-1] == 1
        if estimator in ("ridge", "single_task_lasso"):  # the others choose one alpha for all components
            assert found.alpha == expected["alpha"]
            ours = [found.r2_pearson, found.r2_determination]
            np.testing.assert_allclose(ours, [expected["r2_pearson"], expected["r2_determination"]], rtol=1e-9)
        assert found.errors["alpha"][found.errors["error"].idxmin()] == found.alpha


def test_a_voxel_is_the_mean_of_its_repetitions(study):
    responses = study.responses("voxels")
    features = study.features("mixture", 0)
    found = analysis.seen(study, Choice("mixture", 0, 1, ("voxels", "S1", "lh", "Primary"), "v3", 2))
    expected = encoding.score(features, responses, study.splits)["r2_pearson"].sel(layer=1, split=2, target="v3")
    assert found.r2_pearson == pytest.approx(float(expected), rel=1e-9)


def test_groups_come_from_the_data(study, small_brain):
    found = analysis.groups(study)
    assert list(found)[:2] == [("components",), ("voxels", "S1", "lh", "Primary")]
    assert sum(map(len, found.values())) == 14
    assert found["components",] == small_brain.responses["components"]["target"].values.tolist()
    voxels = small_brain.responses["voxels"].drop_vars(["subject", "hemisphere"])
    small_brain.responses["voxels"] = voxels.assign_coords(region=("target", ["A1", "A1", *6 * ["belt"]]))
    assert list(analysis.groups(study))[1:] == [("voxels", "A1"), ("voxels", "belt")]
    small_brain.responses["units"] = small_brain.responses.pop("voxels").drop_vars("region")
    assert analysis.groups(study)["units",] == [f"v{v}" for v in range(8)]


@pytest.fixture
def explorer(study):
    pytest.importorskip("ipywidgets", reason="needs the extra lab")
    pytest.importorskip("anywidget", reason="needs the extra lab")
    from helpers.chapters.explore.widgets import Explorer

    shown = Explorer({"study": study.source, "outputs": str(study.outputs)})
    shown.work.wait()
    return shown


def test_every_menu_changes_what_is_shown(explorer):
    menus, before = explorer.menus, []
    for name, value in [
        ("layer", 1),
        ("step", 0),
        ("split", 4),
        ("target", "music"),
        ("group", ("voxels", "S2", "lh", "Lateral")),
    ]:
        before.append(
            (
                explorer.status.value,
                explorer.responses.layout.title.text,
                [tuple(trace.x) for trace in explorer.responses.data],
            )
        )
        menus[name].value = value
    assert len({str(state) for state in before}) == 5
    assert explorer.choice == Choice("mixture", 0, 1, ("voxels", "S2", "lh", "Lateral"), "v2", 4)
    title = unbroken(explorer.responses.layout.title.text)  # it is wrapped
    assert "v2 (S2, Left, Lateral)" in title
    menus["model"].value = "other"
    assert explorer.choice.model == "mixture", "what is shown stays until the other one has been heard"
    explorer.work.wait()
    assert explorer.choice.step == 2 and explorer.responses.layout.title.text.startswith("other")


def test_the_language_changes_every_word_and_no_choice(explorer):
    choice = explorer.choice
    explorer.language.value = "es"
    assert explorer.choice == choice and explorer.menus["layer"].description == "Capa"
    assert explorer.responses.layout.xaxis.title.text.startswith("Medido")
    assert explorer.responses.layout.separators == ",." and "capa" in explorer.responses.layout.title.text
    assert explorer.errors.layout.xaxis.title.text == "Alfa" and "de prueba" in explorer.status.value


def test_a_click_and_the_list_play_a_sound(explorer):
    trace = next(trace for trace in explorer.responses.data if len(trace.x))
    explorer._clicked(trace, type("Points", (), {"point_inds": [0]}), None)
    assert explorer.menus["sound"].value == trace.ids[0]
    first = explorer.player.value
    explorer.menus["sound"].value = next(
        name for _, name in explorer.menus["sound"].options[1:] if name != trace.ids[0]
    )
    assert len(first) > 1000 and explorer.player.value != first


@pytest.fixture
def held(monkeypatch):
    """A function that holds a network's activations back until what it returns is set."""
    events, features = {}, Study.features

    def waiting(study, name, step=None):
        if name in events:
            assert events[name].wait(60)
        return features(study, name, step)

    monkeypatch.setattr(Study, "features", waiting)
    return lambda name: events.setdefault(name, threading.Event())


def until(found) -> None:
    """Wait for what a thread does."""
    deadline = time.monotonic() + 60
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def an_explorer(study, **how):
    pytest.importorskip("ipywidgets", reason="needs the extra lab")
    pytest.importorskip("anywidget", reason="needs the extra lab")
    from helpers.chapters.explore.widgets import Explorer

    return Explorer({"study": study.source, "outputs": str(study.outputs)}, **how)


def test_a_baseline_is_shown_until_the_network_has_been_heard(study, held):
    ready = held("mixture")
    explorer = an_explorer(study)
    until(lambda: explorer.shown == "mel" and "Mixture" in explorer.work.said.value)
    assert explorer.work.bar.layout.visibility == "visible" and explorer.menus["model"].value == "mixture"
    assert explorer.responses.layout.title.text.startswith("mel") or "Mel" in explorer.responses.layout.title.text
    axes = [
        getattr(figure.layout, name) for figure in (explorer.responses, explorer.errors) for name in ("xaxis", "yaxis")
    ]
    assert all(axis.visible is not False and axis.title.text for axis in axes)
    explorer.menus["target"].value = "music"
    assert explorer.choice.target == "music", "menus answer meanwhile"
    ready.set()
    explorer.work.wait()
    assert explorer.choice.model == "mixture" and explorer.choice.target == "music"
    assert explorer.work.bar.layout.visibility == "hidden" and not explorer.work.said.value


def test_a_network_that_arrives_late_does_not_replace_one_that_was_chosen_since(study, held):
    ready = held("mixture")
    explorer = an_explorer(study)
    until(lambda: explorer.shown == "mel")
    explorer.menus["model"].value = "mel"
    ready.set()
    explorer.work.wait()
    assert explorer.choice.model == "mel"
    explorer.menus["model"].value = "mixture"
    assert explorer.choice.model == "mixture", "it has been heard, so it is shown at once"


def test_what_goes_wrong_in_the_background_is_said(study, monkeypatch):
    features = Study.features

    def failing(study, name, step=None):
        if name == "other":
            raise UserError("model 'other': <no> weights")
        return features(study, name, step)

    monkeypatch.setattr(Study, "features", failing)
    explorer = an_explorer(study)
    explorer.work.wait()
    explorer.menus["model"].value = "other"
    explorer.work.wait()
    assert "model &#x27;other&#x27;: &lt;no&gt; weights" in explorer.work.said.value
    assert explorer.choice.model == "mixture" and explorer.work.bar.layout.visibility == "hidden"


@pytest.fixture
def unread(monkeypatch):
    """An event; until it is set no study is opened, and the demo, whose networks take a minute, not even then."""
    event, opened = threading.Event(), analysis.opened

    def waiting(source):
        assert event.wait(60)
        if source["study"] == "demo":
            raise UserError("study 'demo': takes too long")
        return opened(source)

    monkeypatch.setattr(analysis, "opened", waiting)
    return event


def test_of_the_demo_a_view_is_there_before_it_has_been_read(unread, tmp_path):
    pytest.importorskip("anywidget", reason="needs the extra lab")
    from helpers.chapters.explore.widgets import Explorer

    explorer = Explorer({"study": "demo", "outputs": str(tmp_path)})
    try:
        assert explorer.study is None
        until(lambda: explorer.responses in explorer.view.children)
        drawn = unbroken(explorer.responses.layout.title.text)
        assert drawn == "Mel spectrum, layer 1, split 1: Broadband <sup>Synthetic data</sup>"
        assert "comes with the package" in explorer.status.value and "Importing" in explorer.work.said.value
        assert [explorer.menus[name].label for name in ("model", "layer", "target")] == [
            "Mel spectrum",
            "1",
            "Broadband",
        ]
        explorer.search.value = "pitch"
        trace = next(trace for trace in explorer.responses.data if len(trace.x))
        explorer._clicked(trace, type("Points", (), {"point_inds": [0]}), None)
        assert not explorer.menus["sound"].value, "sounds have not been read"
        explorer.language.value = "es"
        assert explorer.menus["target"].label == "Banda ancha" and "viene con el paquete" in explorer.status.value
    finally:
        unread.set()
        explorer.work.wait()
    assert "takes too long" in explorer.work.said.value and "nh2015" in dict(explorer.menus["study"].options)


def pictured(explorer, language: str) -> bool:
    """Whether an explorer shows the picture of a language."""
    told, _, drawn = explorer.picture.value.partition(";base64,")
    right = base64.b64decode(drawn.split('"')[0]).decode() == picture("demo", language)
    words = title(explorer.seen, labellers()[language])
    mark = labellers()[language]("report.synthetic")
    return right and f'alt="{words}. {mark}"' in told and explorer.picture in explorer.view.children


def test_a_picture_is_there_before_plotly(unread, tmp_path, monkeypatch):
    """In the language that is chosen, and it gives way to figures that answer."""
    pytest.importorskip("anywidget", reason="needs the extra lab")
    from helpers.chapters.explore import widgets

    event, imported = threading.Event(), widgets.import_module
    monkeypatch.setattr(widgets, "import_module", lambda name: event.wait(60) and imported(name))
    explorer = widgets.Explorer({"study": "demo", "outputs": str(tmp_path)})
    try:
        assert pictured(explorer, "en") and explorer.responses is None
        assert "r² = " in explorer.status.value and "comes with the package" in explorer.status.value
        explorer.language.value = "es"
        assert pictured(explorer, "es") and "viene con el paquete" in explorer.status.value
        event.set()
        until(lambda: explorer.responses in explorer.view.children)
        assert explorer.picture not in explorer.view.children
        assert "partición 1" in unbroken(explorer.responses.layout.title.text)
    finally:
        unread.set()
        event.set()
        explorer.work.wait()


def test_a_study_of_ones_own_begins_without_a_view(study, unread):
    explorer = an_explorer(study)
    assert not explorer.view.children and not explorer.menus["model"].options
    explorer.search.value = "pitch"
    unread.set()
    explorer.work.wait()
    assert explorer.choice.model == "mixture" and "comes with the package" not in explorer.status.value


def test_a_language_that_was_chosen_before_the_study_was_read_stays(study, unread):
    explorer = an_explorer(study)
    explorer.language.value = "es"
    unread.set()
    explorer.work.wait()
    assert explorer.language.value == "es" and explorer.menus["layer"].description == "Capa"


@pytest.mark.parametrize("name", SHIPPED)
def test_the_view_that_comes_with_the_package_is_what_the_study_gives(name, tmp_path):
    """`make first-view` renews it."""
    ours = shipped(name)
    study = analysis.opened({"study": name, "outputs": str(tmp_path)})
    found = analysis.seen(study, ours.choice)
    assert ours.choice.group == next(iter(analysis.groups(study))) and ours.choice.model == study.baselines[0]
    assert ours.choice.step == study.usable_steps(ours.choice.model)[-1]
    assert found.sounds[["sound", "category"]].equals(ours.sounds[["sound", "category"]])
    numbers = ["measured", "predicted"]
    np.testing.assert_allclose(ours.sounds[numbers], found.sounds[numbers], atol=2e-3)
    np.testing.assert_allclose(ours.errors, found.errors, rtol=1e-3)
    for one in ("alpha", "n_sounds", "n_units", "categories", "synthetic", "place"):
        assert getattr(ours, one) == getattr(found, one), one
    assert ours.r2_pearson == pytest.approx(found.r2_pearson, abs=1e-3)
    assert json.loads(written(ours)).keys() == json.loads(written(found)).keys()
    for language, labeller in labellers().items():
        drawn = picture(name, language)
        words = re.sub("<[^>]*>", " ", drawn).split()
        said = [title(ours, labeller), labeller("style.synthetic")]
        assert all(set(one.split()) <= set(words) for one in said)
        legend = {labeller.name("category", one) for one in ours.sounds["category"]}
        assert legend <= set(re.findall(">([^<]+)</text>", drawn))
        assert drawn.count('class="point"') == len(ours.sounds) and ours.synthetic


def test_what_shows_the_first_view_imports_neither_plotly_nor_torch_nor_scikit_learn():
    """They take seconds: a picture is shown before them."""
    pytest.importorskip("anywidget", reason="needs the extra lab")
    asked = "import sys, helpers.chapters.explore.widgets; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-P", "-c", asked], capture_output=True, text=True, check=True)
    assert not {"plotly", "torch", "sklearn", "xarray"} & set(found.stdout.split())


def test_responses_are_sorted_and_searched(explorer):
    explorer.menus["group"].value = ("components",)
    names = [name for name, _ in explorer.menus["target"].options]
    assert names == sorted(names, key=str.casefold) and len(names) == 6
    explorer.search.value = "FREQ"
    assert [target for _, target in explorer.menus["target"].options] == ["highfreq", "lowfreq"]
    assert (
        explorer.choice.target in ("highfreq", "lowfreq") and explorer.menus["target"].value == explorer.choice.target
    )
    explorer.search.value = "nothing of that name"
    assert len(explorer.menus["target"].options) == 6
    from helpers.chapters.explore.widgets import in_order

    assert sorted(["v10", "V9", "v1", "a2b", "a10", ""], key=in_order) == ["", "a2b", "a10", "v1", "V9", "v10"]


def test_another_study_is_chosen_from_a_list(explorer, tmp_path, monkeypatch):
    offered = [value for _, value in explorer.menus["study"].options]
    assert {"demo", "nh2015", "ecog2022"} < set(offered) and offered[0] == explorer.menus["study"].value
    monkeypatch.delenv("NH2015_DIR", raising=False)
    monkeypatch.setattr(analysis, "open_study", lambda source: open_study({**source, "study": str(tmp_path / "b.yml")}))
    (tmp_path / "b.yml").write_text(yaml.safe_dump({**STUDY, "name": "b", "models": STUDY["models"][1:]}))
    explorer.menus["study"].value = "demo"
    explorer.work.wait()
    assert explorer.study.models == ["other"] and explorer.choice.model == "other"
    (tmp_path / "b.yml").write_text("name: [")
    explorer.menus["study"].value = "nh2015"
    explorer.work.wait()
    assert "b.yml" in explorer.work.said.value and explorer.choice.model == "other"


def test_a_study_always_has_something_to_show_at_once(study):
    where = {"study": study.source, "outputs": str(study.outputs)}
    assert analysis.opened(where).baselines == ["mel"] and study.baselines == []
    own = {**STUDY, "baselines": [{"name": "labels", "family": "categories"}]}
    Path(study.source).write_text(yaml.safe_dump(own))
    assert analysis.opened(where).baselines == ["labels"]
    own = {**STUDY, "models": [{**STUDY["models"][0], "name": "mel"}]}
    Path(study.source).write_text(yaml.safe_dump(own))
    assert analysis.opened(where).baselines == ["mel_baseline"]


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab that shows explore.py as `make lab` does, on a study of two tiny networks."""
    pytest.importorskip("jupyterlab", reason="needs the extra lab")
    pytest.importorskip("anywidget", reason="needs the extra lab")
    (tmp_path / "tiny.yml").write_text(yaml.safe_dump(STUDY))
    with running(tmp_path, {"study": str(tmp_path / "tiny.yml"), "outputs": str(tmp_path)}) as address:
        yield address


@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Debian's chromium and chromium-driver")
def test_explore_answers_in_a_running_jupyterlab(lab, browser):
    browser.set_window_size(1300, 1400)
    opened(browser, lab)
    assert browser.execute_script("return jupyterapp.shell.currentWidget.content.widgets?.length") > 4
    browser.execute_script(RUN_ALL)
    shown = f"return {PLOT}?.querySelector('.gtitle')?.textContent.startsWith('Mixture')"
    waited(browser, shown, seconds=120)
    title = f"return {PLOT}.querySelector('.gtitle').textContent"
    before = browser.execute_script(title)
    browser.execute_script(
        "const menus = [...document.querySelectorAll('.widget-dropdown')];"
        "const menu = menus.find(one => one.textContent.startsWith('Layer')).querySelector('select');"
        "menu.selectedIndex = 0; menu.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    waited(browser, title + " !== arguments[0]", before)
    assert re.search(r"layer ?1,", browser.execute_script(title)), "wrapped or not"
    browser.execute_script(f"{PLOT}.scrollIntoView({{block: 'center'}})")
    click_first_point(browser, PLOT)
    waited(browser, "return document.querySelector('audio')?.readyState > 1")
    assert browser.execute_script("return document.querySelector('audio').duration") == pytest.approx(2, abs=0.2)


def test_jupyterlab_saves_notebooks_as_they_are_tracked(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for source in (ROOT / "notebooks").glob("*.py"):
        shutil.copy(source, tmp_path)
        notebook = jupytext.read(tmp_path / source.name)
        config = jupytext.config.load_jupytext_config(str(tmp_path / source.name))
        assert jupytext.writes(notebook, fmt="py:percent", config=config) == source.read_text(), source.name
