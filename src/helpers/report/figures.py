"""A figure on the page: its number, title and caption, and its data packed for the page's scripts."""

from __future__ import annotations

import base64
import html as escaping
import json
import re
import zlib

from helpers.names import LANGUAGES
from helpers.text import labellers

TITLE, MENU, VIEWS, SLIDER = 46, 42, 40, 74  # px that Plotly's title and controls take, which the page writes itself
LEAST = 30  # px that stay above the panels, for their names
LAID = 34  # px of a colour bar that lies above the panels, with its numbers
TOP = ["layout", "title", "text"]
TAG = re.compile(r"<[^>]*>")
_TABLE = '<details class="numbers"><summary>{words}</summary><div class="table" tabindex="0"></div></details>'


def name_of(figure: dict) -> str:
    """Return the name that a figure has in its chapter: that of the function that drew it."""
    return _meta(figure).get("name", "figure")


def _meta(figure: dict) -> dict:
    return figure.get("layout", {}).get("meta") or {}


def html(figure: dict, name: str, number: int) -> str:
    """Return a figure's place, title, caption, alternative text, links and packed data, which page.js draws."""
    meta, layout = _meta(figure), figure.get("layout", {})
    apart = cut(layout)
    alt = meta.get("alt", {})
    texts = "".join(_caption(language, text) for language, text in alt.items())
    tools = "".join(_in_numbers(language, text) for language, text in alt.items()) + _listening(meta.get("sounds", []))
    if "table" in meta:
        tools += _TABLE.format(words=_spans("report.table"))
        links = f'<a class="csv" href="#{name}" download="{name}.csv">{_spans("report.download")}</a>'
        links += f' · <a class="svg" href="#{name}">{_spans("report.picture")}</a>'
        tools += f'<p class="download">{links}</p>'
    layout = layout | {"meta": meta | {"cut": apart}}
    data = packed(json.dumps({"data": figure["data"], "layout": layout}, ensure_ascii=False, separators=(",", ":")))
    return (
        f'<figure class="plot" id="{name}">{_title(figure, name, number)}<div class="controls"></div>'
        f'<div class="canvas" role="group" style="{_height(layout, sum(apart.values()))}"></div>'
        f"{picture_of(name)}"
        f'<p class="failed">{_spans("report.failed")}</p>'
        f'<figcaption>{texts}<div class="tools">{tools}</div></figcaption>'
        f'<script type="text/plain">{data}</script></figure>'
    )


def picture_of(name: str, address: str = "") -> str:
    """Return a figure's still picture, which readers without scripts see; without `address` the place for it."""
    return f'<noscript><img src="{address}" alt=""></noscript>' if address else f"<!-- picture of {name} -->"


def link(number: int) -> str:
    """Return what a reference to a figure says, in both languages."""
    return "".join(
        f'<span lang="{language}">{labeller("report.figure", n=number)}</span>'
        for language, labeller in labellers().items()
    )


def _title(figure: dict, name: str, number: int) -> str:
    said = "".join(
        f'<span lang="{language}"><span class="number">{labeller("report.figure", n=number)}.</span> '
        f"{_titled(figure, language)}</span>"
        for language, labeller in labellers().items()
    )
    return f'<p class="title">{said}<a class="anchor" href="#{name}" aria-label="{name}">#</a></p>'


def _titled(figure: dict, language: str) -> str:
    """Return the title in a language, on one line; what Plotly sets small below it, "Synthetic data", is a mark."""
    own = figure.get("layout", {}).get("title") or {}
    first = own.get("text", "") if isinstance(own, dict) else str(own)
    words = next((text for path, text in _meta(figure).get("words", {}).get(language, []) if path == TOP), first)
    title, _, small = words.partition("<br><sup>")
    mark = f' <span class="synthetic">{_plain(small)}</span>' if small else ""
    return _plain(title) + mark


def _plain(text: str) -> str:
    """Return what Plotly would write, as text of a page: without its line breaks and other tags, escaped."""
    return escaping.escape(escaping.unescape(TAG.sub(" ", text)).strip())


def cut(layout: dict) -> dict[str, int]:
    """Return the px of Plotly's own title, menus above and controls below the panels, for which the page has places."""
    margin, above = layout.get("margin", {}), [one for one in layout.get("updatemenus", []) if _is_menu(one)]
    bars = [one.get("colorbar") or {} for name, one in layout.items() if name.startswith("coloraxis")]
    lying = [bar["y"] for bar in bars if bar.get("orientation") == "h" and bar.get("yref") == "container"]
    title = TITLE if layout.get("title") and margin.get("t", 0) >= TITLE + LEAST else 0
    least = LEAST + sum((1 - y) * layout["height"] - title + LAID for y in lying[:1])
    menus = min(MENU * len(above), max(0, round(margin.get("t", 0) - title - least)))
    views = any(one.get("type") == "buttons" for one in layout.get("updatemenus", []))
    below = VIEWS * views + SLIDER * (bool(layout.get("sliders")) and margin.get("b", 0) >= 100)
    return {"title": title, "menus": menus, "below": below}


