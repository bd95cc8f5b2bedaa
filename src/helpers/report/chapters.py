"""Chapters are .py files in percent format; papermill runs them with a study's parameters, behind one function."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from pathlib import Path

import jupytext
import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from helpers import storage
from helpers.names import UserError
from helpers.params import ROOT

SOURCES = ROOT / "notebooks"
STAMP = "made_from"  # notebook metadata: what the executed notebook depends on
START_TIMEOUT = 120  # s, for a kernel on a busy laptop


class ChapterError(RuntimeError):
    """A chapter that failed for a reason that is not the user's: exit code 1."""


def path_of(chapter: str) -> Path:
    """The source of a chapter; raises UserError, naming those there are, for an unknown one."""
    path = SOURCES / f"{chapter}.py"
    if not path.is_file():
        known = ", ".join(sorted(source.stem for source in SOURCES.glob("[0-9]*.py")))
        raise UserError(f"chapters: no notebook '{chapter}'; known: {known}")
    return path


def run(chapter: str, parameters: dict, target: Path, depends_on: str) -> nbformat.NotebookNode:
    """The executed chapter: `target` if it was made from the same things, else executed and written there whole."""
    source = path_of(chapter).read_text(encoding="utf-8")
    stamp = storage.digest(source, parameters, depends_on)
    if (done := _read(target, stamp)) is not None:
        return done
    notebook = jupytext.reads(source, fmt="py:percent")
    notebook.metadata.setdefault("kernelspec", {"name": "python3", "language": "python", "display_name": "Python 3"})
    _check_parameters(notebook, parameters, chapter)
    executed = _execute(notebook, parameters, chapter, target)
    executed.metadata[STAMP] = stamp
    storage.write_text(target, nbformat.writes(executed))
    return executed


def _read(target: Path, stamp: str) -> nbformat.NotebookNode | None:
    try:
        notebook = nbformat.read(target, as_version=4)
    except (OSError, ValueError):  # missing, or not a notebook: it is made again
        return None
    return notebook if notebook.metadata.get(STAMP) == stamp else None


def _check_parameters(notebook: nbformat.NotebookNode, parameters: dict, chapter: str) -> None:
    """papermill only warns about a parameter that a notebook does not have, and then runs with its defaults."""
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assigned = {line.split(":")[0].split("=")[0].strip() for cell in cells for line in cell.source.splitlines()}
    unknown = sorted(set(parameters) - assigned)
    if unknown:
        raise UserError(f"notebooks/{chapter}.py: no parameter {', '.join(unknown)} in its cell tagged 'parameters'")


def _execute(notebook: nbformat.NotebookNode, parameters: dict, chapter: str, target: Path) -> nbformat.NotebookNode:
    """Run `notebook`; a kernel that does not start is tried once more. A failed notebook is kept as *.failed.ipynb."""
    failed = target.with_suffix(".failed.ipynb")
    for attempt in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            try:
                executed = _papermill(notebook, Path(folder), parameters)
            except PapermillExecutionError as error:
                storage.write_text(failed, (Path(folder) / "out.ipynb").read_text(encoding="utf-8"))
                raise _told(error, chapter, failed) from None
            except RuntimeError as error:  # nbclient's and jupyter_client's word for a kernel that did not start
                if attempt == 2:
                    raise ChapterError(
                        f"notebooks/{chapter}.py: its kernel died or did not start, twice ({error}); if memory ran "
                        "out, close other programs or take fewer models (`--models`), then run again"
                    ) from error
            else:
                failed.unlink(missing_ok=True)
                return executed
    raise AssertionError("the second attempt returns or raises")


def _papermill(notebook: nbformat.NotebookNode, folder: Path, parameters: dict) -> nbformat.NotebookNode:
    logging.getLogger("papermill").setLevel(logging.ERROR)
    os.environ["PLOTLY_RENDERER"] = "plotly_mimetype"  # the only one whose figures the export can take over
    source, result = folder / "in.ipynb", folder / "out.ipynb"
    nbformat.write(notebook, source)
    return papermill.execute_notebook(
        source,
        result,
        parameters=parameters,
        kernel_name="python3",
        cwd=Path.cwd(),
        progress_bar=sys.stderr.isatty(),
        start_timeout=START_TIMEOUT,
        config=Config(KernelManager=_address(folder), NotebookClient={"extra_arguments": ["--log-level=CRITICAL"]}),
    )


def _address(folder: Path) -> dict:
    """An address for one kernel: kernels started at once collide on the default's relative socket names."""
    socket = str(folder / "kernel")
    fits = os.name == "posix" and len(socket.encode()) < 90  # of the 104 bytes that a socket's path may have
    return {"transport": "ipc", "ip": socket} if fits else {"transport": "tcp"}


def _told(error: PapermillExecutionError, chapter: str, failed: Path) -> Exception:
    place = f"notebooks/{chapter}.py, cell {error.exec_count}"
    if error.ename == UserError.__name__:
        return UserError(f"{place}: {error.evalue}")
    return ChapterError(f"{place} failed with {error.ename}: {error.evalue}; the notebook so far is {failed}")
