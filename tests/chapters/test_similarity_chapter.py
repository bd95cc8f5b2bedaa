"""Similarity of matrices beside r2: tables, sentences and figures of a planted brain and of made-up numbers."""

import numpy as np
import pytest
import xarray as xr
import yaml

from drawings import in_language, unbroken
from helpers import encoding, models
from helpers.chapters import registry, similarity
from helpers.chapters.similarity import analysis, titles
from helpers.encoding import splits as splitting
from helpers.errors import UserError
from helpers.stats import rsa
from helpers.study import open_study
from helpers.text import labellers

LOOK = {"synthetic": False}
NAMES = [f"s{index:02d}" for index in range(40)]
SUBJECTS = ("a", "b", "c")


def network(layers, name, **coords) -> list[xr.DataArray]:
    return [
        xr.DataArray(values, {"sound": NAMES}, ("sound", "unit")).assign_coords(layer=1 + i, model=name, **coords)
        for i, values in enumerate(layers)
    ]


@pytest.fixture(scope="module")
def planted():
    """Voxels of three subjects in two regions and six components, of whose dimensions two networks know some."""
    random = np.random.default_rng(0)
    hidden = random.standard_normal((40, 5))
    clean = hidden @ random.standard_normal((5, 36))
    values = clean[..., None] + 0.7 * random.standard_normal((40, 36, 2))
    coords = {"sound": NAMES, "target": [f"v{i}" for i in range(36)]}
    coords |= {"subject": ("target", np.repeat(SUBJECTS, 12))}
    coords |= {"region": ("target", ["Primary", "Lateral"] * 18)}
    voxels = xr.DataArray(values, coords, ("sound", "target", "repetition"), name="voxels")
    components = xr.DataArray(
        hidden @ random.standard_normal((5, 6)),
        {"sound": NAMES, "target": [f"c{i}" for i in range(6)]},
        ("sound", "target"),
        name="components",
    )
    noise = [random.standard_normal((40, 20)) for _ in range(3)]
    near = hidden @ random.standard_normal((5, 60))
    networks = [
        network([noise[0], near, noise[1]], "near"),
        network([noise[2], near + 4 * random.standard_normal(near.shape)], "far"),
        network([noise[1]], "single"),
        network([hidden[:, :3]], "labels"),
        network([noise[1], near[:, :20] + noise[0], noise[2]], "near", state="permuted", seed=0),
        network([noise[2], noise[0], noise[1]], "near", state="permuted", seed=1),
    ]
    return {"voxels": voxels, "components": components}, networks, splitting.permuted(NAMES, 4)


@pytest.fixture(scope="module")
def scored(planted):
    responses, networks, splits = planted
    alike = {kind: [rsa.score(one, measured, splits) for one in networks] for kind, measured in responses.items()}
    scores = {
        kind: [encoding.score(one, measured, splits, alphas=[0.1, 1.0, 10.0, 100.0]) for one in networks]
        for kind, measured in responses.items()
    }
    return alike, scores


@pytest.fixture(scope="module")
def ceilings(planted):
    responses, _, splits = planted
    bounds = {kind: rsa.ceilings(one, splits) for kind, one in responses.items()}
    how = {"metric": "r2_pearson", "alphas": [0.1, 1.0, 10.0, 100.0]}
    people = {kind: rsa.inter_subject(one, splits, **how) for kind, one in responses.items()}
    return similarity.ceilings(bounds, people)


@pytest.fixture(scope="module")
def values(scored):
    return similarity.values(*scored, "r2_pearson", ["labels"])


def test_values_are_medians_over_splits_and_means_over_subjects(scored, values):
    alike, scores = scored
    table = values.set_index(["responses", "region", "model", "role"])
    row = table.loc["voxels", "Primary", "near", "trained"]
    own = alike["voxels"][0].sel(area=[f"Primary {subject}" for subject in SUBJECTS])
    assert row["rsa"] == pytest.approx(float(own["test"].sel(layer=2).median("split").mean()))
    assert (row["layer"], row["relative"], row["n_subjects"]) == (2, 0.5, 3)
    part = scores["voxels"][0].isel(target=(scores["voxels"][0]["region"] == "Primary").values)
    r2 = part["r2_pearson"].isel(layer=part["loo_error"].argmin("layer")).median("target").median("split")
    assert row["r2"] == pytest.approx(float(r2))
    assert table.loc["components", "all", "labels", "baseline"]["n_subjects"] == 0
    control = table.loc["components", "all", "near", "permuted"]
    assert control["n_seeds"] == 2 and control["lowest_seed"] < control["rsa"] < control["highest_seed"]


