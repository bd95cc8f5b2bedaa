"""The command line: exit code 2 and one clear line for what a user can mend, and nothing half-written."""

import ast
from importlib.metadata import version

import pytest
import torch
import yaml

from conftest import ROOT
from helpers.__main__ import main
from helpers.report.footer import commit

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
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("helpers.report.command.report", interrupted)
    assert main(["report", "demo"]) == 130


SHARED_ARGUMENTS = ROOT / "src" / "helpers" / "study" / "arguments.py"
COMMANDS = [*sorted((ROOT / "src" / "helpers").rglob("command.py")), SHARED_ARGUMENTS]


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: "/".join(path.parts[-3:]))
def test_every_option_of_a_command_is_used(path):
    """An option is added in one file, the command's; one that is only half there would be ignored in silence."""
    readers = COMMANDS if path == SHARED_ARGUMENTS else [path, SHARED_ARGUMENTS]
    nodes = [node for reader in readers for node in ast.walk(ast.parse(reader.read_text()))]
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "options"}
    added = {
        max((name.value for name in node.args), key=len).lstrip("-").replace("-", "_")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_argument"
    }
    assert added <= read, f"{path.name} adds {', '.join(sorted(added - read))} and never reads it"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["report", "--outpust", "x", "demo"], "unknown option '--outpust'; did you mean '--outputs'?"),
        (["report", "demo", "--outpust=x"], "unknown option '--outpust'; did you mean '--outputs'?"),
        (["report", "demo", "--output", "x"], "unknown option '--output'; did you mean '--outputs'?"),
        (["--versoin"], "unknown option '--versoin'; did you mean '--version'?"),
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
