"""The README: what it tells its readers to type works, and both of its halves tell it."""

import re
import shlex
import subprocess
import sys

import pytest
import yaml

from conftest import ROOT
from helpers.text.references import references

ENGLISH, _, SPANISH = (ROOT / "README.md").read_text(encoding="utf-8").partition("## En español")
SPANISH, _, CITING = SPANISH.partition("\n## ")
BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TUTORIAL = "params/tutorial.py lab"


def blocks(half: str) -> list[str]:
    """The tutorial's commands and lines of a study, without comments, in their order."""
    after = half[half.index(TUTORIAL) - 100 :]
    return ["\n".join(re.sub(r" +#.*", "", line) for line in one.splitlines()) for one in BLOCK.findall(after)[:3]]


def typed(command: str, folder) -> str:
    """What a command of the README prints; it runs in a folder of its own, on the code of this checkout."""
    program, *arguments = shlex.split(command)
    assert program == ".venv/bin/python"
    arguments = [str(ROOT / one) if one.startswith("params/") else one for one in arguments]
    arguments = [str(folder / "tones.yml") if one == "tones" else one for one in arguments]
    done = subprocess.run([sys.executable, "-P", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tutorial_works_and_is_the_same_in_both_halves(tmp_path):
    made, line, after = blocks(ENGLISH)
    assert blocks(SPANISH) == [made, line, after]
    for command in made.splitlines():
        typed(command, tmp_path)
    study = yaml.safe_load((tmp_path / "tones.yml").read_text(encoding="utf-8"))
    (tmp_path / "tones.yml").write_text(yaml.safe_dump(study | yaml.safe_load(line)), encoding="utf-8")
    check, report = after.splitlines()
    assert "mine: 2 layers: conv1 8, conv2 16" in typed(check, tmp_path)
    assert report == ".venv/bin/python -m helpers report tones"


@pytest.mark.parametrize("half", [ENGLISH, SPANISH], ids=["en", "es"])
def test_each_half_has_a_result_the_three_uses_and_the_table_of_other_projects(half):
    first = half[:2500]
    assert re.search(r"0[.,]78", first) and "make report STUDY=networks" in first and "tp-picml" in first
    for said in ("make lab", "papermill out/", "outputs/STUDY/report.html", "make api"):
        assert said in half or said.replace("STUDY", "ESTUDIO") in half, said
    table = [line for line in half.splitlines() if line.startswith("| ")]
    header = next(line for line in table if "himalaya" in line)
    rows = table[table.index(header) :][:9]
    assert len({row.count(" | ") for row in rows[:1] + rows[2:]}) == 1 and header.count(" | ") == 7
    for name in ("auditory_brain_dnn", "braindnn", "voxelwise_tutorials", "Net2Brain", "Brain-Score"):
        assert name in header


def test_the_readme_cites_what_the_bibliography_has():
    works = references()
    for key in ("tp-picml", "tuckute2023", "norman-haignere2015", "pepino2023", "pepino2025", "xie2023"):
        assert works[key].link in CITING, key


def test_pages_of_the_api_are_made_from_docstrings(tmp_path):
    said = subprocess.run(["make", "-n", "api"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "outputs/api" in said and "--docformat numpy" in said
    command = [
        sys.executable,
        "-P",
        "-m",
        "pdoc",
        "--docformat",
        "numpy",
        "-o",
        str(tmp_path),
        "helpers.encoding.score",
    ]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    page = (tmp_path / "helpers" / "encoding" / "score.html").read_text(encoding="utf-8")
    assert 'id="score"' in page and 'id="parameters"' in page.casefold()
