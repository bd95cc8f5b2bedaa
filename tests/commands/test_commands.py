"""The command line: exit code 2 and one clear line for what a user can mend, and nothing half-written."""

import argparse
import ast
import subprocess
import sys
from importlib.metadata import version

import pytest
import torch
import yaml

from conftest import ROOT
from helpers import commands, models
from helpers.__main__ import PACKAGE, _parser, main
from helpers.store.checkout import commit

GOOD = {"name": "small", "dataset": "demo", "models": [{"name": "a", "family": "mini"}]}


@pytest.fixture
def run(tmp_path, capsys):
    """Run `report` on a study with changes; returns (exit code, message)."""

    def run_(**changes):
        outputs = tmp_path / f"outputs-{len(list(tmp_path.glob('outputs-*')))}"
        path = tmp_path / "study.yml"
        path.write_text(yaml.safe_dump({**GOOD, **changes}), encoding="utf-8")
        code = main(["report", str(path), "--outputs", str(outputs)])
        assert not [path for path in outputs.rglob("*.*") if path.suffix != ".lock"]
        return code, capsys.readouterr().err

    return run_


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"datset": "demo"}, "unknown key 'datset'; did you mean 'dataset'?"),
        ({"seed": "1e-3"}, "seed: found the text '1e-3', expected a whole number"),
        ({"dataset": "nh2016"}, "unknown dataset 'nh2016'; "),
        ({"models": [{"name": "a", "family": "minni"}]}, "model 'a': unknown family 'minni'; did you mean 'mini'?"),
        ({"models": [{"name": "a", "family": "mini", "categories": ["Musik"]}]}, "no sound is of category 'Musik'"),
        (
            {"models": [{"name": "a", "family": "encodecmae", "weights": "mel256-ec-bas"}]},
            "unknown weights 'mel256-ec-bas'",
        ),
        ({"models": [{"name": "a", "family": "encodecmae", "weights": "nowhere/x.pt"}]}, "no file 'nowhere/x.pt'"),
        (
            {"chapters": ["03_componentes"]},
            "chapters: no chapter '03_componentes'; did you mean '03_components'? known: 00_question, 01_extract",
        ),
        ({"dataset": "nh2015_components", "data_dir": "nowhere"}, "found no folder nowhere"),
        ({"data_dir": "nowhere"}, "dataset 'demo': found data_dir 'nowhere', expected none"),
        ({"extraction": {"device": "cuda:9"}}, "device: found 'cuda:9'"),
        ({"extraction": {"device": "meta"}}, "device: found 'meta'"),
        ({"device": "meta"}, "device: found 'meta'"),
        ({"seed": 2**40}, "seed: found 1099511627776"),
        *(
            ({"encoding": {"alphas": alphas}}, "expected at least two numbers in ascending order, finite")
            for alphas in ([1.0], [1.0, float("inf")], [1.0, float("nan")], [1e-320, 1.0], [2.0, 1.0])
        ),
    ],
)
def test_what_a_user_can_mend_is_said_in_one_place(run, changes, message):
    code, error = run(**changes)
    assert code == 2 and message in error and error.startswith("error: ") and "Traceback" not in error


def test_checkpoints_that_are_none_or_carry_objects_are_refused(run, tmp_path):
    text, hostile = tmp_path / "text.pt", tmp_path / "hostile.pt"
    text.write_text("no checkpoint")
    torch.save({"state_dict": {}, "imports": pytest.raises}, hostile)
    for path, message in ((text, "not a checkpoint"), (hostile, "carries a pickled object")):
        code, error = run(models=[{"name": "a", "family": "encodecmae", "weights": str(path)}])
        assert code == 2 and message in error and path.name in error


def test_unknown_studies_models_and_downloads(capsys, tmp_path):
    for arguments, message in [
        (["report", "nothing"], "no study 'nothing'"),
        (
            ["report", "demo", "--models", "mixture,musik"],
            "unknown model 'musik' in study 'demo'; did you mean 'music'?",
        ),
        (["fetch", "nh2016"], "unknown download 'nh2016'; did you mean 'nh2015'?"),
    ]:
        assert main(arguments) == 2 and message in capsys.readouterr().err


def test_a_valid_study_is_called_valid(capsys):
    assert main(["check", "demo"]) == 0
    assert "study 'demo' is valid" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["report", "batch", "check"])
