"""Targets with coordinates in the head: the vertex of the cortical surface that each lies nearest to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from helpers.brain import fsaverage
from helpers.brain.base import some
from helpers.brain.table.refusal import wrong
from helpers.names import HEMISPHERES, TARGET

AXES = ("x", "y", "z")  # mm to the right, front and top; without z, x and y are on a flat map
DEEP = "z"
FAR_MM = 10.0  # from the surface: further away, a target is not on it
LARGEST_MM = 150.0  # no head is larger


def on_surface(path: Path, responses: xr.DataArray) -> tuple[xr.DataArray, dict[str, list[str]]]:
    """Return responses with the vertex of each target instead of its x, y and z, and what is to be said of others.

    x, y and z (mm) are those of fsaverage or of MNI space, which differ by a few mm. `vertex` is that of the pial
    surface of fsaverage5 that lies nearest, in the target's hemisphere, or in that where x lies if it has none; x and y
    become its place on the flat surface. NaN where a target has no place, or lies further than FAR_MM from the surface,
    which is said. Responses without z are returned as they are. Raises UserError for x, y or z alone, for z beside
    vertex, and for coordinates outside a head.
    """
    if DEEP not in responses.coords:
        return responses, {}
    if missing := [axis for axis in AXES if axis not in responses.coords]:
        raise wrong(path, f"z without {some(missing)}", "x, y and z in mm, or x and y on a flat map", "add the others")
    if "vertex" in responses.coords:
        raise wrong(path, "both z and vertex", "one of them", "remove z, or vertex")
    for axis in AXES:
        if responses[axis].dtype.kind not in "iuf":
            raise wrong(path, f"{axis} {some(responses[axis].values)}", "numbers in mm, NaN where unknown")
    points = np.stack([responses[axis].values.astype(float) for axis in AXES], 1)
    if (outside := (np.abs(points) > LARGEST_MM).any(1)).any():
        found = f"x, y or z beyond {LARGEST_MM:g} mm for {some(responses[TARGET].values[outside])}"
        raise wrong(path, found, "mm from the middle of the head", "correct their unit or origin")
    given = responses["hemisphere"].values.astype(str) if "hemisphere" in responses.coords else np.full(len(points), "")
    by_x = np.select([points[:, 0] < 0, points[:, 0] >= 0], HEMISPHERES, "")
    sides = np.where(given == "", by_x, given)
    known = np.isfinite(points).all(1)
    vertices, flat, far = np.full(len(points), np.nan), np.full((len(points), 2), np.nan), np.zeros(len(points), bool)
    for side in HEMISPHERES:
        own = np.flatnonzero(known & (sides == side))
        nearest, distances = fsaverage.nearest(side, points[own])
        far[own] = distances > FAR_MM
        near = own[~far[own]]
        vertices[near] = nearest[~far[own]]
        if len(near):
            flat[near] = fsaverage.flat_places(side, nearest[~far[own]])
    on_target = {"hemisphere": sides, "vertex": vertices, "x": flat[:, 0], "y": flat[:, 1]}
    found = responses.drop_vars(AXES).assign_coords({name: (TARGET, values) for name, values in on_target.items()})
    return found, {"off_surface": responses[TARGET].values[far].tolist()} if far.any() else {}
