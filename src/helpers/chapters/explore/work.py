"""What takes long beside a notebook that goes on answering: one job after another in a thread, with a bar."""

from __future__ import annotations

import html
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import ipywidgets as widgets

from helpers.errors import UserError
from helpers.store.progress import listening

ONE = 1000  # of the bar


class Work:
    """A queue of jobs, and `box`, which shows how far the present one has come, or what went wrong with it."""

    def __init__(self) -> None:
        self.bar = widgets.IntProgress(max=ONE, layout={"width": "14em", "visibility": "hidden"})
        self.said = widgets.HTML()
        self.box = widgets.HBox([self.bar, self.said], layout={"flex_flow": "row wrap"})
        self._thread = ThreadPoolExecutor(1)
        self._last: Future | None = None

    def do(self, label: str, job: Callable[[], object], then: Callable[[], None]) -> None:
        """Do a job when those before it are done, and then what follows; `label` is shown until then."""
        self._show(label)
        self._last = self._thread.submit(self._done, label, job, then)

    def wait(self) -> None:
        """Wait for all jobs, those included that follow from others."""
        while (last := self._last) is not None:
            last.result()
            if last is self._last:
                return

    def failed(self, error: object) -> None:
        """Show what went wrong."""
        self.bar.layout.visibility = "hidden"
        self.said.value = f"<p style='color: #b00020'>⚠ {html.escape(str(error))}</p>"

    def _done(self, label: str, job: Callable[[], object], then: Callable[[], None]) -> None:
        self._show(label)
        try:
            with listening(lambda _, share, said: self._show(f"{label} {said}", share)):
                job()
            self._show("", None)
            then()
        except UserError as error:
            self.failed(error)
        except Exception as error:  # nobody reads what a thread raises
            self.failed(f"{type(error).__name__}: {error}")
            raise

    def _show(self, said: str, share: float | None = 0.0) -> None:
        """Show which share is done; None hides the bar."""
        self.bar.layout.visibility = "hidden" if share is None else "visible"
        self.bar.value = int(ONE * (share or 0))
        self.said.value = f"<p>{html.escape(said)}</p>" if said else ""
