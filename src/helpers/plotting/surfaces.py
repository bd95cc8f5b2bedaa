"""Values at vertices of the cortical surface: the inflated fsaverage5 around auditory cortex, each hemisphere turnable.

Only the neighbourhood of the vertices is drawn, in grey, darker in sulci, with the coarser faces of fsaverage4, which
weigh a quarter. On it each vertex with a value is a small cell, bounded by the middles of the faces around it, in one
colour: nothing is interpolated between vertices, so the best layers 2 and 6 do not make a 4 between them. A vertex
without a value is grey, and the colour bar says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import get_colorscale
from scipy.spatial import KDTree

from helpers import text
from helpers.brain import fsaverage
from helpers.names import HEMISPHERES
from helpers.plotting import panels, style
from helpers.text import Labeller

REACH = 35  # mm on the inflated surface, from the vertices, that are drawn around them
LIFT = 0.6  # mm that cells lie above the surface: more than the coarser one lies beside it, so that it is hidden
CORNERS = 6  # of a cell; where only five faces meet, one stands twice
FAN = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 4], [0, 4, 5]])  # a cell's faces
FIFTH = 5  # coordinates are whole fifths of a mm: short numbers, finer than anybody sees
DIGITS = 3  # of values: finer than any colour
MISSING = "#999999"  # as on the flat map
GREYS = [(0, "#d4d4d4"), (1, "#7a7a7a")]  # gyri and sulci, on light and dark pages
DEPTHS = (-1.0, 1.2)  # of sulci, between which the greys differ
NO_DATA = 0.05  # of the colour bar's length, for what has no value
PLOT = {"wide": 380, "narrow": 500}  # px: height of hemispheres side by side, and of both one above the other
BESIDE = 2  # mm between the surface and the end of a scene, where it would be cut off
BAR = style.BAR + 16  # px above the colour bar, whose name is an annotation
ABOVE, BELOW, SLIDER = 190, 56, 74  # px, for title, bar and menu; for views; for a slider below them
GAP = 30  # px between hemispheres that lie one above the other, for a name
VIEWS = {  # from where: eye of the left hemisphere; the right one is its mirror image
    "side": (-1.0, 0.05, 0.15),
    "above": (-0.35, 0.0, 1.0),
    "below": (-0.45, 0.0, -1.0),
    "front": (-0.4, 1.0, 0.1),
    "behind": (-0.4, -1.0, 0.1),
}
ZOOM = 2.0  # of an orthographic view, in which the distance of the eye only has to keep it outside of the surface
DISTANCE = 3

text.words(
    "surface",
    en={
        "lh": "Left hemisphere",
        "rh": "Right hemisphere",
        "side": "Side",
        "above": "Above",
        "below": "Below",
        "front": "Front",
        "behind": "Back",
        "with_grey": "{bar} (grey: no data)",
        "hover": "{side}, vertex %{{customdata[0]}}<br>{measure}: %{{{value}:{digits}}}",
    },
    es={
        "lh": "Hemisferio izquierdo",
        "rh": "Hemisferio derecho",
        "side": "Lado",
        "above": "Arriba",
        "below": "Abajo",
        "front": "Frente",
        "behind": "Atrás",
        "with_grey": "{bar} (gris: sin datos)",
        "hover": "{side}, vértice %{{customdata[0]}}<br>{measure}: %{{{value}:{digits}}}",
    },
)


class Mesh(NamedTuple):
    """Points (point, 3) in mm, faces (face, 3) as numbers of points, and one value for each point."""

    points: np.ndarray
    faces: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Scale:
    """A colour axis: where it begins and ends, its colours, and how its values are written."""

    low: float
    high: float
    colours: str | list
    ticks: dict  # of the bar
    digits: str = ".2f"  # in hover texts


def neighbourhood(hemisphere: str, vertices: np.ndarray, reach: float = REACH) -> Mesh:
    """Return the inflated surface within `reach` mm of some vertices of fsaverage5, with its sulcal depth.

    Its points are those of fsaverage4.
    """
    whole = fsaverage.coarse(hemisphere)
    near = KDTree(fsaverage.mesh(hemisphere).points[vertices]).query(whole.points)[0] <= reach
    faces = whole.faces[near[whole.faces].all(1)]
    kept = np.unique(faces)
    return Mesh(whole.points[kept], np.searchsorted(kept, faces), fsaverage.sulcal_depth(hemisphere)[kept])


def cells(hemisphere: str, vertices: np.ndarray) -> Mesh:
    """Return a cell for each of some vertices of fsaverage5: CORNERS points each, one after the other, and their faces.

    Corners are the middles of the faces around a vertex, in order, LIFT mm above each, so that the cells of neighbours
    meet there. The values are the numbers of the vertices.
    """
    whole = fsaverage.mesh(hemisphere)
    a, b, c = (whole.points[whole.faces[:, corner]] for corner in range(3))
    normals, middles = np.cross(b - a, c - a), (a + b + c) / 3
    lifted = middles + LIFT * normals / np.linalg.norm(normals, axis=1, keepdims=True)
    points = np.empty((len(vertices), CORNERS, 3))
    for place, (vertex, own) in enumerate(zip(vertices, _faces_around(whole, vertices), strict=True)):
        points[place] = lifted[_in_turn(middles[own] - whole.points[vertex], normals[own].sum(0), own)]
    faces = (np.arange(len(vertices))[:, None, None] * CORNERS + FAN).reshape(-1, 3)
    return Mesh(points.reshape(-1, 3), faces, np.repeat(vertices, CORNERS))


def _faces_around(mesh: fsaverage.Mesh, vertices: np.ndarray) -> list[np.ndarray]:
    """Return, for each vertex, the numbers of the faces that it is a corner of."""
    order = np.argsort(mesh.faces.ravel(), kind="stable")
    first, last = (np.searchsorted(mesh.faces.ravel()[order], vertices, side) for side in ("left", "right"))
    return [order[begin:end] // 3 for begin, end in zip(first, last, strict=True)]


def _in_turn(offsets: np.ndarray, up: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return faces around a vertex in the order of their angle, CORNERS of them."""
    up = up / np.linalg.norm(up)
    right = np.cross(up, offsets[0])
    angles = np.arctan2(offsets @ right, offsets @ np.cross(right, up))
    turned = faces[np.argsort(angles)]
    return np.r_[turned, [turned[-1]] * (CORNERS - len(turned))].astype(int)


