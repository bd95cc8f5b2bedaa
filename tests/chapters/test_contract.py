"""The contract of every chapter of the registry: it runs, shows words of its own, and computes nothing twice."""

import io
import re

import jupytext
import pandas as pd
import plotly.graph_objects as go
import pytest
import yaml

import cells
from conftest import ROOT, sounds_in_time
from drawings import misplaced_bar, raw_numbers
from helpers import brain, models
from helpers.brain.nh2015 import COMPONENTS
from helpers.chapters import registry
from helpers.chapters.chapter import LAST
from helpers.chapters.claims.claims import CLAIMS
from helpers.report import build
from helpers.store import files
from helpers.store.code import closure, imported
from helpers.study import Study, open_study
from helpers.text import labellers

CHAPTERS = ROOT / "src" / "helpers" / "chapters"
NUMBERED = re.compile(r"_\d+$")  # as table.js has it
NAMES = [path.stem for path in sorted((ROOT / "notebooks").glob("[0-9]*.py"))]


@pytest.fixture
def study(small_brain, tmp_path):
    """A study of all chapters, as a notebook is told of it: two tiny networks that end at other steps, a baseline."""
    entry = {"name": "mixture", "family": "mini", **models.FAMILIES["mini"].example(tmp_path)}
    other = entry | {"name": "music", "steps": entry["steps"] + 1, "controls": ["untrained", "permuted"], "seeds": 2}
    baseline = {"name": "labels", "family": "categories"}
    values = {"name": "small", "dataset": "demo", "models": [entry, other], "permutations": 5, "chapters": NAMES}
    values["baselines"] = [baseline]
    (tmp_path / "small.yml").write_text(yaml.safe_dump(values))
    return {"study": str(tmp_path / "small.yml"), "outputs": str(tmp_path)}


@pytest.fixture
def study_of(study, monkeypatch):
    """The study of a chapter by its name: with responses in time where the chapter needs them, as the demo has none."""

    def chosen(name: str) -> dict:
        chapter = registry.get(name)
        if chapter.in_time:
            assert "responses in time" in chapter.missing(open_study(study))
            in_time = sounds_in_time()
            monkeypatch.setattr(brain, "open", lambda *_: in_time)
        assert chapter.missing(open_study(study)) == ""
        return study

    return chosen


@pytest.fixture
def drawn(monkeypatch):
    """Every figure with the words of both languages that is drawn in a test, in their order."""
    figures, update = [], go.Figure.update_layout

    def noted(figure, *args, **changes):
        if "words" in (changes.get("meta") or {}):
            figures.append(figure)
        return update(figure, *args, **changes)

    monkeypatch.setattr(go.Figure, "update_layout", noted)
    return figures


def run(name: str, study: dict) -> dict:
    """The names that a chapter's cells leave behind."""
    return cells.run(jupytext.read(registry.path_of(name)), {"study": study})


