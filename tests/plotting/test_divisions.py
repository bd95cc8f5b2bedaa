"""Regional figures offer functional regions beside the anatomical ones, where the voxels have them."""

import numpy as np
import pandas as pd
import pytest
from test_figures import named, rows

from drawings import in_language
from helpers.chapters.voxelwise import figures, places
from helpers.names import REGIONS

LOOK = {"synthetic": False, "language": "en"}
LABELS = ["tonotopic", "pitch/music", "speech", ""]
FUNCTIONAL = ["tonotopic", "pitch", "music", "speech"]
SHOWN = ["Tonotopic region", "Pitch region", "Music region", "Speech region"]
BOTH = {"region": REGIONS, "functional": FUNCTIONAL}


@pytest.fixture
def voxels():
    """Two subjects, a voxel for each anatomical region and label; several share a place."""
    frame = rows(model=["mixture"], subject=["S1", "S2"], hemisphere=["lh", "rh"], region=REGIONS, functional=LABELS)
    return frame.assign(x=2.0 * frame.region.map(REGIONS.index), y=2.0 * frame.functional.map(LABELS.index))


def of_both(**columns):
    parts = [rows(model=["mixture", "music"], region=["all", *names], **columns) for names in BOTH.values()]
    return pd.concat([part.assign(division=name) for name, part in zip(BOTH, parts, strict=True)], ignore_index=True)


def buttons(figure):
    (menu,) = figure.layout.updatemenus
    assert menu.name == "division" and [button.name for button in menu.buttons] == list(BOTH)
    return menu.buttons


def test_a_voxel_counts_in_each_of_its_functional_regions(voxels):
    table = places.regions(voxels)
    counts = table.groupby(["division", "region"], sort=False).n.sum()
    assert counts["functional"].to_dict() == {"tonotopic": 16, "pitch": 16, "music": 16, "speech": 16, "": 16}
    assert counts["region"].to_dict() == dict.fromkeys(REGIONS, 16)
    assert set(places.regions(voxels.drop(columns="functional")).division) == {"region"}


def test_the_map_of_regions_has_a_menu_of_both_divisions(voxels):
    figure = figures.region_map(places.regions(voxels), **LOOK)
    assert [button.label for button in buttons(figure)] == ["Anatomical regions", "Functional regions"]
    assert [button.label for button in buttons(in_language(figure, "es"))][1] == "Regiones funcionales"
    for button, names in zip(buttons(figure), (REGIONS, ["Other voxels", *SHOWN]), strict=True):
        shown = [trace for trace, on in zip(figure.data, button.args[0]["visible"], strict=True) if on]
        assert [trace.name for trace in shown][::2] == list(names)
    first = buttons(figure)[0].args[0]["visible"]
    assert [bool(trace.visible) for trace in figure.data] == list(first)
    pitch, music = named(figure, "Pitch region")[0], named(figure, "Music region")[0]
    assert list(pitch.y) == list(music.y) and pitch.marker.size > music.marker.size  # one is seen around the other
    assert "64 voxels of 2 subjects" in figure.layout.meta["alt"]["en"]
    alone = figures.region_map(places.regions(voxels.drop(columns="functional")), **LOOK)
    assert not alone.layout.updatemenus


def test_curves_have_a_menu_of_both_divisions():
    frame = of_both(hemisphere=["both"], layer=range(1, 4))
    frame["mean_r2"] = np.linspace(0.1, 0.8, len(frame))
    frame = frame.assign(error=0.01, low=0.1, high=0.9, n_subjects=8, n_voxels=96, metric="r2_corrected")
    figure = figures.regions(frame, None, **LOOK)
    for button, names in zip(buttons(figure), (list(REGIONS), SHOWN), strict=True):
        visible, indices = button.args
        shown = [figure.data[index] for index, on in zip(indices, visible["visible"], strict=True) if on]
        assert [trace.name for trace in shown] == names * 2
    (speech,) = frame.query("model == 'music' and region == 'speech'").mean_r2.to_numpy()[None]
    np.testing.assert_array_equal(named(figure, "Speech region")[1].y, speech)
    assert named(figure, "Noise ceiling (1 after correction)")[0].visible is None  # of both
    assert "Music network, Speech region: highest at layer 3" in figure.layout.meta["alt"]["en"]


def test_depths_have_a_menu_of_both_divisions():
    frame = of_both(subject=["S1", "S2"], hemisphere=["both"])
    frame = frame.assign(relative=np.linspace(0, 1, len(frame)), n_voxels=12)
    means = (
        frame[frame.region != "all"].groupby(["division", "model", "region"], sort=False).relative.mean().reset_index()
    )
    tested = {"difference": 0.5, "low": 0.1, "high": 0.9, "w": 36.0, "p_value": 0.004, "n_subjects": 8}
    figure = figures.depth(frame, means.assign(**tested), **LOOK)
    anatomical, functional = (button.args[0] for button in buttons(figure))
    assert anatomical == {"xaxis.range": [-0.5, 3.5], "xaxis2.range": [-0.5, 3.5]}
    assert functional == {"xaxis.range": [4.5, 8.5], "xaxis2.range": [4.5, 8.5]}
    assert list(figure.layout.xaxis.range) == [-0.5, 3.5]
    assert list(figure.layout.xaxis.tickvals) == [0, 1, 2, 3, 5, 6, 7, 8]
    assert figure.layout.xaxis.ticktext == (*REGIONS, *SHOWN)
    own = means.query("model == 'music' and division == 'functional'")
    bar = named(figure, "Mean over subjects")[3]
    assert list(bar.x) == [5, 6, 7, 8] and "Minus Tonotopic" in bar.hovertemplate[0]
    np.testing.assert_array_equal(bar.y, own.relative)
    assert [bool(trace.showlegend) for trace in named(figure, "Mean over subjects")] == [True, False, False, False]
