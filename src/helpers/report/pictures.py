"""Still pictures of figures, for readers without scripts: drawn by Plotly in a Chrome or Chromium of this machine."""

from __future__ import annotations

import base64
import importlib.util
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers.errors import UserError
from helpers.report.figures import cut
from helpers.store import files

WIDTH = 600  # px: as wide as a column of text; the height is the figure's own
FORMAT = "webp"
PROGRAMS = ("kaleido", "plotly")  # that draw
HOW = {"n": 2, "mathjax": False}  # pages at once; nothing from the network
NOT_IN_A_PICTURE = ("title", "updatemenus", "sliders", "meta")  # written by the page, or of no use without scripts
ANYWAY = "or leave `--pictures` out: nothing else of the page needs it"


def check() -> None:
    """Raise UserError where no pictures can be drawn: before a report is computed that would have none."""
    if importlib.util.find_spec("kaleido") is None:
        raise UserError(f"--pictures needs the package kaleido: pip install -e '.[pictures]', {ANYWAY}")
    from choreographer.browsers.chromium import Chromium

    if not (os.environ.get("BROWSER_PATH") or Chromium.find_browser(skip_local=False)):
        raise UserError(f"--pictures found no Chrome or Chromium on this machine; install one, {ANYWAY}")


def of(figures: Mapping[str, dict], folder: Path) -> dict[str, str]:
    """Return a picture of each figure, by name, as an address that holds it.

    Pictures are kept in `folder`; those of figures that have not changed are not drawn again.
    """
    asked, drawn_by = {name: _asked(figure) for name, figure in figures.items()}, [version(name) for name in PROGRAMS]
    places = {name: folder / f"{files.digest(one, drawn_by)}.{FORMAT}" for name, one in asked.items()}
    if missing := {place.name: asked[name] for name, place in places.items() if not place.exists()}:
        _draw(missing, folder)
    return {name: _address(place.read_bytes()) for name, place in places.items()}


def _draw(wanted: dict[str, dict], folder: Path) -> None:
    """Draw pictures, by the name of their file in `folder`; each is there whole or not at all."""
    import kaleido

    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as temporary:
        jobs = [asked | {"path": str(Path(temporary, name))} for name, asked in wanted.items()]
        kaleido.write_fig_from_object_sync(jobs, kopts=HOW)
        for name in wanted:
            Path(temporary, name).replace(folder / name)


def _asked(figure: dict) -> dict:
    """Return what kaleido is told of a figure: it is drawn without what the page writes around it."""
    own = figure["layout"]
    apart, margin = cut(own), own.get("margin", {})
    above = apart["title"] + apart["menus"]
    layout = {name: value for name, value in own.items() if name not in NOT_IN_A_PICTURE}
    layout["margin"] = margin | {"t": margin.get("t", 80) - above, "b": margin.get("b", 80) - apart["below"]}
    layout["height"] = own.get("height", 450) - above - apart["below"]
    opts = {"format": FORMAT, "width": WIDTH, "height": layout["height"]}
    return {"fig": {"data": figure["data"], "layout": layout}, "opts": opts}


def _address(picture: bytes) -> str:
    return f"data:image/{FORMAT};base64,{base64.b64encode(picture).decode()}"