def test_curves_hold_every_layer_and_single_layers_have_no_depth(scored):
    table = similarity.curves(scored[0], ["labels"])
    own = table.query("responses == 'voxels' and region == 'all' and model == 'near' and role == 'trained'")
    assert own["layer"].tolist() == [1, 2, 3] and own["relative"].tolist() == [0, 0.5, 1]
    assert own["rsa"].idxmax() == own.index[1]
    assert table.query("model == 'single'")["relative"].isna().all() and len(table.query("model == 'single'")) == 4
    assert set(table.query("model == 'labels'")["role"]) == {"baseline"}


def test_ceilings_are_known_where_there_are_subjects(ceilings):
    table = ceilings.set_index(["responses", "region"])
    assert table.loc["voxels"]["n_subjects"].tolist() == [3, 3, 3]
    assert (table.loc["voxels"]["lower"] < table.loc["voxels"]["upper"]).all()
    assert (table.loc["voxels"]["r2_people"] > 0.3).all()
    assert table.loc["components"][["lower", "upper", "r2_people"]].isna().all(axis=None)
    said = similarity.limits(ceilings).pieces
    assert "with 3 subjects the ceiling of similarity lies between" in said["en"]
    assert "<strong>Components</strong>: the ceiling is unknown, since subjects" in said["en"]
    assert "<strong>Componentes</strong>: el techo no se conoce, porque no se distinguen sujetos" in said["es"]
    one = similarity.limits(ceilings.assign(n_subjects=1, upper=np.nan)).pieces
    assert "since there is a single subject" in one["en"] and "hay un solo sujeto" in one["es"]


def test_every_subject_has_a_row_and_controls_none(scored):
    table = similarity.by_subject(scored[0], ["labels"])
    assert len(table) == 3 * 3 * 4 and set(table["role"]) == {"trained", "baseline"}
    assert set(table["subject"]) == set(SUBJECTS) and set(table["responses"]) == {"voxels"}
    nobody = similarity.by_subject({"components": scored[0]["components"]})
    assert nobody.empty and "no values by subject" in similarity.of_people(nobody).pieces["en"]
    assert "<details>" in similarity.of_people(table).pieces["es"]


def test_a_sentence_for_each_network_has_the_numbers_of_the_table(values):
    said = similarity.sentences(values).pieces
    row = values.query("responses == 'components' and model == 'near' and role == 'trained'").iloc[0]
    assert (
        f"Components {row['rsa']:.2f} (layer chosen most often: 2; r² (squared correlation): {row['r2']:.2f};"
        in (said["en"])
    )
    assert "con pesos permutados, " in said["es"] and said["en"].count("<strong>near</strong>") == 1
    assert "over 3 trained networks, similarity and r² correlate with" in said["en"]
    few = similarity.sentences(values[values["model"] != "far"]).pieces
    assert "correlate with" not in few["en"], "two points always lie on a line"
    equal = similarity.sentences(values.assign(r2=0.0)).pieces
    assert "correlate with" not in equal["en"]
    none = similarity.sentences(values.assign(rsa=np.nan)).pieces
    assert "no layer has enough units" in none["en"] and "unidades suficientes" in none["es"]


def test_the_band_of_the_ceiling_is_drawn_only_where_it_is_known(scored, ceilings):
    figure = similarity.figures.by_depth(similarity.curves(scored[0], ["labels"]), ceilings, **LOOK)
    bands = [trace for trace in figure.data if trace.legendgroup == "ceiling" and trace.fill]
    assert len(bands) == 3, "of three regions of voxels, and not of the components"
    row = ceilings.query("responses == 'voxels' and region == 'all'").iloc[0]
    assert (min(bands[0].y), max(bands[0].y)) == pytest.approx((row["lower"], row["upper"]), abs=1e-4)
    lines = [trace for trace in figure.data if trace.name == "near"]
    assert len(lines) == 4 and lines[0].x.tolist() == [0, 0.5, 1] and sum(bool(one.showlegend) for one in lines) == 1
    legend = [trace.name for trace in figure.data if trace.showlegend]
    assert len(legend) == len(set(legend)) and "Permuted weights" in legend
    assert {"labels", "near", "far", "single", "Ceiling, from lower to upper"} <= set(legend)
    alt = figure.layout.meta["alt"]
    assert "Components: highest" in alt["en"] and "the ceiling is unknown and not drawn" in alt["en"]
    assert "el techo está entre" in alt["es"]
    titles_ = [one.text for one in in_language(figure, "es").layout.annotations]
    assert titles_ == ["Todos los vóxeles", "Primaria", "Lateral", "Componentes"] or "Componentes" in titles_


