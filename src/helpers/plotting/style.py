"""The look of all figures: colours safe for colour-blind readers, a dash and a marker as second cue, one layout."""

from __future__ import annotations

import html
import textwrap
from functools import partial

import plotly.graph_objects as go
from plotly.colors import hex_to_rgb, unlabel_rgb

from helpers import text
from helpers.text import Labeller

text.words("style", en={"synthetic": "Synthetic data"}, es={"synthetic": "Datos sintéticos"})

# Okabe & Ito 2008, in an order whose neighbours differ most; black and yellow are left out for dark and light pages
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
# Of targets, regions, branches and categories: no colour of a network means one of these. As light as those above
OTHERS = ("#A05EB5", "#8A8A1E", "#C4576A", "#4F8F8F", "#A0704A", "#6A7FB5")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star")
GREY = "#888888"
OUTLINE = {"color": GREY, "width": 0.5}  # of map markers, so that neither end of a scale is lost on dark or light
GRID = "rgba(128,128,128,0.25)"
TITLE = 38  # characters of a title's line, which a phone's width holds
AXIS = 28  # letters of a line of an axis title, larger than others, beside long labels on a phone
LEGEND = 40  # characters of a line of a legend, which a phone's width holds
MIDDLE, LENGTH = 0.45, 0.68  # of a lying colour bar, in widths of the panels: a figure's tools stand to its right
NAMED = "bar"  # the annotation that names a colour bar
BAR = 66  # px above a colour bar; given in parts of the plot instead, it would push the title out of the figure


def of_model(index: int) -> dict:
    """Return line and marker of the model at that place in the study."""
    return _look(COLOURS, index)


def of_other(index: int) -> dict:
    """Return line and marker of a target, a region or a branch at that place among its kind."""
    return _look(OTHERS, index)


def _look(colours: tuple[str, ...], index: int) -> dict:
    turn, round_ = index % len(colours), index // len(colours)  # colours repeat with another dash and marker
    dash, marker = DASHES[(turn + round_) % len(DASHES)], MARKERS[(turn + round_) % len(MARKERS)]
    return {
        "line": {"color": colours[turn], "dash": dash, "width": 2},
        "marker": {"color": colours[turn], "symbol": marker, "size": 7},
    }


def of_category(index: int) -> dict:
    """Return the marker of a category's points: shapes repeat hollow where colours repeat."""
    hollow = "-open" if index >= len(MARKERS) else ""
    symbol = MARKERS[index % len(MARKERS)] + hollow
    return {"color": OTHERS[index % len(OTHERS)], "symbol": symbol, "size": 9}


def plain(name: str) -> str:
    """Escape a user-supplied name; Plotly interprets some HTML, and "%{" in a hover text."""
    return html.escape(str(name), quote=False).replace("%{", "%&#123;")


def name(labeller: Labeller, kind: str, identifier: str) -> str:
    """Return the word for an identifier, escaped: where it has no word it is as a user wrote it."""
    return plain(labeller.name(kind, identifier))


def faint(colour: str, alpha: float = 0.15) -> str:
    """Return a colour, as hex digits or as "rgb(...)", as a transparent one."""
    red, green, blue = map(round, hex_to_rgb(colour) if colour.startswith("#") else unlabel_rgb(colour))
    return f"rgba({red},{green},{blue},{alpha})"


def broken(title: str, longest: int = TITLE) -> str:
    """Break a title between words into as few lines as fit, all about as long."""
    wrapped = partial(textwrap.wrap, title, break_long_words=False)
    n_lines = len(wrapped(longest))
    ways = (wrapped(width) for width in range(1, longest + 1))
    return "<br>".join(next(lines for lines in ways if len(lines) == n_lines))


def put(figure: go.Figure, path: list, value) -> None:
    """Set what lies at a path below a figure's layout."""
    node = figure.layout
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value


def lying_bar(figure: go.Figure, name: str, above: int = BAR, **more) -> go.Figure:
    """Lay the colour bar horizontally above the panels (saves width on phones), its name above it.

    The figure's height and upper margin must be set; `above`: px above the bar. The name is an annotation, because
    Plotly lays a bar's own title over the bar where panels are low or narrow or letters small.
    """
    place = {"orientation": "h", "x": MIDDLE, "xanchor": "center", "yref": "container", "yanchor": "top", "ypad": 0}
    look = {"thickness": 12, "len": LENGTH, "y": 1 - above / figure.layout.height}
    figure.update_coloraxes(colorbar=place | look | more)
    return figure.add_annotation(
        text=name, showarrow=False, xref="paper", yref="paper", x=MIDDLE, y=1, yanchor="bottom", font_size=13,
        yshift=figure.layout.margin.t - above,
        name=NAMED,  # controls.js lowers it by the menus that it takes out from below the bar
    )  # fmt: skip


def narrowed(figure: go.Figure, height: int) -> go.Figure:
    """Set another height for pages as narrow as a phone, in `layout.meta.sizes`, for panels that keep their shape.

    What is there for both widths already, as where panels are `spread`, stays, but for that height.
    """
    meta = figure.layout.meta or {}
    known, heights = meta.get("sizes", {}), {"wide": figure.layout.height, "narrow": height}
    sizes = {}
    for width, value in heights.items():
        own = {tuple(path): place for path, place in known.get(width, [])}
        if width == "narrow" or ("layout", "height") not in own:
            own["layout", "height"] = value
            if figure.layout.coloraxis.colorbar.y is not None:
                own["layout", "coloraxis", "colorbar", "y"] = 1 - BAR / value
        sizes[width] = [[list(path), place] for path, place in own.items()]
    return figure.update_layout(meta=meta | {"sizes": sizes})


def laid_out(figure: go.Figure, labeller: Labeller, title: str, height: int, synthetic: bool) -> go.Figure:
    """Apply the common layout: legend below, so that the plot keeps a phone's width; synthetic data are marked."""
    note = f"<br><sup>{labeller('style.synthetic')}</sup>" if synthetic else ""
    figure.update_layout(
        title={
            "text": broken(title) + note,
            "font": {"size": 16},
            "pad": {"l": 8, "t": 14},
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
        },
        height=height,
        margin={"l": 56, "r": 12, "t": 88, "b": 48},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0, "xanchor": "left"},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 13},
        hoverlabel={"align": "left"},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": GREY, "activecolor": COLOURS[0]},
        template="none",
    )
    for trace in figure.data:
        if trace.name and "<" not in trace.name:  # lines of what is read, not of its escaped letters
            lines = textwrap.wrap(html.unescape(trace.name), LEGEND, break_on_hyphens=False, break_long_words=False)
            trace.name = "<br>".join(map(plain, lines)) if len(lines) > 1 else trace.name
    figure.update_annotations(font_size=13)  # titles of panels: two stand side by side on a phone
    figure.update_xaxes(gridcolor=GRID, zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, automargin=True)
    return figure