class Surface:
    """The surface of some vertices, on which values are drawn one after the other.

    Parameters
    ----------
    places: a row for each vertex, with hemisphere ('lh', 'rh') and vertex (of fsaverage5); the index does not matter
    scale: of all values that will be drawn
    missing: whether some of them are NaN, for which the colour bar then has a grey part
    """

    def __init__(self, places: pd.DataFrame, scale: Scale, *, missing: bool):
        self.scale, self.missing = scale, missing
        self.sides = [side for side in HEMISPHERES if (places["hemisphere"] == side).any()]
        self._rows = [np.flatnonzero(places["hemisphere"] == side) for side in self.sides]
        self._vertices = [places["vertex"].to_numpy(int)[rows] for rows in self._rows]
        self._span = scale.high - scale.low
        self._none = scale.low - NO_DATA * self._span / 2  # what a vertex without a value is drawn as

    def values(self, values: Sequence[float]) -> dict[str, list]:
        """Return what shows these values, one for each row of `places`, as a change of the traces of `cells`."""
        rounded = np.asarray(values, float).round(DIGITS) + 0.0
        own = [np.repeat(rounded[rows], CORNERS) for rows in self._rows]
        change = {"intensity": [np.where(np.isnan(one), self._none, one).tolist() for one in own]}
        if self.missing:
            numbers = (np.repeat(vertices, CORNERS) for vertices in self._vertices)
            pairs = zip(numbers, own, strict=True)
            change["customdata"] = [[[int(n), v] for n, v in zip(*pair, strict=True)] for pair in pairs]
        return change

    @property
    def cells(self) -> list[int]:
        """The numbers of the traces that have colours, after those of the grey surface."""
        return [len(self.sides) + place for place in range(len(self.sides))]

    def drawn(self, values: Sequence[float], measure: str, labeller: Labeller) -> go.Figure:
        """Return the figure with these values, which `measure` names in hover texts, and buttons of views."""
        figure, shown = go.Figure(), self.values(values)
        around = [neighbourhood(*pair) for pair in zip(self.sides, self._vertices, strict=True)]
        figure.add_traces([_grey(mesh, place) for place, mesh in enumerate(around)])
        for place, (side, vertices) in enumerate(zip(self.sides, self._vertices, strict=True)):
            own = {key: change[place] for key, change in shown.items()}
            words = {"side": labeller(f"surface.{side}"), "measure": measure, "digits": self.scale.digits}
            words["value"] = "customdata[1]" if self.missing else "intensity"
            hover = labeller("surface.hover", **words) + "<extra></extra>"
            figure.add_trace(_coloured(cells(side, vertices), place, own).update(hovertemplate=hover))
        reach = max(float(np.ptp(mesh.points, axis=0).max()) for mesh in around)
        for place, (side, mesh) in enumerate(zip(self.sides, around, strict=True)):
            figure.update_layout({_scene(place): _looked_at(mesh, side, reach)})
            figure.add_annotation(text=labeller(f"surface.{side}"), showarrow=False, xref="paper", yref="paper")
        figure.update_coloraxes(self._colours())
        return figure.update_layout(updatemenus=[self._views(labeller)])

    def laid_out(self, figure: go.Figure, title: str, bar: str, labeller: Labeller, synthetic: bool) -> go.Figure:
        """Apply the common layout, after any slider: hemispheres side by side, on a phone one above the other."""
        below = BELOW + (SLIDER if figure.layout.sliders else 0)
        heights = {width: ABOVE + plot + below for width, plot in PLOT.items()}
        style.laid_out(figure, labeller, title, heights["wide"], synthetic)
        figure.update_layout(margin={"t": ABOVE, "b": below, "l": 8, "r": 8})
        named = labeller("surface.with_grey", bar=bar) if self.missing else bar
        style.lying_bar(figure, named, BAR, **self.scale.ticks, tickangle=0)
        sizes = {width: self._sizes(width, height) for width, height in heights.items()}
        for path, value in sizes["wide"]:
            style.put(figure, path[1:], value)
        return figure.update_layout(meta={"sizes": sizes})

    def _sizes(self, width: str, height: int) -> list:
        """Return [path, value] of what depends on the width of the page."""
        sizes = [[["layout", "height"], height], [["layout", "coloraxis", "colorbar", "y"], 1 - BAR / height]]
        gap, n_sides = GAP / PLOT[width], len(self.sides)
        for place in range(n_sides):
            x, y = [0.0, 1.0], [0.0, 1 - gap]
            if width == "wide" and n_sides > 1:
                x = [place / n_sides, (place + 1) / n_sides]
            elif n_sides > 1:
                y = [(n_sides - 1 - place) / n_sides, (n_sides - place) / n_sides - gap]
            name = {"x": sum(x) / 2, "y": y[1], "xanchor": "center", "yanchor": "bottom"}
            sizes += [[["layout", _scene(place), "domain", axis], ends] for axis, ends in (("x", x), ("y", y))]
            sizes += [[["layout", "annotations", place, key], value] for key, value in name.items()]
        return sizes

    def _colours(self) -> dict:
        """Return the colour axis, with a grey part below it where some values are missing."""
        named = get_colorscale(self.scale.colours) if isinstance(self.scale.colours, str) else self.scale.colours
        if not self.missing:
            return {"cmin": self.scale.low, "cmax": self.scale.high, "colorscale": named}
        grey = NO_DATA / (1 + NO_DATA)
        scale = [(0, MISSING), (grey, MISSING)] + [(grey + (1 - grey) * at, colour) for at, colour in named]
        return {"cmin": self.scale.low - NO_DATA * self._span, "cmax": self.scale.high, "colorscale": scale}

    def _views(self, labeller: Labeller) -> dict:
        """Return buttons that look at both hemispheres from somewhere, for pages where dragging scrolls."""
        buttons = [
            {
                "label": labeller(f"surface.{view}"),
                "method": "relayout",
                "args": [{f"{_scene(place)}.camera": _camera(view, side) for place, side in enumerate(self.sides)}],
            }
            for view in VIEWS
        ]
        place = {"x": 0.5, "xanchor": "center", "y": 0, "yanchor": "top", "pad": {"t": 6}}
        look = {"bgcolor": "rgba(128,128,128,0.15)", "font": {"size": 12}, "showactive": False}
        return {"type": "buttons", "direction": "right", "buttons": buttons} | place | look


