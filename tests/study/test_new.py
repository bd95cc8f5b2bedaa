"""From somebody's table and sounds to a study and its report, and what is refused leaves nothing behind."""

import re
from pathlib import Path

import jupytext
import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml

import cells
from helpers import brain
from helpers.__main__ import main
from helpers.brain import table
from helpers.chapters import registry as chapters
from helpers.chapters.method import FEW, method
from helpers.chapters.voxelwise import analysis
from helpers.encoding import splits
from helpers.store.checkout import ROOT
from helpers.study import open_study
from small_study import SMALL

N_SOUNDS = 40


def write(folder: Path, n_sounds: int = N_SOUNDS) -> pd.DataFrame:
    """Write invented tones of three loudnesses, and responses to pitch, to loudness and to nothing."""
    random, names = np.random.default_rng(0), [f"tone {number:02d}" for number in range(n_sounds)]
    (folder / "sounds").mkdir(parents=True)
    for number, name in enumerate(names):
        tone = 0.05 * (1 + number % 3) * np.sin(np.arange(12_000 - 2_400 * (number == 0)) * (0.05 + 0.01 * number))
        soundfile.write(folder / "sounds" / f"{name}.wav", tone, 24_000)
    number = np.arange(n_sounds)
    values = {"pitch": number / 10, "loudness": number % 3, "noise": 0}
    frame = pd.DataFrame({name: own + 0.1 * random.standard_normal(n_sounds) for name, own in values.items()})
    frame.insert(0, "sound", names)
    frame.to_csv(folder / "responses.csv", index=False)
    return frame


@pytest.fixture
def own(tmp_path):
    """A folder with a table and sounds."""
    write(tmp_path)
    return tmp_path


def new(folder: Path, *more: str, name: str = "mine.yml", responses: str = "responses.csv") -> int:
    given = ["--responses", str(folder / responses), "--sounds", str(folder / "sounds")]
    return main(["new", str(folder / name), *given, *more])


def test_a_study_of_a_table_and_its_report(own, capsys):
    assert new(own, "--synthetic", "--citation", "Invented & told <here>") == 0
    said = capsys.readouterr().out
    assert "responses: 40 sounds, 3 targets; categories of sounds: 1" in said
    assert f"study 'mine' is valid; next: python -m helpers report {own / 'mine.yml'}" in said
    study = yaml.safe_load((own / "mine.yml").read_text())
    study["models"] = [{"name": "mixture", **SMALL}]
    study["baselines"] = [{"name": "cochleagram", "family": "cochleagram"}]
    (own / "mine.yml").write_text(yaml.safe_dump(study))
    assert study["chapters"] == ["15_summary", "09_comparison", "01_extract", "14_references"]
    assert main(["report", str(own / "mine.yml"), "--outputs", str(own / "out")]) == 0
    page = (own / "out" / "mine" / "report.html").read_text(encoding="utf-8")
    words = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", re.sub("(?s)<(script|style).*?</\\1>", "", page)))
    for expected in (
        "Invented &amp; told &lt;here&gt; (synthetic)",
        "Synthetic data",
        "Datos sintéticos",
        "In each of 10 splits (random halves in random order, as published for the comparison with the lasso)",
        "En cada una de 10 particiones (mitades al azar y en orden aleatorio",
        "40 sounds in 1 category, from 0.40 to 0.50 s long",
        "40 sonidos de 1 categoría, de 0,40 a 0,50 s",
        "Without categories",
        "Sin categorías",
        "loudness",
    ):
        assert expected in words, expected
    assert "much cannot be said" not in words and "random halves, as published," not in words
    values = pd.read_parquet(own / "out" / "mine" / "tables" / "comparison_values.parquet")
    assert set(values.target) == {"pitch", "loudness", "noise"} and set(values.model) == {"mixture", "cochleagram"}
    r2 = values[values.model == "cochleagram"].set_index("target").median_r2
    assert r2["pitch"] > 0.8 and r2["noise"] < 0.2


@pytest.mark.parametrize(("n_sounds", "told"), [(20, True), (FEW - 1, True), (FEW, False), (60, False)])
def test_what_few_sounds_do_not_allow_to_say_is_said(tmp_path, n_sounds, told):
    write(tmp_path, n_sounds)
    assert new(tmp_path) == 0
    chosen = open_study(str(tmp_path / "mine.yml"))
    assert (chosen.splits == splits.permuted(chosen.brain.waveforms.sound.values)).all()
    score = {"lowest_alpha": 1e-3, "highest_alpha": 1e3, "n_alphas": 7}
    pieces = method(chosen.splits, chosen.brain.waveforms.to_dataset().assign_attrs(score), None).pieces
    assert ("much cannot be said" in pieces["en"]) == told and ("no se puede afirmar" in pieces["es"]) == told
    if n_sounds == 20:
        assert "With only 20 sounds, 10 to train and 10 to test" in pieces["en"]
        assert "above 0.55 (r² above 0.30)" in pieces["en"] and "mayor que 0,55 (r² mayor que 0,30)" in pieces["es"]


