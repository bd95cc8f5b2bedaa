"""Processes that tests start, and what becomes of them."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator

import psutil

SECONDS = 240  # until something is called hung


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Within it, processes are started that hear Ctrl-C and SIGTERM, as from a terminal.

    A process inherits which signals are ignored or held back: those that a script starts in the background, as CI
    systems do, ignore Ctrl-C, and so would all that they start.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers) if hasattr(signal, "pthread_sigmask") else None
    try:
        for number in numbers:
            if before[number] == signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        yield
    finally:
        for number in numbers:
            if before[number] == signal.SIG_IGN:
                signal.signal(number, signal.SIG_IGN)
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def started(command: list[str], **how) -> subprocess.Popen:
    """A process that hears Ctrl-C, and whose every word can be read from its stdout."""
    with interruptible():
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how)


def finished(process: subprocess.Popen) -> tuple[int, str]:
    """Exit code and everything that was said; a process that hangs fails the test and is ended."""
    try:
        said, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, said


def family(process: subprocess.Popen) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def descendant(process: subprocess.Popen, word: str) -> psutil.Process:
    """The first process below another one whose command line holds `word`, as soon as there is one."""
    return in_time(lambda: next((one for one in family(process) if says(one, word)), None), process)


def in_time(found, process: subprocess.Popen):
    """What a function finds, as soon as that is something, while `process` runs."""
    deadline = time.monotonic() + SECONDS
    while not (it := found()):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "not found"
        time.sleep(0.1)  # looking at all processes costs something itself
    return it


def says(process: psutil.Process, word: str) -> bool:
    try:
        return any(word in part for part in process.cmdline())
    except psutil.Error:
        return False


def all_gone(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=20)[1]