def words_of(folder: str) -> set[str]:
    """The keys of a chapter's own word file."""

    def keys(tree: dict, prefix: str = "") -> set[str]:
        inner = [keys(v, f"{prefix}{k}.") if isinstance(v, dict) else {f"{prefix}{k}"} for k, v in tree.items()]
        return set().union(*inner)

    path = CHAPTERS / folder / "en.yml"
    return keys(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.exists() else set()


def identifiers(figure: go.Figure) -> set[str]:
    """What the table of a figure shows without a word: names of columns, and cells of columns whose others have one."""
    table, found = pd.read_csv(io.StringIO(figure.layout.meta["table"]), keep_default_na=False), set()
    for labeller in labellers().values():
        bare = {column: NUMBERED.sub("", column) for column in table}  # the page writes the number behind the word
        found |= {f"{labeller.language}: {one}" for one in table if not {one, bare[one]} & labeller.columns.keys()}
        for column, names in labeller.names_by_column.items():
            if labeller.kind(column) in ("model", "target"):  # as the data and the study call them
                continue
            cells = {part for cell in table.get(column, []) for part in str(cell).split(", ")} - {""}
            if cells & names.keys():
                found |= {f"{labeller.language}: {column}: {cell}" for cell in cells - names.keys()}
    return found


def read_by(name: str) -> set[str]:
    """The folders of chapters whose code and words a chapter depends on, its own among them."""
    source = registry.path_of(name).read_text(encoding="utf-8")
    modules = closure(*registry.modules_of(name), *imported(source), neutral=build.NEUTRAL)
    return {module.split(".")[2] for module in modules if module.count(".") == 2 and ".chapters." in module}


@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_runs_in_its_own_words_and_a_second_time_computes_nothing(
    name, study_of, drawn, tmp_path, monkeypatch, capsys
):
    study, read, heard = study_of(name), set(), Study._heard

    def noted(self, model, step):
        read.add("baselines" if model.name == "labels" else "controls" if model.state != "trained" else "networks")
        return heard(self, model, step)

    monkeypatch.setattr(Study, "_heard", noted)
    for labeller in labellers().values():
        labeller.asked.clear()
    run(name, study)
    assert read - {"networks"} == registry.get(name).beside, "it declares the baselines and controls that it reads"
    written = {path.stem: path for path in (tmp_path / "small" / "tables").glob("*.parquet")}
    assert written or name == "00_question", "its last cell writes the tables that it shows"
    known = read_by(name)  # a chapter on the others' results imports them, and changes with their words
    own, others = (
        set().union(
            *(words_of(path.name) for path in CHAPTERS.iterdir() if path.is_dir() and (path.name in known) is same)
        )
        for same in (True, False)
    )
    strange = {key for labeller in labellers().values() for key in labeller.asked} & (others - own)
    assert not strange, f"words of other chapters, whose change would not execute this one again: {sorted(strange)}"
    raw = {found for figure in drawn for found in raw_numbers(figure)}
    assert not raw, "numbers that a reader sees as programs write them:\n" + "\n".join(sorted(raw))
    assert [one for figure in drawn if (one := misplaced_bar(figure))] == []
    unnamed = {found for figure in drawn for found in identifiers(figure)}
    assert not unnamed, f"a figure's table shows these as code has them; add words: {sorted(unnamed)}"
    before = {stem: path.read_bytes() for stem, path in written.items()}
    monkeypatch.setattr(files, "write_array", lambda *_, **__: pytest.fail("computed again"))
    run(name, study)
    assert {stem: path.read_bytes() for stem, path in written.items()} == before
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("name", [name for name in NAMES if registry.get(name).per == LAST])
def test_a_chapter_that_a_batch_runs_for_each_network_runs_for_one_alone(name, study_of, tmp_path):
    study = study_of(name)
    run(name, study | {"models": ["mixture"]})
    run(name, study | {"models": ["music"]})
    kept = set((tmp_path / "small").rglob("results/**/*.nc"))
    run(name, study)
    made = set((tmp_path / "small").rglob("results/**/*.nc")) - kept
    of_all = "recover-"  # what is computed from all networks at once
    assert not [path.name for path in made if not path.name.startswith(of_all)], (
        "the report finds all that the jobs of its networks have computed"
    )


def test_claims_compute_nothing_that_other_chapters_have_kept(study, monkeypatch):
    for name in ("02_voxelwise", "03_components", "06_regularisation"):
        run(name, study)
    written = []
    write = files.write_array
    monkeypatch.setattr(files, "write_array", lambda path, *rest: (written.append(path.name), write(path, *rest))[1])
    assert len(run("07_claims", study)["table"]) == len(CLAIMS)
    assert {name.rpartition("-")[0] for name in written} == {"without_each_sound"}, "its own, and nothing else"


def test_every_table_says_its_numbers_by_component_in_the_order_of_the_data(study):
    found = run("03_components", study)
    assert list(dict.fromkeys(found["curves"]["target"])) == list(COMPONENTS)
    assert isinstance(found["predicted"], pd.DataFrame) and open_study(study).models == ["mixture", "music"]
