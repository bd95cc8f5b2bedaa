"""Kernels of chapters: this interpreter's own, without the user's IPython, and on Linux forks of a warm process.

Importing torch, xarray and Plotly takes a kernel longer than most chapters take to run. With `warm`, one process
imports them once, and every kernel is a fork of it: all modules are there, and none of any chapter's variables. That
process runs nothing else, so that it has no threads that a fork would lose.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import sys
import uuid
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from jupyter_core.utils import ensure_event_loop

from helpers.store import files

# What decides how many threads numpy, torch and their libraries start
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
# Nothing is imported from the folder that the command runs in, where any helpers.py or random.py may lie
LAUNCH = ["-P", "-m", "ipykernel_launcher", "-f", "{connection_file}", "--IPKernelApp.ignore_cwd=True"]
RENDERER = {"PLOTLY_RENDERER": "plotly_mimetype"}  # the only renderer whose figures the export supports
PACKAGE = str(Path(__file__).resolve().parents[2])  # the folder that holds this package


def own() -> dict[str, str]:
    """Return what a kernel's environment must have, whatever its user's has: this code, this renderer."""
    places = [PACKAGE, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**RENDERER, "PYTHONPATH": os.pathsep.join(dict.fromkeys(places)), "PYTHONSAFEPATH": "1"}


class Manager(AsyncKernelManager):
    """Starts a kernel of this interpreter, and remembers how it ended, which nbclient does not tell."""

    folder: ClassVar[Path]  # of the kernel's own, empty IPython profile: no start-up files
    running: ClassVar[weakref.WeakSet[Manager]] = weakref.WeakSet()
    ended_with: ClassVar[int | None] = None  # exit status; negative: minus the signal
    stopped: ClassVar[bool] = False  # whether it was ended by `end_all`

    @property
    def kernel_spec(self) -> KernelSpec:
        """This interpreter: a `python3` that the user has installed may be another one, with other code."""
        return KernelSpec(argv=[sys.executable, *LAUNCH], display_name="Python 3", language="python")

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw) -> None:
        kw["env"] = kw.get("env", os.environ) | own() | {"IPYTHONDIR": str(self.folder / "ipython")}
        Manager.running.add(self)
        await super()._async_launch_kernel(kernel_cmd, **kw)

    launch_kernel = _launch_kernel = _async_launch_kernel

    async def _async_is_alive(self) -> bool:
        alive = await super()._async_is_alive()
        if not alive and self.provisioner is not None and self.provisioner.process is not None:
            type(self).ended_with = self.provisioner.process.poll()
        return alive

    is_alive = _async_is_alive


class Forked(Manager):
    """Starts a kernel as a fork of the warm process."""

    async def _async_pre_start_kernel(self, **kw):
        self.provisioner = self.provisioner or _Fork(kernel_id="", kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**kw)

    pre_start_kernel = _async_pre_start_kernel


class _Fork(LocalProvisioner):
    async def launch_kernel(self, cmd: list[str], **kwargs) -> dict:
        self.process = _Process(cmd[cmd.index("-f") :], kwargs["env"], str(kwargs.get("cwd") or Path.cwd()))
        self.pid = self.pgid = self.process.pid
        self.cwd = kwargs.get("cwd", Path.cwd())
        return self.connection_info


class _Process:
    """A fork of the warm process, with what jupyter_client uses of `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, arguments: list[str], env: dict, folder: str):
        context = multiprocessing.get_context("forkserver")
        self._process = context.Process(target=_become_kernel, args=(arguments, dict(env), folder), daemon=True)
        self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self._process.join(timeout)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def _become_kernel(arguments: list[str], env: dict, folder: str) -> None:
    """Run a kernel in this process until it is told to end."""
    from ipykernel.kernelapp import IPKernelApp

    os.setsid()  # Ctrl-C in the terminal is for the program that started it
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    application = IPKernelApp.instance()
    application.initialize([*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])
    application.start()


@contextlib.contextmanager
def warm(at_once: int) -> Iterator[type[Manager]]:
    """Yield the kind of kernel to start while at most `at_once` of them share the cores: a warm one where it can be."""
    threads = {name: str(max(1, cores() // at_once)) for name in THREADS if name not in os.environ}
    ours = threads | own() | {files.RUN: uuid.uuid4().hex}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    if sys.platform == "linux":  # on a Mac, forks of a process that has loaded its libraries may crash
        multiprocessing.get_context("forkserver").set_forkserver_preload(["helpers.report.preload"])
        multiprocessing.forkserver.ensure_running()  # it imports while this process goes on
    try:
        yield Forked if sys.platform == "linux" else Manager
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def in_thread() -> Iterator[None]:
    """Close, on leaving, the event loop that Jupyter opens for a thread from which kernels are started."""
    try:
        yield
    finally:
        ensure_event_loop().close()


def end_all() -> None:
    """End all kernels of this process at once."""
    for manager in list(Manager.running):
        process = manager.provisioner.process if manager.provisioner else None
        if process is not None:
            type(manager).stopped = True
            with contextlib.suppress(OSError):
                os.kill(process.pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
