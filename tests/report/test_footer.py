"""A report says the commit of its own checkout, or that it is unknown."""

import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT
from helpers.store.checkout import UNKNOWN, commit

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="needs git")


def git(folder: Path, *arguments: str) -> str:
    told = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *told, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository of somebody's with one commit; returns its folder."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "file").write_text("")
    git(folder, "add", "file")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def test_the_commit_of_a_checkout_is_said_and_whether_it_was_changed(repository):
    head = git(repository, "rev-parse", "HEAD")
    assert commit(repository) == {"commit": head, "clean": True}
    (repository / "file").write_text("changed")
    assert commit(repository) == {"commit": head, "clean": False}


def test_a_folder_within_another_repository_has_no_commit(repository):
    unpacked = repository / "lib" / "site-packages"
    unpacked.mkdir(parents=True)
    assert commit(unpacked) == UNKNOWN
    git(repository, "worktree", "add", "--quiet", "worktree")  # one of its own, though it lies within
    assert commit(repository / "worktree")["commit"] == git(repository, "rev-parse", "HEAD")


def test_what_git_tracks_nothing_of_has_no_commit(tmp_path, repository):
    for folder in (tmp_path / "nothing", tmp_path / "empty"):
        folder.mkdir()
    git(tmp_path / "empty", "init", "--quiet")
    assert commit(tmp_path / "nothing") == commit(tmp_path / "empty") == UNKNOWN
    git(repository, "rm", "--quiet", "--cached", "file")
    assert commit(repository) == UNKNOWN


def test_variables_that_lead_git_elsewhere_are_not_heard(tmp_path, repository, monkeypatch):
    """As in a hook of another repository."""
    (tmp_path / "unpacked").mkdir()
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "unpacked"))
    assert commit(tmp_path / "unpacked") == UNKNOWN


def test_without_git_the_commit_is_unknown(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert commit(repository) == UNKNOWN


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an archive")
def test_this_checkout_knows_its_own(monkeypatch):
    assert commit(ROOT)["commit"] == git(ROOT, "rev-parse", "HEAD")
