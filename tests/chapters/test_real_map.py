"""Other networks on the real voxels, as published: summed up to the published numbers, and called what they are."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from drawings import in_language
from helpers.chapters.voxelwise import figures, real_map, tables
from helpers.names import HEMISPHERES

LOOK = {"synthetic": False, "language": "en"}
FUNCTIONAL = ["tonotopic", "pitch", "music", "speech"]
MEDIANS = {  # best layer: all voxels; tonotopic, pitch, music, speech where they are given
    ("cochresnet50", "layer2"): (0.748, 0.855, 0.801, 0.751, 0.733),
    ("cochresnet50_l2_1_robust_cochleagram", "layer2"): (0.712,),
    ("cochresnet50_l2_p5_robust_cochleagram", "layer2"): (0.723,),
    ("kell2018", "relu2"): (0.741, 0.854, 0.806, 0.756, 0.734),
    ("kell2018_l2_1_robust_cochleagram", "relu2"): (0.680,),
    ("kell2018_l2_p5_robust_cochleagram", "relu2"): (0.697,),
    ("spectemp_filters", "avgpool"): (0.564, 0.628, 0.564, 0.481, 0.597),
}
DEPTHS = {"cochresnet50": (0.429, 0.527), "kell2018": (0.375, 0.453)}  # tonotopic, speech


def a_study(name: str, synthetic: bool = False) -> SimpleNamespace:
    return SimpleNamespace(brain=SimpleNamespace(name=name, synthetic=synthetic))


@pytest.fixture(scope="module")
def published():
    return real_map.networks(a_study("nh2015"))


@pytest.fixture(scope="module")
def curves(published):
    return real_map.curves(published)


@pytest.fixture(scope="module")
def places(published):
    return real_map.places(published)


def median(curves, model, stage, region="all", subject="all"):
    rows = curves.query("model == @model and stage == @stage and region == @region and subject == @subject")
    return rows["median_r2"].item()


@pytest.mark.parametrize("best", MEDIANS, ids=lambda best: best[0])
def test_medians_over_voxels_and_functional_regions_are_the_published_ones(curves, best):
    for region, known in zip(["all", *FUNCTIONAL], MEDIANS[best], strict=False):
        assert round(median(curves, *best, region), 3) == known
    own = curves[(curves.model == best[0]) & (curves.region == "all") & (curves.subject == "all")]
    assert own.loc[own.median_r2.idxmax(), "stage"] == best[1] and own.layer.tolist() == list(range(1, len(own) + 1))


def test_the_cochleagram_that_every_network_starts_from_is_the_published_one(curves):
    starts = [model for model, _ in MEDIANS if model != "spectemp_filters"]
    assert {round(median(curves, model, "input_after_preproc"), 3) for model in starts} == {0.107}


def test_numbers_of_voxels_and_subjects_are_the_published_ones(curves):
    first = curves[(curves.model == "kell2018") & (curves.layer == 1)]
    counts = first[first.subject == "all"].set_index("region").n_voxels
    assert counts.to_dict() == {"all": 7694, "tonotopic": 379, "pitch": 379, "music": 393, "speech": 379}
    assert set(first.subject) == {"all", *(f"S{number}" for number in (0, 1, 2, 3, 5, 6, 7, 9))}
    assert first[(first.region == "all") & (first.subject != "all")].n_voxels.sum() == 7694
    assert (curves.results == "published").all() and (curves.metric == "r2_corrected").all()


def test_the_hierarchy_of_functional_regions_is_the_published_one(published):
    depths = real_map.depths(published)
    means = real_map.mean_depths(depths).set_index(["model", "region"])
    for model, (tonotopic, speech) in DEPTHS.items():
        assert round(means.relative[model, "tonotopic"], 3) == tonotopic
        assert round(means.relative[model, "speech"], 3) == speech
    assert (means.n_subjects == 8).all() and "spectemp_filters" not in depths.model.tolist()
    assert (means.low <= means.relative).all() and (means.relative <= means.high).all()


def test_a_place_is_the_median_of_its_voxels_at_each_layer(published, places):
    assert places.n.sum() == 7694 and list(places.hemisphere.unique()) == ["rh", "lh"] and places.n.max() == 8
    kell = next(one for one in published if one.model.item() == "kell2018").r2_corrected.isel(split=0)
    crowded = places[places.n == 8].iloc[0]
    here = (kell.hemisphere == crowded.hemisphere) & (kell.x == crowded.x) & (kell.y == crowded.y)
    own = kell.isel(target=here.values)
    assert own.sizes["target"] == 8 and sorted(own.subject.values) == crowded.subjects.split(", ")
    for layer in (1, 4, 9):
        value = np.median(np.minimum(own.sel(layer=layer), 1))
        assert crowded[f"kell2018/{layer}"] == pytest.approx(value, abs=6e-4)


def test_published_results_stand_beside_real_voxels_only():
    assert real_map.networks(a_study("demo", synthetic=True)) == []
    nothing = real_map.curves([])
    assert nothing.empty and real_map.depths([]).empty and real_map.mean_depths(real_map.depths([])).empty
    assert figures.published_map(real_map.places([]), nothing, **LOOK) is None
    assert figures.published_layers(nothing, **LOOK) is None
    assert figures.published_depth(real_map.mean_depths(real_map.depths([])), **LOOK) is None
    said = real_map.said(a_study("demo", synthetic=True), []).pieces
    assert "not shown beside synthetic data" in said["en"] and "datos sintéticos" in said["es"]


def test_what_they_are_and_what_they_allow_is_said_in_both_languages(published):
    same, other = (real_map.said(a_study(name), published).pieces for name in ("nh2015", "b2021"))
    for pieces in (same, other):
        assert "Feather, Leclerc, Madry &amp; McDermott 2023, Nature Neuroscience" in pieces["en"]
        assert "results, not responses: nothing can be refitted" in pieces["en"]
        assert "resultados, no respuestas" in pieces["es"] and "7.694" in pieces["es"] and "7,694" in pieces["en"]
    assert "the voxels that this study analyses" in same["en"]
    assert "the real map, for comparison" in other["en"] and "para comparar" in other["es"]


def test_own_networks_stand_beside_published_ones_on_the_same_voxels_and_metric_only(published):
    scores = [published[0].assign_coords(model="mine")]
    assert real_map.own(a_study("nh2015"), scores, "r2_corrected") == scores
    assert real_map.own(a_study("nh2015"), scores, "r2_pearson") == []
    assert real_map.own(a_study("b2021"), scores, "r2_corrected") == []
    both = real_map.curves(published[:1], scores)
    theirs, mine = (both[both.results == name].reset_index(drop=True) for name in ("published", "run"))
    pd.testing.assert_frame_equal(theirs[["layer", "median_r2"]], mine[["layer", "median_r2"]])
    drawn = figures.published_layers(both, **LOOK)
    assert [trace.name for trace in drawn.data[:2]] == ["mine, this study", "CochResNet50, published"]


def test_the_map_has_a_menu_of_networks_and_a_slider_of_layers_for_each(places, curves):
    figure = figures.published_map(places, curves, **LOOK)
    (menu,), sliders = figure.layout.updatemenus, figure.layout.sliders
    models = [model for model, _ in MEDIANS]
    assert [len(slider.steps) for slider in sliders] == [8, 8, 8, 9, 9, 9, 1] and len(menu.buttons) == len(models)
    assert [slider.visible for slider in sliders] == [True] + [False] * 6
    assert sliders[3].steps[0].label == "1: cochleagram" and sliders[3].steps[sliders[3].active].label == "4: relu2"
    by_side = [places[places.hemisphere == side] for side in HEMISPHERES]
    for index, (model, slider) in enumerate(zip(models, sliders, strict=True)):
        for layer, step in enumerate(slider.steps, start=1):
            for shown, rows in zip(step.args[0]["marker.color"], by_side, strict=True):
                np.testing.assert_array_equal(shown, rows[f"{model}/{layer}"])
        colours, layout = menu.buttons[index].args
        best = slider.steps[slider.active].args[0]["marker.color"]
        assert colours["marker.color"] == best and layout[f"sliders[{index}].active"] == slider.active
        assert [layout[f"sliders[{place}].visible"] for place in range(7)] == [place == index for place in range(7)]
    for trace, rows in zip(figure.data, by_side, strict=True):
        np.testing.assert_array_equal(trace.x, rows.x)
        np.testing.assert_array_equal(trace.y, rows.y)
        np.testing.assert_array_equal(trace.marker.color, rows["cochresnet50/4"])
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (0, 1)
    assert (
        "Kell2018: the median over voxels is highest at layer 4 (relu2) with 0.741." in figure.layout.meta["alt"]["en"]
    )


def test_curves_exchange_subjects_and_hide_what_is_less_known(curves):
    figure = figures.published_layers(curves, **LOOK)
    (menu,) = figure.layout.updatemenus
    assert [button.label for button in menu.buttons][:2] == ["All subjects", "Subject S0"] and len(menu.buttons) == 9
    lines = [trace for trace in figure.data if trace.name == "Kell2018, published"]
    assert [line.y[3] for line in lines] == [median(curves, "kell2018", "relu2", r) for r in ["all", *FUNCTIONAL]]
    ys, indices = menu.buttons[2].args
    assert list(indices) == list(range(len(figure.data)))
    place = figure.data.index(lines[4])
    assert ys["y"][place][3] == median(curves, "kell2018", "relu2", "speech", "S1")
    assert {trace.visible for trace in figure.data if "robust" in trace.name} == {"legendonly"}
    (flat,) = {tuple(trace.y) for trace in figure.data[:7] if trace.name.startswith("Spectrotemporal")}
    assert flat == (median(curves, "spectemp_filters", "avgpool"),) * 2


def test_every_figure_says_that_it_is_published_and_by_whom(places, curves, published):
    means = real_map.mean_depths(real_map.depths(published))
    drawn = [
        figures.published_map(places, curves, **LOOK),
        figures.published_layers(curves, **LOOK),
        figures.published_depth(means, **LOOK),
    ]
    for figure in drawn:
        for language, word, by in (("en", "Published", "by"), ("es", "Publicado", "por")):
            title = in_language(figure, language).layout.title.text
            assert title.startswith(f"{word}:") and f"{word} {by} Feather, Leclerc, Madry & McDermott 2023" in title
            assert all(word.lower() in trace.hovertemplate.lower() for trace in in_language(figure, language).data)
    line = drawn[2].data[0]
    assert line.y[FUNCTIONAL.index("speech")] == pytest.approx(0.527, abs=5e-4)
    words = [word for spoken in ("es", "en") for word in in_language(drawn[2], spoken).layout.xaxis.ticktext]
    assert max(len(part) for word in words for part in word.split("<br>")) <= 10, "four stand side by side on a phone"
    assert (
        "Kell2018, mean over subjects: Tonotopic region 0.375; Pitch region 0.375" in drawn[2].layout.meta["alt"]["en"]
    )


# Functional regions of a study's own voxels


@pytest.fixture
def planted():
    """Scores of eight subjects: voxels in speech peak at layer 4, others at layer 2; some are in two regions."""
    labels = ["tonotopic", "tonotopic/pitch", "speech", ""] * 2
    subjects = np.repeat([f"S{number}" for number in range(1, 9)], len(labels))
    functional = labels * 8
    peak = np.array([4 if "speech" in label else 2 for label in functional])
    layer = np.arange(1, 6)
    r2 = 0.6 - 0.1 * np.abs(layer[:, None, None] - peak) * np.ones((1, 2, 1))
    coords = {"layer": layer, "split": [1, 2], "target": [f"v{index}" for index in range(len(peak))], "model": "mine"}
    of_voxel = {"subject": subjects, "functional": functional, "hemisphere": ["lh"] * len(peak)}
    coords |= {name: ("target", np.array(values)) for name, values in of_voxel.items()}
    values = dict.fromkeys(("r2_corrected", "r2_pearson"), (("layer", "split", "target"), r2))
    return tables.located(xr.Dataset(values, coords))


def test_voxels_are_grouped_by_the_coordinate_that_is_asked_for(planted):
    assert tables.divisions(planted) == ["functional"]
    regions = tables.regions(planted, "r2_corrected", by="functional")
    counts = regions[regions.hemisphere == "both"].groupby("region", sort=False).n_voxels.first()
    assert counts.to_dict() == {"all": 64, "tonotopic": 32, "pitch": 16, "speech": 16}
    assert (regions.division == "functional").all()
    both = planted.assign_coords(region=("target", ["Primary", "Lateral"] * 32))
    assert tables.divisions(both) == ["region", "functional"]
    assert set(tables.regions(both, "r2_corrected").region) == {"all", "Primary", "Lateral"}


def test_the_hierarchy_of_functional_regions_is_compared_with_the_tonotopic_one(planted):
    depths = tables.depth(planted, "r2_corrected", by="functional")
    found = tables.hierarchy(depths).set_index("region")
    assert found.difference["speech"] == pytest.approx(0.5) and found.difference["pitch"] == 0
    assert found.n_subjects["others"] == 8 and "tonotopic" not in found.index
    assert (found.division == "functional").all()