def test_splits_are_the_published_ones_for_their_165_sounds_only():
    assert [splits.planned(n) for n in (20, 40, 164, 165, 166, 192)] == ["permuted"] * 3 + ["published"] + [
        "permuted"
    ] * 2


def long(folder: Path, targets=("a", "b"), **axes) -> pd.DataFrame:
    names = [path.stem for path in sorted((folder / "sounds").iterdir())]
    index = pd.MultiIndex.from_product([names, targets, *axes.values()], names=["sound", "target", *axes])
    frame = index.to_frame(index=False)
    return frame.assign(response=np.random.default_rng(0).standard_normal(len(frame)))


@pytest.mark.parametrize(
    ("times", "window"),
    [
        ([-0.5, 0.0, 0.5, 1.0], [0.0, 1.5]),
        ([3.0, 4.0], [3.0, 5.0]),
        ([-0.2, -0.1], [-0.2, 0.0]),
        ([-0.2, -0.1, 0.0], [0.0, 0.1]),
        ([i / 30 for i in range(-3, 9)], [0.0, 0.3]),
    ],
)
def test_responses_in_time_are_averaged_over_all_times_from_0_on_and_have_the_chapter_on_time(own, times, window):
    """A window's end is not in it, so it lies after the last time."""
    table = long(own, time=times)
    table.to_csv(own / "responses.csv", index=False)
    assert new(own) == 0
    study = open_study(str(own / "mine.yml"))
    assert study.parameters.window == window
    assert study.parameters.chapters == ["15_summary", "09_comparison", "01_extract", "10_time_course", "14_references"]
    after = table[table.time >= 0] if max(times) >= 0 else table
    means = after.groupby(["sound", "target"]).response.mean().unstack()
    averaged = study.responses("responses")
    np.testing.assert_allclose(averaged, means.loc[averaged.sound.values, averaged.target.values])


