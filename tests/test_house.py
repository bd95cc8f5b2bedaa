"""The house itself: style, spelling, who imports whom, one pinned set of packages."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from conftest import LONGEST, ROOT
from helpers import brain, models

BIN = Path(sys.executable).parent


def test_the_files_that_begin_are_there():
    for name in LONGEST:
        assert len([*(ROOT / "tests").rglob(name)]) == 1, name


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


PACKAGES = {
    "batch", "brain", "chapters", "commands", "encoding", "models", "plotting", "report", "stats", "stimuli", "store",
    "study", "text",
}  # fmt: skip


def test_every_module_lies_in_a_package_of_the_plan():
    package = ROOT / "src" / "helpers"
    files = {path.stem for path in package.glob("*.py")}
    assert files == {"__init__", "__main__", "names", "errors"}
    assert {path.name for path in package.iterdir() if path.is_dir() and path.name != "__pycache__"} == PACKAGES


def test_a_module_without_a_place_fails_the_lint(tmp_path):
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "src")
    (tmp_path / "src" / "helpers" / "extra.py").write_text("")
    command = [BIN / "lint-imports", "--no-cache"]
    done = subprocess.run(command, cwd=tmp_path / "src", capture_output=True, text=True)
    assert done.returncode == 1 and "extra" in done.stdout


def test_only_data_claims_and_labels_know_the_components_by_name():
    package, names = ROOT / "src" / "helpers", re.compile(r"\b(lowfreq|highfreq|envsounds)\b")
    knowing = {path.relative_to(package) for path in package.rglob("*.py") if names.search(path.read_text())}
    assert knowing and {path.parts[0] for path in knowing} <= {"brain", "chapters"}
    assert {path.parts[:3] for path in knowing if path.parts[0] == "chapters"} <= {("chapters", "claims", "claims")}


ONE_PACKAGE = sorted(path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__")


def test_every_package_has_a_folder_of_tests():
    assert set(ONE_PACKAGE) == PACKAGES


def test_no_two_files_of_tests_have_one_name():
    """pytest refuses the second of them, and only where both run in one process."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py")]
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)


def test_make_runs_the_tests_of_one_package():
    said = subprocess.run(["make", "-n", "test", "ROOM=encoding"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [line for line in said.stdout.splitlines() if "-m pytest " in line and line.endswith(" tests/encoding")]


def defining(room, function: str) -> set[str]:
    """The modules of a package, at any depth, that define a public function of that name."""
    files = Path(room.__file__).parent.rglob("*.py")
    return {
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
        for path in files
        if path != Path(room.__file__) and re.search(rf"^def {function}\(", path.read_text(), re.MULTILINE)
    }


@pytest.mark.parametrize(
    ("room", "registry"), [(brain, brain.DATASETS), (models, models.FAMILIES)], ids=["datasets", "families"]
)
def test_every_module_that_opens_something_is_in_the_registry(room, registry):
    forgotten = defining(room, "open") - {module.__name__ for module in registry.values()}
    assert not forgotten, f"{', '.join(sorted(forgotten))}: no line of the registry in {room.__name__} names it"