def _is_menu(control: dict) -> bool:
    return control.get("type") != "buttons" and control.get("y", 1) >= 1


def _height(layout: dict, cut: int) -> str:
    """Return the figure's height in advance, so that the page does not shift; on a phone it may differ."""
    sizes = {width: {tuple(path): value for path, value in own} for width, own in _sizes(layout).items()}
    wide = sizes.get("wide", {}).get(("layout", "height"), layout.get("height", 450))
    narrow = sizes.get("narrow", {}).get(("layout", "height"))
    return f"height:{wide - cut}px" + ("" if narrow is None else f";--narrow:{narrow - cut}px")


def _sizes(layout: dict) -> dict:
    return (layout.get("meta") or {}).get("sizes", {})


def picks(figures: list[dict]) -> dict[str, dict[str, dict[str, str]]]:
    """Return what can be chosen for the whole page: kind -> identifier -> its word by language.

    Of the kinds that menus of several figures offer, such as a network; a menu of pairs offers none of its own.
    """
    found: dict[str, dict] = {}
    offered: dict[str, int] = {}
    for figure in figures:
        words = {
            language: {tuple(path): text for path, text in _meta(figure).get("words", {}).get(language, [])}
            for language in LANGUAGES
        }
        for at, control in enumerate(figure.get("layout", {}).get("updatemenus", [])):
            kind = control.get("name") or ""
            if not kind or "|" in kind:
                continue
            offered[kind] = offered.get(kind, 0) + 1
            for place, button in enumerate(control["buttons"]):
                path = ("layout", "updatemenus", at, "buttons", place, "label")
                labels = {language: _plain(words[language].get(path, button["label"])) for language in LANGUAGES}
                known = found.setdefault(kind, {}).setdefault(button["name"], labels)
                found[kind][button["name"]] = min(known, labels, key=lambda one: len(one[LANGUAGES[0]]))
    return {kind: choices for kind, choices in found.items() if offered[kind] > 1}


def packed(text: str) -> str:
    """Return `text` in a quarter of its size, for unpack.js: bytes of the whole, a space, base64 of raw DEFLATE."""
    whole = text.encode()
    return f"{len(whole)} {base64.b64encode(zlib.compress(whole, 9, wbits=-zlib.MAX_WBITS)).decode()}"


REFERENCE = re.compile(r' ?\(<a href="#([\w-]+)">(?:figure|figura)</a>\)')


def referred(page: str, numbers: dict[str, int]) -> str:
    """Return a page whose references, " ([figure](#chapter-name))", say the numbers of figures, without dead ones."""

    def said(match: re.Match) -> str:
        name = match[1]
        return f' (<a href="#{name}">{link(numbers[name])}</a>)' if name in numbers else ""

    return REFERENCE.sub(said, page)


def _listening(names: list[str]) -> str:
    """Return a button per sound, for users who do not click on points; page.js shows those that can be played."""
    if not names:
        return ""
    words = _spans("report.listen")
    buttons = "".join(
        f'<button type="button" data-sound="{escaping.escape(name)}">{escaping.escape(name)}</button>' for name in names
    )
    silent = "".join(
        f'<p class="silent" lang="{language}">{labeller("report.silent")}</p>'
        for language, labeller in labellers().items()
    )
    return f'<details class="sounds"><summary>{words}</summary>{silent}<div class="buttons">{buttons}</div></details>'


def _spans(key: str) -> str:
    return "".join(
        f'<span lang="{language}">{escaping.escape(labeller(key))}</span>' for language, labeller in labellers().items()
    )


def _caption(language: str, text: str) -> str:
    """Return the first sentence of the alternative text, which says what is drawn."""
    first, stop, _ = text.partition(". ")
    return f'<p class="alt" lang="{language}">{escaping.escape(first + stop.strip())}</p>'


def _in_numbers(language: str, text: str) -> str:
    """Return the rest of the alternative text, which says what the figure shows, folded; "" if there is none."""
    _, _, rest = text.partition(". ")
    summary = escaping.escape(labellers()[language]("report.in_numbers"))
    more = f"<summary>{summary}</summary><p>{escaping.escape(rest)}</p>"
    return f'<details class="more" lang="{language}">{more}</details>' if rest else ""
