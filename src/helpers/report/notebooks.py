"""Chapters are .py files in percent format; papermill runs them with a study's parameters, behind one function."""

from __future__ import annotations

import json
import logging
import os
import signal
import tempfile
import threading
from pathlib import Path
from typing import TextIO

import jupytext
import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from helpers.errors import ChapterError, DamagedCheckpoint, UserError
from helpers.report import outputs
from helpers.report.kernels import Manager
from helpers.store import files

STAMP = "made_from"  # notebook metadata: what the executed notebook depends on
START_TIMEOUT = 120  # s, for a kernel on a busy laptop
PARSING = threading.Lock()  # Python 3.11's parser, which jupytext calls, breaks where two threads use it at once


def run(
    source: Path,
    parameters: dict,
    target: Path,
    depends_on: str,
    log: TextIO | None = None,
    kernel: type[Manager] = Manager,
) -> nbformat.NotebookNode:
    """Return the executed chapter: `target` if it was made from the same things, else executed and written there.

    Of several processes that want it at once, one executes it and the others wait. Kernel stderr is streamed to `log`.
    Raises UserError or ChapterError, naming the cell.
    """
    stamp = stamp_of(source, parameters, depends_on)
    if (done := executed(target, stamp)) is not None:  # also on media where nothing can be locked
        return done
    with files.claimed(target):
        if (done := executed(target, stamp)) is not None:  # by the previous holder of the lock
            return done
        notebook = _with_parameters(source, parameters)
        result = _execute(notebook, parameters, source, target, log, kernel)
        result.metadata |= {STAMP: stamp}
        files.write_text(target, nbformat.writes(result))
        return result


def stamp_of(source: Path, parameters: dict, depends_on: str) -> str:
    """Return a digest that is equal exactly when the executed chapter would be the same."""
    return files.digest(source.read_text(encoding="utf-8"), parameters, depends_on)


def is_executed(source: Path, parameters: dict, target: Path, depends_on: str) -> bool:
    """Return whether `run` would read and execute nothing."""
    return executed(target, stamp_of(source, parameters, depends_on)) is not None


def executed(target: Path, stamp: str) -> nbformat.NotebookNode | None:
    """Return the notebook at `target` if it bears that stamp; None if it is missing, damaged or out of date."""
    try:
        written = target.read_text(encoding="utf-8")
        metadata = json.loads(written)["metadata"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(metadata, dict) or metadata.get(STAMP) != stamp:
        return None
    notebook = nbformat.reads(written, as_version=4)
    return None if outputs.foreign(notebook) else notebook


def _with_parameters(source: Path, parameters: dict) -> nbformat.NotebookNode:
    with PARSING:
        notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata.setdefault("kernelspec", {"name": "python3", "language": "python", "display_name": "Python 3"})
    _check_parameters(notebook, parameters, source.stem)
    return notebook


def _check_parameters(notebook: nbformat.NotebookNode, parameters: dict, chapter: str) -> None:
    """Raise for unknown parameters, which papermill would only warn about and then run with defaults."""
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assigned = {line.split(":")[0].split("=")[0].strip() for cell in cells for line in cell.source.splitlines()}
    unknown = sorted(set(parameters) - assigned)
    if unknown:
        raise UserError(f"notebooks/{chapter}.py: no parameter {', '.join(unknown)} in its cell tagged 'parameters'")


def _execute(
    notebook: nbformat.NotebookNode,
    parameters: dict,
    source: Path,
    target: Path,
    log: TextIO | None,
    kernel: type[Manager],
) -> nbformat.NotebookNode:
    """Run `notebook`; a kernel that does not start is tried once more. A failed notebook is kept as *.failed.ipynb."""
    failed = target.with_suffix(".failed.ipynb")
    for attempt in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            # nbclient makes the manager of the kernel; what we tell and ask it is with its class
            own = type("Own", (kernel,), {"folder": Path(folder)})
            try:
                result = _papermill(notebook, Path(folder), parameters, log, own)
            except PapermillExecutionError as error:
                _keep(Path(folder), failed)
                raise _told(error, source, failed) from None
            except DeadKernelError:
                if own.stopped:
                    raise KeyboardInterrupt from None
                _keep(Path(folder), failed)
                raise ChapterError(
                    f"notebooks/{source.name}: its kernel was ended from outside{how_ended(own.ended_with)}; the "
                    f"notebook so far is {failed}; close other programs or take fewer jobs or models at once, then run "
                    "again"
                ) from None
            except RuntimeError as error:  # nbclient's and jupyter_client's word for a kernel that did not start
                if attempt == 2:
                    raise ChapterError(
                        f"notebooks/{source.name}: its kernel did not start, twice ({error}); if memory ran out, close "
                        "other programs or take fewer models (`--models`), then run again"
                    ) from error
            else:
                if foreign := outputs.foreign(result):
                    _keep(Path(folder), failed)
                    raise ChapterError(f"notebooks/{source.name}: {foreign}; the notebook is {failed}")
                failed.unlink(missing_ok=True)
                return result
    raise AssertionError("the second attempt returns or raises")


def how_ended(status: int | None) -> str:
    """Return ', by SIGKILL, as the system does when memory runs out' for an exit status of -9 or 137; '' for None."""
    if status is None:
        return ""
    number = -status if status < 0 else status - 128
    if number not in set(signal.Signals):
        return f", with exit code {status}"
    memory = number in (getattr(signal, "SIGKILL", 9), getattr(signal, "SIGBUS", 7), 10)  # 138 is SIGBUS on a Mac
    name = signal.Signals(number).name if status < 0 else f"exit code {status}"
    return f", by {name}" + (", as the system does when memory runs out" if memory else "")


def _keep(folder: Path, failed: Path) -> None:
    """Keep the notebook as far as it was executed, for inspection; missing if nothing was executed."""
    if (folder / "out.ipynb").exists():
        files.write_text(failed, (folder / "out.ipynb").read_text(encoding="utf-8"))


def _papermill(
    notebook: nbformat.NotebookNode, folder: Path, parameters: dict, log: TextIO | None, kernel: type[Manager]
) -> nbformat.NotebookNode:
    logging.getLogger("papermill").setLevel(logging.ERROR)
    source, result = folder / "in.ipynb", folder / "out.ipynb"
    nbformat.write(notebook, source)
    client = {"extra_arguments": ["--log-level=CRITICAL"], "kernel_manager_class": kernel}
    return papermill.execute_notebook(
        source,
        result,
        parameters=parameters,
        kernel_name="python3",
        cwd=Path.cwd(),
        progress_bar=False,  # chapters that run side by side report what they compute, line by line
        stderr_file=log,
        start_timeout=START_TIMEOUT,
        config=Config(KernelManager=_address(folder), NotebookClient=client),
    )


def _address(folder: Path) -> dict:
    """Return an address for one kernel: kernels started at once collide on the default's relative socket names.

    Its connection file is there too: the default is below the home folder, which may be missing or read-only.
    """
    connection = {"connection_file": str(folder / "connection.json")}
    socket = str(folder / "kernel")
    fits = os.name == "posix" and len(socket.encode()) < 90  # of the 104 bytes that a socket's path may have
    return connection | ({"transport": "ipc", "ip": socket} if fits else {"transport": "tcp"})


def _told(error: PapermillExecutionError, source: Path, failed: Path) -> Exception:
    place = f"notebooks/{source.name}, cell {error.exec_count}"
    if error.ename in (UserError.__name__, DamagedCheckpoint.__name__):
        return UserError(f"{place}: {error.evalue}")
    return ChapterError(f"{place} failed with {error.ename}: {error.evalue}; the notebook so far is {failed}")
