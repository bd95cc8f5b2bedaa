"""A JupyterLab that shows explore.py as `make lab` does, and what a browser does with it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browsing import waited
from conftest import ROOT

PLOT = "document.querySelector('.jp-OutputArea .js-plotly-plot')"
RUN_ALL = (
    "const run = () => jupyterapp.commands.execute('notebook:run-all-cells');"
    "jupyterapp.shell.currentWidget.sessionContext.ready.then(run)"
)


@contextmanager
def running(folder: Path, study: str | dict) -> Iterator[str]:
    """Give the address of a JupyterLab in a folder, with explore.py on a study."""
    (folder / "notebooks").mkdir()
    source = (ROOT / "notebooks" / "explore.py").read_text()
    (folder / "notebooks" / "explore.py").write_text(source.replace('study = "demo"', f"study = {study!r}"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0"]
    options += ["--IdentityProvider.token=x", "--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={folder}"]
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(folder / "config")}
    *before, last = _commands(folder / "config" / "labconfig")
    for command in before:
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    with (folder / "lab.log").open("w") as log:
        server = subprocess.Popen([*last, *options], stdout=log, stderr=log, cwd=folder, env=environment)
    try:
        _up(f"http://127.0.0.1:{port}/api?token=x", server, folder / "lab.log")
        yield f"http://127.0.0.1:{port}/?token=x"
    finally:
        server.terminate()
        server.wait(30)


def opened(browser, address: str) -> None:
    """Open the notebook, and wait until its kernel answers."""
    browser.get(address)
    waited(browser, "return window.jupyterapp?.shell.currentWidget?.context?.isReady", seconds=90)
    ready = "return jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
    waited(browser, ready, seconds=90)


def _commands(config: Path) -> list[list[str]]:
    """What `make lab` runs, with this Python's programs and its settings in `config`."""
    said = subprocess.run(
        ["make", "-n", "lab", f"LABCONFIG={config}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = [line.split("#")[0].split() for line in said.stdout.splitlines() if "/jupy" in line]
    assert len(lines) == 3
    return [[str(Path(sys.executable).parent / Path(line[0]).name), *line[1:]] for line in lines]


def _up(address: str, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.3)
