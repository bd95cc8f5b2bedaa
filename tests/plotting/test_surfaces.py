"""Values on the cortical surface: the patch is whole, each cell has its vertex's value, and the page stays small."""

import json

import numpy as np
import pandas as pd
import pytest

from conftest import SHARED
from drawings import in_language
from helpers.brain import ecog2022_surface, fsaverage
from helpers.chapters.voxelwise import analysis, figures, places
from helpers.plotting import surfaces
from helpers.report import figures as on_page

LOOK = {"synthetic": False, "language": "en"}
FOLDER = SHARED / "ecog2022"
SIDES = ("lh", "rh")


@pytest.fixture(scope="module")
def vertices() -> dict[str, np.ndarray]:
    """The vertices of the derived responses, by hemisphere."""
    weights = ecog2022_surface.read_weights(FOLDER / ecog2022_surface.WEIGHT_FOLDER)
    return {side: weights["vertex"].values[weights["hemisphere"].values == side] for side in SIDES}


@pytest.fixture(scope="module")
def frame(vertices) -> pd.DataFrame:
    """A row per model and vertex: two networks, of three layers and of two."""
    random, rows = np.random.default_rng(0), []
    for model, n_layers in (("mixture", 3), ("music", 2)):
        for side, numbers in vertices.items():
            values = {f"r2_layer_{layer}": random.uniform(0, 1, len(numbers)) for layer in range(1, n_layers + 1)}
            own = pd.DataFrame({"model": model, "hemisphere": side, "vertex": numbers, "n": 1, **values})
            rows.append(own.assign(r2=own.filter(like="r2_layer").max(axis=1)))
    whole = pd.concat(rows, ignore_index=True).assign(metric="r2_pearson", layer=2.0)
    return whole[["model", "hemisphere", "vertex", "n", "layer", "r2", *(f"r2_layer_{n}" for n in (1, 2, 3)), "metric"]]


@pytest.fixture(scope="module")
def pooled() -> pd.DataFrame:
    rows = [("mixture", 1), ("mixture", 2), ("mixture", 3), ("music", 1), ("music", 2)]
    return pd.DataFrame(rows, columns=["model", "layer"]).assign(median_r2=0.5, note="")


def by_vertex(intensity) -> np.ndarray:
    """The one value of each cell."""
    cells = np.asarray(intensity, float).reshape(-1, surfaces.CORNERS)
    assert (cells == cells[:, :1]).all()
    return cells[:, 0]


def test_the_coarser_surface_is_closed_and_lies_on_the_finer_one():
    for side in SIDES:
        points, faces = fsaverage.coarse(side)
        edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        unique, counts = np.unique(edges, axis=0, return_counts=True)
        assert (counts == 2).all() and len(points) - len(unique) + len(faces) == 2  # a sphere's
        beside = np.linalg.norm(fsaverage.mesh(side).points[: fsaverage.N_COARSE] - points, axis=1)
        assert (beside == 0).all()
        a, b, c = points[faces].transpose(1, 0, 2)
        assert np.einsum("ij,ij", a, np.cross(b - a, c - a)) > 0  # all faces look outwards