def test_points_of_the_scatter_are_the_values(values):
    figure = similarity.figures.scatter(values, **LOOK)
    shown = [trace for trace in figure.data if trace.visible]
    assert len(figure.data) == 4 * len(shown) and len(figure.layout.updatemenus[0].buttons) == 4
    first = values.query("responses == 'voxels' and region == 'all'")
    for trace in shown:
        own = first.query("model == @trace.name and role != 'permuted'")
        if trace.name != "Permuted weights":
            np.testing.assert_allclose([trace.x[0], trace.y[0]], own[["r2", "rsa"]].iloc[0], atol=1e-4)
    symbols = [trace.marker.symbol for trace in shown]
    assert len(set(symbols)) == len(symbols), "a second cue besides colour"
    assert unbroken(in_language(figure, "es").layout.yaxis.title.text) == "Similitud (ρ de Spearman)"
    assert "over networks they correlate with" in figure.layout.meta["alt"]["en"]
    missing = similarity.figures.scatter(values.assign(rsa=np.nan, q25=np.nan, q75=np.nan), **LOOK)
    assert "no network has a value" in missing.layout.meta["alt"]["en"]


def test_similarity_stands_beside_r2_layer_by_layer(scored):
    alike, scores = scored
    curves = similarity.curves(alike, ["labels"])
    table = similarity.together(curves, scores, "r2_pearson")
    assert set(table["model"]) == {"near", "far", "single"} and table[["rsa", "r2"]].notna().all(axis=None)
    part = scores["voxels"][0].isel(target=(scores["voxels"][0]["region"] == "Lateral").values)
    expected = part["r2_pearson"].median("target").median("split")
    own = table.query("responses == 'voxels' and region == 'Lateral' and model == 'near'")
    np.testing.assert_allclose(own["r2"], expected.sel(layer=own["layer"].values))
    trained = curves[curves["role"] == "trained"]
    same = trained.query("responses == 'voxels' and region == 'Lateral' and model == 'near'")
    np.testing.assert_allclose(own["rsa"], same["rsa"])
    figure = similarity.figures.together(table, **LOOK)
    assert len(figure.layout.updatemenus[0].buttons) == 4 and len(figure.data) == 4 * 2 * 3
    shown = [trace for trace in figure.data if trace.visible]
    above, below = shown[0], shown[3]
    first = table.query("responses == 'voxels' and region == 'all' and model == 'near'")
    np.testing.assert_allclose(above.y, first["rsa"], atol=1e-4)
    np.testing.assert_allclose(below.y, first["r2"], atol=1e-4)
    assert (above.yaxis, below.yaxis) == ("y", "y2") and above.legendgroup == below.legendgroup == "near"
    assert [bool(trace.showlegend) for trace in shown] == [True] * 3 + [False] * 3
    single = next(trace for trace in shown if trace.name == "single")
    assert single.x.tolist() == [0.5], "a network of one layer has no depth"
    alt = figure.layout.meta["alt"]
    assert "All voxels: similarity is highest at layer 2 of near" in alt["en"] and "un menú de 4" in alt["es"]
    spanish = in_language(figure, "es")
    assert spanish.layout.annotations[0].text == "Similitud (ρ de Spearman)"
    none = similarity.figures.together(table.assign(rsa=np.nan), **LOOK)
    assert "no layer has a value" in none.layout.meta["alt"]["en"]