def menu(names: Sequence[str], changes: Sequence[list], of: panels.Kind | None = None) -> dict:
    """Return a menu above the surface whose entries apply changes: arguments of Plotly's `update`.

    Menus of the same kind follow each other on a page, as those of `panels.menu` do.
    """
    buttons = [{"label": name, "method": "update", "args": change} for name, change in zip(names, changes, strict=True)]
    kind = panels.named(buttons, of)
    place = {"x": 0.02, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "pad": {"b": 12}}
    return kind | {"buttons": buttons, "bgcolor": "rgba(128,128,128,0.15)"} | place


def _scene(place: int) -> str:
    return "scene" if place == 0 else f"scene{place + 1}"


def _grey(mesh: Mesh, place: int) -> go.Mesh3d:
    low, high = DEPTHS
    depth = (20 * mesh.values.clip(low, high)).round().astype(int).tolist()  # twenty greys to a unit
    return go.Mesh3d(
        **_geometry(mesh), scene=_scene(place), intensity=depth, cmin=20 * low, cmax=20 * high,
        colorscale=GREYS, showscale=False, hoverinfo="skip",
        lighting={"ambient": 0.8, "diffuse": 0.3, "specular": 0, "fresnel": 0},
    )  # fmt: skip


def _coloured(mesh: Mesh, place: int, own: dict) -> go.Mesh3d:
    """Return cells in their colours, which are those of the bar: no light changes them."""
    known = {"customdata": mesh.values[:, None].tolist()} | own
    return go.Mesh3d(
        **_geometry(mesh), **known, scene=_scene(place), coloraxis="coloraxis",
        lighting={"ambient": 1, "diffuse": 0, "specular": 0, "fresnel": 0},
    )  # fmt: skip