def test_every_face_of_a_patch_has_its_corners_there_and_it_is_one_piece(vertices):
    for side, numbers in vertices.items():
        patch = surfaces.neighbourhood(side, numbers)
        assert patch.faces.min() == 0 and patch.faces.max() == len(patch.points) - 1 == len(patch.values) - 1
        assert len(np.unique(patch.faces)) == len(patch.points)  # no point without a face
        targets = fsaverage.mesh(side).points[numbers]
        distances = np.linalg.norm(patch.points[:, None] - targets, axis=2)
        assert distances.min(1).max() <= surfaces.REACH and distances.min(0).max() < 6  # all targets lie on it
        edges = np.sort(patch.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        unique, counts = np.unique(edges, axis=0, return_counts=True)
        assert len(patch.points) - len(unique) + len(patch.faces) == 1 and counts.max() == 2  # a disc's: no holes


def test_a_cell_lies_around_its_vertex_and_meets_its_neighbours(vertices):
    for side, numbers in vertices.items():
        cells = surfaces.cells(side, numbers)
        assert cells.values.reshape(-1, surfaces.CORNERS)[:, 0].tolist() == numbers.tolist()
        owner = np.repeat(np.arange(len(numbers)), len(surfaces.FAN))
        assert (cells.faces // surfaces.CORNERS == owner[:, None]).all()  # every face in its own cell
        corners = cells.points.reshape(-1, surfaces.CORNERS, 3)
        off = np.linalg.norm(corners.mean(1) - fsaverage.mesh(side).points[numbers], axis=1)
        assert off.max() < 1.5
        once = np.concatenate([np.unique(own, axis=0) for own in corners.round(6)])  # a corner may stand twice
        shared = np.unique(once, axis=0, return_counts=True)[1]
        assert shared.max() == 3 and (shared > 1).mean() > 0.8


def test_cells_of_the_twelve_vertices_with_five_faces_are_cells_too():
    five = np.arange(12)
    faces = fsaverage.mesh("lh").faces
    assert [int((faces == vertex).sum()) for vertex in five] == [5] * 12
    corners = surfaces.cells("lh", five).points.reshape(12, surfaces.CORNERS, 3)
    assert (corners[:, -1] == corners[:, -2]).all()


def test_colours_by_vertex_equal_the_table_at_every_step_of_the_slider(frame, pooled):
    shuffled = pd.concat(
        [frame[frame["model"] == model].sample(frac=1, random_state=0) for model in ("mixture", "music")]
    )
    figure = figures.r2_surface(shuffled, pooled, **LOOK)
    assert [trace.type for trace in figure.data] == ["mesh3d"] * 4
    buttons = figure.layout.updatemenus[1].buttons
    for button, model, n_layers in zip(buttons, ("mixture", "music"), (3, 2), strict=True):
        shown, slider, traces = button.args
        own = shuffled[shuffled["model"] == model]
        steps = slider["sliders[0].steps"]
        assert [step["label"] for step in steps] == [str(n + 1) for n in range(n_layers)] and list(traces) == [2, 3]
        assert shown == steps[slider["sliders[0].active"]]["args"][0]
        for step in steps:
            for side, trace, values in zip(SIDES, figure.data[2:], step["args"][0]["intensity"], strict=True):
                numbers = by_vertex(np.ravel(trace.customdata))
                table = own[own["hemisphere"] == side].set_index("vertex")[f"r2_layer_{step['label']}"]
                np.testing.assert_array_equal(by_vertex(values), table.loc[numbers].round(surfaces.DIGITS))


def test_vertices_without_a_value_are_grey_and_the_bar_says_so(frame, pooled):
    layers = frame.assign(layer=np.where(frame.index == 4, np.nan, frame["layer"]))
    figure = figures.best_surface(layers, pooled, **LOOK)
    axis = figure.layout.coloraxis
    assert figure.layout.annotations[-1].text == "Best layer (grey: no data)"
    assert axis.colorscale[0][1] == surfaces.MISSING
    shown = by_vertex(figure.data[2].intensity)
    assert axis.cmin < shown[4] < 0.5 and (np.delete(shown, 4) == 2).all()
    at = (shown[4] - axis.cmin) / (axis.cmax - axis.cmin)
    assert at < axis.colorscale[1][0] and axis.colorscale[1][1] == surfaces.MISSING
    assert figure.data[2].customdata[4 * surfaces.CORNERS][1] is None or np.isnan(
        figure.data[2].customdata[4 * surfaces.CORNERS][1]
    )
    whole = figures.best_surface(frame, pooled, **LOOK)
    assert whole.layout.annotations[-1].text == "Best layer"


def test_differences_are_those_of_the_best_layers_with_a_scale_that_is_even_on_both_sides(frame):
    figure = figures.difference_surface(frame, **LOOK)
    one, other = (frame[frame["model"] == model]["r2"].to_numpy() for model in ("mixture", "music"))
    shown = np.concatenate([by_vertex(trace.intensity) for trace in figure.data[2:]])
    np.testing.assert_array_equal(shown, (one - other).round(surfaces.DIGITS) + 0.0)
    assert figure.layout.coloraxis.cmin == -figure.layout.coloraxis.cmax <= -np.abs(shown).max()
    assert figures.difference_surface(frame[frame["model"] == "mixture"], **LOOK) is None


def test_one_hemisphere_alone_is_drawn_alone(frame, pooled):
    figure = figures.r2_surface(frame[frame["hemisphere"] == "rh"], pooled, **LOOK)
    assert len(figure.data) == 2 and figure.layout.scene.domain.x == (0, 1)
    assert [note.text for note in figure.layout.annotations] == ["Right hemisphere", "Median test r²"]


def test_hemispheres_lie_side_by_side_and_on_a_phone_one_above_the_other(frame, pooled):
    sizes = figures.r2_surface(frame, pooled, **LOOK).layout.meta["sizes"]
    wide, narrow = ({tuple(path): value for path, value in sizes[width]} for width in ("wide", "narrow"))
    assert wide["layout", "scene", "domain", "x"][1] <= wide["layout", "scene2", "domain", "x"][0]
    assert narrow["layout", "scene", "domain", "y"][0] >= narrow["layout", "scene2", "domain", "y"][1]
    assert narrow["layout", "scene2", "domain", "x"] == [0, 1]


def test_both_languages_say_the_same_numbers(frame, pooled):
    for figure in (
        figures.r2_surface(frame, pooled, **LOOK),
        figures.best_surface(frame, pooled, **LOOK),
        figures.difference_surface(frame, **LOOK),
    ):
        spanish = in_language(figure, "es")
        assert [note.text for note in spanish.layout.annotations[:2]] == ["Hemisferio izquierdo", "Hemisferio derecho"]
        assert "vértice" in spanish.data[2].hovertemplate and "vertex" in figure.data[2].hovertemplate
        alt = figure.layout.meta["alt"]
        assert "left" in alt["en"] and "izquierdo" in alt["es"]
        assert len(pd.read_csv(pd.io.common.StringIO(figure.layout.meta["table"]))) in (len(frame), len(frame) // 2)


def test_the_figures_stay_small_in_the_page(frame, pooled):
    drawn = {
        "r2": (figures.r2_surface(frame, pooled, **LOOK), 250),
        "best": (figures.best_surface(frame, pooled, **LOOK), 170),
        "difference": (figures.difference_surface(frame, **LOOK), 170),
    }
    for name, (figure, limit) in drawn.items():
        weight = len(on_page.html(json.loads(figure.to_json()), name, 1)) / 1000
        assert weight < limit, f"{name}: {weight:.0f} kB"


def test_nothing_is_drawn_without_vertices(frame, pooled):
    voxels = frame.rename(columns={"layer": "best_layer", "r2": "best_r2"}).assign(subject="S1", region="")
    for absent in (voxels.drop(columns="vertex"), voxels.assign(vertex=np.nan)):
        assert places.best(absent, "best_layer", "best_r2", places.VERTEX).empty and analysis.surface(absent) is None
    assert figures.r2_surface(frame[:0], pooled, **LOOK) is None
    assert figures.best_surface(frame[:0], pooled, **LOOK) is None
    assert figures.difference_surface(frame[:0], **LOOK) is None


def test_voxels_beyond_the_surface_are_counted_and_those_of_one_vertex_are_one_place(frame):
    voxels = frame.rename(columns={"layer": "best_layer", "r2": "best_r2"}).assign(subject="S1", region="")
    voxels["vertex"] = voxels["vertex"].astype(float)
    voxels.loc[[0, 1, 2], "vertex"] = [fsaverage.N_VERTICES, 3.5, np.nan]
    voxels.loc[3, "hemisphere"] = ""
    assert places.beyond(voxels) == 4
    assert "4 voxels have no hemisphere or no vertex" in analysis.surface(voxels).pieces["en"]
    twice = pd.concat([voxels, voxels.assign(best_r2=0.0)])
    found = places.best(twice, "best_layer", "best_r2", places.VERTEX)
    assert (found["n"] == 2).all() and len(found) == len(frame) - 4