def test_functional_regions_are_a_choice_beside_the_anatomical_ones(planted):
    responses, networks, splits = planted
    own = np.tile(["speech", "music/speech", "music"], 12)
    voxels = responses["voxels"].assign_coords(functional=("target", own))
    alike = {"voxels": [rsa.score(one, voxels, splits) for one in networks]}
    scores = {"voxels": [encoding.score(one, voxels, splits, alphas=[1.0, 10.0]) for one in networks]}
    names = ["all", "Primary", "Lateral", "music", "speech"]
    table = similarity.values(alike, scores, "r2_pearson", ["labels"])
    assert list(dict.fromkeys(table["region"])) == names
    part = scores["voxels"][0].isel(target=np.char.find(own, "music") >= 0)
    r2 = part["r2_pearson"].isel(layer=part["loo_error"].argmin("layer")).median("target").median("split")
    row = table.query("region == 'music' and model == 'near' and role == 'trained'")
    assert row["r2"].item() == pytest.approx(float(r2))
    buttons = [button.label for button in similarity.figures.scatter(table, **LOOK).layout.updatemenus[0].buttons]
    assert buttons == ["All voxels", "Primary", "Lateral", "Music region", "Speech region"]
    people = {"voxels": rsa.inter_subject(voxels, splits, metric="r2_pearson", alphas=[1.0, 10.0])}
    bounds = similarity.ceilings({"voxels": rsa.ceilings(voxels, splits)}, people)
    assert bounds["region"].tolist() == names and bounds[["lower", "upper", "r2_people"]].notna().all(axis=None)
    figure = similarity.figures.by_depth(similarity.curves(alike, ["labels"]), bounds, **LOOK)
    spanish = [one.text for one in in_language(figure, "es").layout.annotations]
    assert spanish[:5] == ["Todos los vóxeles", "Primaria", "Lateral", "Región de música", "Región de habla"]
    said = "".join(piece.pieces["en"] for piece in analysis._about("voxels", voxels))
    assert "36 targets of 3 subjects, 4 named regions; 15 matrices" in said


def test_a_region_of_several_sets_is_named_with_its_set():
    panels = [("voxels", "all"), ("voxels", "Primary"), ("vertices", "Primary"), ("vertices", "Lateral")]
    assert rsa.ALL == titles.ALL, "figures do not import what computes"
    expected = ["All voxels", "All voxels: Primary", "vertices: Primary", "Lateral"]
    assert titles.titles(labellers()["en"], panels) == expected


@pytest.fixture
def opened(small_brain, tmp_path):
    """A study with the chapter, of a brain that a test may change."""
    entry = {"name": "mixture", "family": "mini", **models.FAMILIES["mini"].example(tmp_path)}
    path = tmp_path / "small.yml"
    path.write_text(yaml.safe_dump({"name": "s", "dataset": "demo", "models": [entry], "chapters": ["11_similarity"]}))
    return lambda: open_study({"study": str(path), "outputs": str(tmp_path)}), small_brain.responses


def test_small_sets_are_left_out_and_named(opened):
    study, responses = opened
    responses["pair"] = responses["components"].isel(target=[0, 1])
    found = similarity.responses(study())
    assert list(found) == ["components", "voxels"]
    said = similarity.about(study(), found).pieces
    assert "Fewer than 3 targets, and therefore not in this chapter: pair." in said["en"]
    assert "fuera de este capítulo: pair." in said["es"]
    assert "8 targets; 1 matrix" in said["en"], "every subject and region has two voxels"
    assert "No subject has 3 targets or more" in said["en"]


def test_parts_without_a_matrix_are_named(planted):
    voxels = planted[0]["voxels"]
    region = np.where(np.arange(36) == 0, "Tiny", voxels["region"].values)
    subject = np.where(np.arange(36) > 33, "", voxels["subject"].values)
    odd = voxels.assign_coords(region=("target", region), subject=("target", subject))
    said = "".join(piece.pieces["en"] for piece in analysis._about("voxels", odd))
    assert "36 targets of 3 subjects, 2 named regions; 9 matrices" in said
    assert "2 targets belong to no subject and are in no matrix" in said
    assert "without a matrix of their own: Tiny a, Tiny b, Tiny c" in said


def test_a_study_without_three_targets_cannot_have_the_chapter(opened):
    study, responses = opened
    for kind in list(responses):
        responses[kind] = responses[kind].isel(target=[0, 1])
    with pytest.raises(UserError, match="needs a set of at least 3 responses, and the largest of dataset 'demo' has 2"):
        registry.chosen(study())