def _geometry(mesh: Mesh) -> dict[str, list[int]]:
    """Return points in fifths of a mm and faces, as lists: in the packed page they are shorter than bytes in base64."""
    points = (FIFTH * mesh.points).round().astype(int)
    return dict(zip("xyzijk", [*points.T.tolist(), *mesh.faces.T.tolist()], strict=True))


def _looked_at(mesh: Mesh, side: str, reach: float) -> dict:
    """Return a scene without axes, in which a mm is as long as in the other hemisphere's."""
    low, high = (FIFTH * end(mesh.points, axis=0) for end in (np.min, np.max))
    middle, half = (low + high) / 2, (high - low) / 2 + FIFTH * BESIDE
    axes = {
        f"{name}axis": {"visible": False, "range": [float(centre - reach), float(centre + reach)]}
        for name, centre, reach in zip("xyz", middle, half, strict=True)
    }
    ratio = dict(zip("xyz", (2 * half * ZOOM / (FIFTH * reach)).tolist(), strict=True))
    how = {"aspectmode": "manual", "aspectratio": ratio, "bgcolor": "rgba(0,0,0,0)", "dragmode": "turntable"}
    return axes | how | {"camera": _camera("side", side), "uirevision": "kept", "domain": {"x": [0, 1], "y": [0, 1]}}


def _camera(view: str, side: str) -> dict:
    x, y, z = (DISTANCE * coordinate for coordinate in VIEWS[view])
    eye = {"x": x if side == "lh" else -x, "y": y, "z": z}
    return {"eye": eye, "up": {"x": 0, "y": 0, "z": 1}, "projection": {"type": "orthographic"}}
