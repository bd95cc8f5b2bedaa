"""The house itself: style, spelling, who imports whom, one pinned set of packages."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from conftest import ROOT

BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    ["ruff check", "ruff format --check", "lint-imports", "codespell"],
    ids=lambda command: command.split()[0],
)
def test_hooks_pass(command):
    program, *arguments = command.split()
    done = subprocess.run([BIN / program, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hooks_of_pre_commit_are_the_ones_tested_here():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert [hook["entry"] for hook in hooks] == ["ruff check", "ruff format --check", "lint-imports", "codespell"]


def test_every_dependency_is_pinned_and_conda_installs_the_same_set():
    pinned = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    packages = {re.match(r"[\w-]+", requirement)[0] for requirement in project["dependencies"]}
    assert len(packages) > 15 and {name.replace("_", "-").lower() for name in packages} <= pinned
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert "-r requirements.lock" in conda["dependencies"][-1]["pip"]


def test_top_level_is_the_one_agreed_on():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    top = {line.split("/")[0] for line in tracked.splitlines()}
    assert {"notebooks", "src", "params", "outputs", "environment.yml", "tests", "README.md"} <= top
    assert not [line for line in tracked.splitlines() if line.endswith((".ipynb", ".wav", ".pt", ".pkl", ".nc"))]


def test_every_fault_that_is_documented_has_its_test():
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", (ROOT / "tests" / "FAULTS.md").read_text())
    assert len(named) > 30 and not [name for name in named if f"def {name}(" not in tests]
