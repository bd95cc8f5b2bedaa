"""FreeSurfer's average cortical surface, fsaverage5, as nilearn ships it: 10,242 vertices in each hemisphere.

Vertex k of fsaverage5 is vertex k of the finer fsaverage. The meshes are files inside the installed package; nothing is
downloaded, and nilearn itself, whose import takes seconds, is not run.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from typing import NamedTuple

import nibabel
import numpy as np
from scipy.spatial import cKDTree

from helpers.errors import UserError

N_VERTICES = 10_242
N_COARSE = 2_562  # of fsaverage4, whose vertices are fsaverage5's first ones
SIDES = {"lh": "left", "rh": "right"}  # as nilearn names its files
INFLATED, FLAT, PIAL = "infl", "flat", "pial"


class Mesh(NamedTuple):
    """A triangulated surface: points (vertex, 3) in mm, to the right, front and top; faces (face, 3), vertices."""

    points: np.ndarray
    faces: np.ndarray


@cache
def mesh(hemisphere: str, kind: str = INFLATED) -> Mesh:
    """Return a hemisphere's surface, inflated, flat or pial, of all vertices. Raises UserError where it is missing.

    The faces of the flat one leave out where it was cut; its points have the third coordinate 0.
    """
    points, faces = _read(kind, hemisphere, 2)
    if points.shape != (N_VERTICES, 3) or faces.ndim != 2 or faces.shape[1] != 3 or faces.max() >= N_VERTICES:
        raise _wrong(f"points of shape {points.shape} and faces of shape {faces.shape}")
    return Mesh(points.astype(float), faces.astype(int))


@cache
def coarse(hemisphere: str) -> Mesh:
    """Return the inflated fsaverage4: the first 2,562 vertices of fsaverage5, with a quarter as many faces (5,120).

    Each further vertex of fsaverage5 halves an edge of fsaverage4, so that the faces between three of them lie each
    within one of fsaverage4, whose corners are the ends of those three edges.
    """
    points, faces = mesh(hemisphere)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    halving = np.unique(edges[(edges[:, 0] >= N_COARSE) & (edges[:, 1] < N_COARSE)], axis=0)
    ends = halving[:, 1].reshape(-1, 2)  # of the edge that each further vertex halves
    a, b, c = ends[faces[(faces >= N_COARSE).all(1)].T - N_COARSE]
    corners = [_common(*pair) for pair in ((c, a), (a, b), (b, c))]
    return Mesh(points[:N_COARSE], np.stack(corners, 1))


def _common(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the end that two edges share, for each row."""
    return np.where((one[:, 0] == other[:, 0]) | (one[:, 0] == other[:, 1]), one[:, 0], one[:, 1])


@cache
def sulcal_depth(hemisphere: str) -> np.ndarray:
    """Return how deep in a sulcus each vertex lies (vertex,), without a unit; below 0 on a gyrus."""
    (depth,) = _read("sulc", hemisphere, 1)
    if depth.shape != (N_VERTICES,):
        raise _wrong(f"depths of shape {depth.shape}")
    return depth.astype(float)


def flat_places(hemisphere: str, vertices: np.ndarray) -> np.ndarray:
    """Return x and y (vertex, 2), mm, of some vertices on the flat surface, seen from the side and centred on them.

    The flat surface is turned, and nothing else, until it lies as much as it can (least squares) as the same vertices
    do on the inflated surface seen from the side, with the top of the head up.
    """
    flat = mesh(hemisphere, FLAT).points[vertices, :2]
    front = mesh(hemisphere).points[vertices, 1]
    seen = np.c_[-front if hemisphere == "lh" else front, mesh(hemisphere).points[vertices, 2]]
    flat, seen = flat - flat.mean(0), seen - seen.mean(0)
    left, _, right = np.linalg.svd(flat.T @ seen)
    mirrored = np.linalg.det(left @ right) < 0
    return flat @ left @ np.diag([1, -1 if mirrored else 1]) @ right


def nearest(hemisphere: str, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertex of the pial surface that is nearest to each place (place, 3), in mm, and its distance in mm."""
    distances, vertices = cKDTree(mesh(hemisphere, PIAL).points).query(places)
    return vertices, distances


def _read(kind: str, hemisphere: str, n_arrays: int) -> list[np.ndarray]:
    """Return the arrays of one of nilearn's files."""
    name = f"{kind}_{SIDES[hemisphere]}.gii.gz"
    try:
        with as_file(files("nilearn") / "datasets" / "data" / "fsaverage5" / name) as path:
            arrays = [array.data for array in nibabel.load(path).darrays]
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise _wrong(f"no {name} ({error})") from None
    if len(arrays) != n_arrays:
        raise _wrong(f"{len(arrays)} arrays in {name}")
    return arrays


def _wrong(found: str) -> UserError:
    return UserError(
        f"fsaverage5: found {found}, expected the meshes of {N_VERTICES} vertices that nilearn ships; install the "
        "version of nilearn in requirements.lock"
    )