def test_every_command_checks_every_name_before_anything_is_computed(command, capsys, tmp_path):
    for more, message in [
        (["--chapters", "03_componentes"], "unknown chapter '03_componentes' in study 'demo'; did you mean"),
        (["--models", "mixture,musik"], "unknown model 'musik' in study 'demo'; did you mean 'music'?"),
    ]:
        assert main([command, "demo", "--outputs", str(tmp_path / "out"), *more]) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_interruption_is_130(monkeypatch, capsys):
    def interrupted(*_, **how):
        raise KeyboardInterrupt

    monkeypatch.setattr("helpers.commands.report.report", interrupted)
    assert main(["report", "demo"]) == 130


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_every_option_of_a_command_is_used(name):
    """An option is declared in one file and read in another; one half of it would be silently ignored."""
    parser = argparse.ArgumentParser()
    commands.COMMANDS[name].add(parser)
    added = {action.dest for action in parser._actions} - {"help"}
    sources = [(PACKAGE / "commands" / f"{file}.py").read_text() for file in (name, "chosen")]
    read = {
        node.attr
        for source in (sources if "chosen(options)" in sources[0] else sources[:1])
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "options"
    }
    assert added == read, f"{name} declares {added} and reads {read}"


@pytest.mark.parametrize("words", [["--help"], [], ["--version"], ["report", "--help"], ["reporrt"], ["report", "--x"]])
def test_what_computes_nothing_imports_nothing_that_computes(words):
    said = subprocess.run(
        [sys.executable, "-P", "-X", "importtime", "-m", "helpers", *words], capture_output=True, text=True, check=False
    )
    imported = {line.split("|")[-1].strip().split(".")[0] for line in said.stderr.splitlines() if "|" in line}
    assert "argparse" in imported
    assert not imported & {"numpy", "pandas", "torch", "xarray", "plotly", "jupytext", "sklearn", "pydantic", "yaml"}


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_examples_of_a_command_are_commands(name):
    command = commands.COMMANDS[name]
    assert command.examples
    for example in command.examples:
        assert _parser().parse_args(example.split()).command == name


def test_studies_and_models_are_listed(capsys):
    assert main(["studies"]) == 0
    said = capsys.readouterr().out
    for path in (ROOT / "params").glob("*.yml"):
        assert (f"{path.stem}: " in said) == (path.stem != "junifer")
    assert "not valid" not in said and "demo: 3 networks" in said and "Nothing to\n    download." in said
    assert main(["models"]) == 0
    said = capsys.readouterr().out
    networks, baselines = said.split("Families that learned nothing")
    for family in models.FAMILIES:
        assert f"  {family}: " in (baselines if family in models.BASELINES else networks)
    assert "network tiny (or full)" in said and "weights (needed)" in said


def test_a_study_that_is_not_valid_is_listed_as_such(tmp_path, monkeypatch, capsys):
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "mine.yml").write_text("# Mine.\nname: mine\ndatset: demo\n", encoding="utf-8")
    (tmp_path / "params" / "empty.yml").write_text("", encoding="utf-8")
    monkeypatch.setattr("helpers.study.params.ROOT", tmp_path)
    assert main(["studies"]) == 0
    said = capsys.readouterr().out
    assert (
        "mine: not valid: " in said
        and "unknown key 'datset'; did you mean 'dataset'?" in said
        and "    Mine.\n" in said
    )
    assert "empty: not valid: " in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["report", "--outpust", "x", "demo"], "unknown option '--outpust'; did you mean '--outputs'?"),
        (["report", "demo", "--outpust=x"], "unknown option '--outpust'; did you mean '--outputs'?"),
        (["report", "demo", "--output", "x"], "unknown option '--output'; did you mean '--outputs'?"),
        (["--versoin"], "unknown option '--versoin'; did you mean '--version'?"),
        (["report", "demo", "--models", ""], "found '', expected names with commas between them"),
        (["batch", "demo", "--chapters", " ,"], "found ' ,', expected names with commas between them"),
        (["reporrt", "demo"], "unknown command 'reporrt'; did you mean 'report'?"),
    ],
)
def test_the_wrong_word_of_a_command_line_is_named(words, message, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2 and message in capsys.readouterr().err


def test_a_study_that_is_not_there_has_its_nearest_name(capsys):
    assert main(["report", "dmeo"]) == 2
    assert "no study 'dmeo'; did you mean 'demo'?" in capsys.readouterr().err


def test_no_argument_is_answered_with_help(capsys):
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 0 and "examples:" in capsys.readouterr().out


def test_the_version_names_the_checkout(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    said, state = capsys.readouterr().out, commit(ROOT)
    named = f" (commit {state['commit'][:12]}" if state["commit"] else "\n"
    assert said.startswith(version("audio-network-brain-report") + named)
    assert ("with local changes" in said) == (bool(state["commit"]) and not state["clean"])
