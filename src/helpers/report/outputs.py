"""What a page may hold: chapters' own outputs, and nothing that asks the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import nbformat

PLOTLY = "application/vnd.plotly.v1+json"
OWN_HTML = '<div lang="'  # how a `text.Bilingual` begins
OTHER_FIGURE = re.compile(r"<?Figure\w*[( ]")  # as text: of Plotly with another renderer, of Matplotlib
FETCHING = {"src", "srcset", "poster", "data", "background", "manifest", "action", "formaction", "ping"}
FETCHING_LINKS = ("link", "image", "use", "base", "feimage")  # whose href is asked for; that of <a> only on a click
IN_STYLE = re.compile(r"url\(\s*['\"]?\s*([^'\")\s]+)|@import\s+(?:url\()?\s*['\"]?([^'\";)\s]+)", re.IGNORECASE)
WITHOUT_NETWORK = ("data:", "#", "about:blank")


def foreign(notebook: nbformat.NotebookNode) -> str:
    """Return the first output that is neither printed text nor a figure or table of this package; "" where all are."""
    for number, cell in enumerate(notebook.cells, start=1):
        for output in cell.get("outputs", []) if cell.cell_type == "code" else []:
            if said := _foreign(output):
                return f"cell {number} shows {said}, expected a Plotly figure, a piece of helpers.text, or printed text"
    return ""


def _foreign(output: nbformat.NotebookNode) -> str:
    if output.output_type in ("stream", "error") or PLOTLY in output.data:
        return ""
    if "text/html" in output.data:
        return "" if output.data["text/html"].startswith(OWN_HTML) else "HTML of its own"
    if others := sorted(set(output.data) - {"text/plain"}):
        return f"an output of the type {', '.join(others)}"
    text = output.data.get("text/plain", "")
    return f"a figure as text ({text[:30]}...)" if OTHER_FIGURE.match(text) else ""


def addresses(page: str) -> list[str]:
    """Return what a browser would ask for to show a page of HTML: of scripts, images, styles, frames and forms."""
    parser = _Addresses()
    parser.feed(page)
    parser.close()
    return list(dict.fromkeys(parser.found))


class _Addresses(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        named = {name: value or "" for name, value in attrs}
        for name, value in named.items():
            asked = name in FETCHING or (name in ("href", "xlink:href") and tag in FETCHING_LINKS)
            parts = value.split(",") if name == "srcset" else [value]
            self._keep(parts if asked else _of_style(value) if name == "style" else [])
        if tag == "meta" and named.get("http-equiv", "").lower() == "refresh":
            self._keep(re.findall(r"url=\s*['\"]?([^'\"]+)", named.get("content", ""), re.IGNORECASE))
        if "srcdoc" in named:
            self._keep(addresses(named["srcdoc"]))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  (its signature)
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self._keep(_of_style(data))

    def _keep(self, values) -> None:
        self.found += [
            value.strip() for value in values if value.strip() and not value.strip().lower().startswith(WITHOUT_NETWORK)
        ]


def _of_style(style: str) -> Iterator[str]:
    return (one or other for one, other in IN_STYLE.findall(style))