@pytest.mark.parametrize(
    ("more", "chapters"),
    [
        ({}, ["09_comparison", "01_extract"]),
        ({"subject": "S1", "region": "Primary"}, ["09_comparison", "01_extract", "02_voxelwise"]),
        ({"subject": "S1"}, ["09_comparison", "01_extract"]),
        ({"subject": "S1", "n_targets": 3}, ["09_comparison", "01_extract", "11_similarity"]),
    ],
    ids=["plain", "voxels", "subject", "similarity"],
)
def test_chapters_and_baselines_are_those_that_the_data_allow(own, more, chapters):
    more = dict(more)
    targets = ["a", "b", "c"][: more.pop("n_targets", 2)]
    long(own, targets, repetition=[1, 2]).assign(**more).to_csv(own / "responses.csv", index=False)
    names = [path.stem for path in sorted((own / "sounds").iterdir())]
    listed = pd.DataFrame({"sound": names, "category": ["low", "high"] * (len(names) // 2)})
    listed.to_csv(own / "kinds.csv", index=False)
    assert new(own, "--categories", str(own / "kinds.csv")) == 0
    parameters = open_study(str(own / "mine.yml")).parameters
    assert parameters.chapters == ["15_summary", *chapters, "14_references"]
    assert [entry.name for entry in parameters.baselines] == ["spectrotemporal", "cochleagram", "categories"]
    assert set(brain.open("table", parameters.data_dir).waveforms.category.values) == {"low", "high"}


def test_a_subject_with_one_repetition_stands_beside_others_without_a_ceiling(own):
    """In the chapter on voxels all subjects have values of one metric, and those with repetitions a ceiling."""
    made = {"S1": [1], "S2": [1, 2, 3], "S3": [1, 2]}
    parts = [long(own, ["a", "b", "c"], repetition=known).assign(subject=who) for who, known in made.items()]
    pd.concat(parts).assign(region="Primary").to_csv(own / "responses.csv", index=False)
    assert new(own) == 0
    values = yaml.safe_load((own / "mine.yml").read_text())
    assert values["chapters"][3:5] == ["02_voxelwise", "11_similarity"]
    values |= {"models": [{"name": "mixture", **SMALL}], "baselines": [], "permutations": 9}
    (own / "mine.yml").write_text(yaml.safe_dump(values))
    study = {"study": str(own / "mine.yml"), "outputs": str(own / "out")}
    found = cells.run(jupytext.read(chapters.path_of("02_voxelwise")), {"study": study})
    best = found["best"].set_index("subject")
    assert (best.metric == "r2_pearson").all() and best.best_r2.notna().all()
    assert best.ceiling["S1"].isna().all() and best.ceiling[["S2", "S3"]].notna().all()
    said = analysis.noise(found["study"]).pieces
    assert "Voxels have 1 to 3 repetitions" in said["en"] and "3 voxels have a single repetition" in said["en"]
    assert "tienen entre 1 y 3 repeticiones" in said["es"] and "3 vóxeles tienen una sola repetición" in said["es"]
    remarks = found["study"].remarks().pieces
    assert "S1: 1, S2: 3, S3: 2" in remarks["en"] and "have no noise ceiling: S1." in remarks["en"]
    assert "no tienen techo de ruido: S1." in remarks["es"]
    alone = open_study(study)
    alone.brain.responses["voxels"] = alone.responses("voxels").isel(target=slice(3, 9))
    assert "have a single" not in analysis.noise(alone).pieces["en"]
    assert "Voxels have 2 to 3 repetitions" in analysis.noise(alone).pieces["en"]


def test_a_name_alone_goes_into_params_and_paths_may_hold_any_sign(own, monkeypatch, capsys):
    root = own / "project"
    (root / "params").mkdir(parents=True)
    for module in ("helpers.study.new", "helpers.study.params", "helpers.commands.new"):
        monkeypatch.setattr(f"{module}.ROOT", root)
    odd = own / 'año #1: "x" {y}'
    write(odd)
    assert new(odd, name="../project/params/by-path.yml") == 0
    given = ["--responses", str(odd / "responses.csv"), "--sounds", str(odd / "sounds")]
    assert main(["new", "my-study", *given]) == 0
    assert "next: python -m helpers report my-study\n" in capsys.readouterr().out
    assert (root / "params" / "my-study.yml").is_file()
    said = yaml.safe_load((odd / "my-study" / "dataset.yml").read_text())
    assert said["responses"] == "../responses.csv" and said["sounds"] == "../sounds" and not said["synthetic"]
    assert main(["new", "my-study", *given]) == 2
    assert "found a study of that name, expected none" in capsys.readouterr().err


def test_decimal_commas_are_an_option(own, capsys):
    frame = pd.read_csv(own / "responses.csv")
    frame.to_csv(own / "responses.csv", index=False, sep=";", decimal=",")
    assert new(own) == 2 and "decimal: ','" in capsys.readouterr().err
    assert new(own, "--decimal", ",") == 0
    found = open_study(str(own / "mine.yml")).responses("responses")
    np.testing.assert_allclose(found.values, frame.drop(columns="sound").to_numpy())


def left(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix != ".wav"}


@pytest.mark.parametrize(
    ("change", "more", "message"),
    [
        (lambda f: (f / "sounds" / "tone 03.wav").unlink(), [], "responses to tone 03, of which there is no file"),
        (lambda f: (f / "sounds" / "tone 03.wav").write_bytes(b""), [], "tone 03.wav: found an empty file"),
        (lambda f: (f / "responses.csv").write_text("sound,a\n"), [], "a header and no rows"),
        (lambda f: (f / "responses.csv").unlink(), [], "found no such file, expected a file of responses"),
        (lambda f: None, ["--categories", "nowhere.csv"], "nowhere.csv: found no such file"),
        (lambda f: (f / "mine").mkdir(), [], "mine: found this, expected nothing there yet"),
        (lambda f: (f / "mine").write_text("mine"), [], "mine: found this, expected nothing there yet"),
        (lambda f: (f / "mine.yml").write_text("name: mine"), [], "mine.yml: found a study of that name"),
        (lambda f: write_short(f), [], "tone 00"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(own, capsys, change, more, message):
    change(own)
    before = left(own)
    assert new(own, *more) == 2
    assert message in capsys.readouterr().err
    assert left(own) == before


def write_short(folder: Path) -> None:
    """A sound that is too short for any network."""
    soundfile.write(folder / "sounds" / "tone 00.wav", np.zeros(100), 24_000)


@pytest.mark.parametrize("name", ["demo.yml", "a b.yml", "../.yml", ".hidden.yml"])
def test_names_that_are_taken_or_none_are_refused(own, capsys, name):
    before = left(own)
    assert new(own, name=name) == 2
    assert left(own) == before and re.search("found a study of that name|expected letters", capsys.readouterr().err)


def test_what_fails_in_a_check_or_is_interrupted_leaves_nothing_behind(own, monkeypatch, capsys):
    before = left(own)
    for error, code in ((KeyboardInterrupt, 130), (RuntimeError, 1), (OSError, 1)):

        def fail(*_, error=error):
            raise error

        monkeypatch.setattr("helpers.commands.new.registry.check", fail)
        assert new(own) == code and left(own) == before


def test_a_folder_that_cannot_be_written_is_named(own, monkeypatch, capsys):
    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert new(own) == 2
    assert "mine: could not be written (Permission denied); put the responses" in capsys.readouterr().err


def test_the_example_is_one_that_a_report_can_be_made_of(tmp_path):
    folder = Path(table.example(tmp_path / "x"))
    assert new(folder) == 0 and ROOT.is_dir()
