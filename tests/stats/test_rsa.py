"""Similarity of matrices: equal to an independent computation, chosen without test sounds, ceilings that are bounds."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import spearmanr

from helpers import encoding
from helpers.encoding import splits as splitting
from helpers.errors import UserError
from helpers.stats import rsa

N, SUBJECTS, PER_SUBJECT = 36, ("a", "b", "c"), 5
NAMES = [f"s{index:02d}" for index in range(N)]


def layer(values: np.ndarray, number: int = 1) -> xr.DataArray:
    return xr.DataArray(values, {"sound": NAMES}, ("sound", "unit")).assign_coords(layer=number)


@pytest.fixture
def splits():
    return splitting.permuted(NAMES, 4)


@pytest.fixture
def responses():
    """Three subjects of five targets in two regions, three repetitions; one target is constant, one is of no region."""
    random = np.random.default_rng(0)
    shared, n_targets = random.standard_normal((N, 4)), 2 * len(SUBJECTS) * PER_SUBJECT
    clean = shared @ random.standard_normal((4, n_targets))
    values = clean[..., None] + 0.8 * random.standard_normal((N, n_targets, 3))
    values[:, 3] = -2.7
    subject = np.repeat(SUBJECTS, 2 * PER_SUBJECT)
    region = np.tile(np.repeat(["Primary", "Lateral"], PER_SUBJECT), len(SUBJECTS))
    region[-1] = ""
    coords = {"sound": NAMES, "target": [f"t{i}" for i in range(n_targets)]}
    coords |= {"subject": ("target", subject), "region": ("target", region)}
    return xr.DataArray(values, coords, ("sound", "target", "repetition"), name="voxels")


@pytest.fixture
def features(responses):
    """Three layers of unlike width, of which the second resembles the responses; some units are constant."""
    random, mean = np.random.default_rng(1), responses.mean("repetition").values
    made = [random.standard_normal((N, 7)), mean @ random.standard_normal((30, 50)), random.standard_normal((N, 90))]
    made[0][:, 2] = 0.1
    return [layer(one, number + 1) for number, one in enumerate(made)]


def independent(values, train, chosen):
    """The matrix by numpy's corrcoef, of columns that are z-scored one by one."""
    columns = [c for c in values.T if np.ptp(c[train]) > 0]
    return np.corrcoef(np.stack([(c[chosen] - np.mean(c[train])) / np.std(c[train]) for c in columns], 1))


def test_it_equals_an_independent_computation(features, responses, splits):
    found = rsa.score(features, responses, splits)
    assert list(found["region"].values[:3]) == ["all"] * 3 and found.sizes["area"] == 3 * 3
    upper = np.triu_indices(N // 2, 1)
    for area in found["area"].values:
        region, subject = str(found["region"].sel(area=area).values), str(found["subject"].sel(area=area).values)
        own = (responses["subject"] == subject) & ((responses["region"] == region) | (region == "all"))
        values = responses.isel(target=own.values).mean("repetition").values
        assert int(found["n_targets"].sel(area=area)) == own.sum()
        for split in splits:
            rows = {part: splitting.rows(split, part) for part in ("train", "test")}
            for one in features:
                for part, chosen in rows.items():
                    sides = [independent(x, rows["train"], chosen)[upper] for x in (values, one.values)]
                    value = float(found[part].sel(area=area, split=split["split"], layer=one["layer"]))
                    assert value == pytest.approx(spearmanr(*sides).statistic, abs=1e-10)


def test_pearson_is_there_to_reproduce(features, responses, splits):
    found = rsa.score(features, responses, splits, measure="pearson")
    split = splits[1]
    train, test = (splitting.rows(split, part) for part in ("train", "test"))
    values = responses.isel(target=(responses["subject"] == "b").values).mean("repetition").values
    upper = np.triu_indices(len(test), 1)
    sides = [independent(x, train, test)[upper] for x in (values, features[1].values)]
    area = found.sel(area="all b", layer=2).isel(split=1)
    assert float(area["test"]) == pytest.approx(np.corrcoef(*sides)[0, 1], abs=1e-10)
    assert found.attrs["measure"] == "pearson"
    for function in (rsa.score, lambda _, *data, measure: rsa.ceilings(*data, measure=measure)):
        with pytest.raises(UserError, match="found 'kendall', expected one of: spearman, pearson"):
            function(features, responses, splits, measure="kendall")


def test_test_sounds_cannot_change_what_is_chosen(features, responses, splits):
    """Other responses to the test sounds, and other activations of them, leave choice and train values as they are."""
    one = splits.isel(split=[0])
    test = splitting.rows(one[0], "test")
    first = rsa.score(features, responses, one)
    random = np.random.default_rng(2)
    other = responses.copy()
    other[test] = 1e3 * random.standard_normal(other[test].shape)
    changed = []
    for each in features:
        each = each.copy()
        each[test] = random.standard_normal(each[test].shape) ** 3
        changed.append(each)
    for altered in (rsa.score(features, other, one), rsa.score(changed, responses, one)):
        np.testing.assert_array_equal(altered["train"], first["train"])
        nested = [rsa.nested(scores) for scores in (first, altered)]
        np.testing.assert_array_equal(nested[0]["chosen"], nested[1]["chosen"])
        assert (np.abs(nested[0]["value"] - nested[1]["value"]) > 0.01).all(), "the value is that of the test sounds"


def test_the_layer_chosen_on_the_train_sounds_gives_the_value(features, responses, splits):
    found = rsa.score(features, responses, splits)
    nested = rsa.nested(found)
    assert (nested["chosen"] == 2).all() and nested["value"].min() > 0.3
    expected = found["test"].sel(layer=2)
    np.testing.assert_array_equal(nested["value"], expected)
    assert set(nested.coords) >= {"region", "subject", "n_targets"} and "layer" not in nested.coords


def test_equal_layers_give_the_shallowest_and_layers_without_a_value_none(features, responses, splits):
    twice = [features[1].assign_coords(layer=1), features[1].assign_coords(layer=2)]
    assert (rsa.nested(rsa.score(twice, responses, splits))["chosen"] == 1).all()
    narrow = layer(np.random.default_rng(0).standard_normal((N, 2)), 1)
    found = rsa.score([narrow, features[2]], responses, splits)
    assert found["train"].sel(layer=1).isnull().all(), "over two units every correlation is 1 or -1"
    assert (rsa.nested(found)["chosen"] == 3).all()
    alone = rsa.nested(rsa.score([narrow], responses, splits))
    assert alone["chosen"].isnull().all() and alone["value"].isnull().all()


def test_constant_units_and_targets_are_left_out_exactly(features, responses, splits):
    """Copies of a number whose mean is not that number, and units that are silent in the train sounds only."""
    train = splitting.rows(splits[0], "train")
    silent = np.where(np.isin(np.arange(N), train), 0, np.random.default_rng(0).random(N))
    wider = np.c_[features[1].values, np.full(N, -2.7), np.full(N, 0.1), silent]
    one = splits.isel(split=[0])
    found = [rsa.score([layer(values)], responses, one) for values in (features[1].values, wider)]
    xr.testing.assert_equal(*found)
    without = responses.isel(target=[i for i in range(30) if i != 3])
    found = [rsa.score(features, each, one) for each in (responses, without)]
    for part in ("train", "test"):
        np.testing.assert_array_equal(found[0][part], found[1][part])


def test_pairs_that_are_equally_alike_are_ties_whatever_the_rounding(responses, splits):
    """Labels of categories: a pair is of two categories, and many pairs are of the same two."""
    kinds = np.arange(N) % 4
    labels = layer(np.eye(4)[kinds])
    one = splits.isel(split=[0])
    train, test = (splitting.rows(one[0], part) for part in ("train", "test"))
    computed = independent(labels.values, train, test)
    expected = np.round(computed, 7)
    assert len(np.unique(expected)) < len(np.unique(computed)), "rounding tells pairs apart that are equally alike"
    upper = np.triu_indices(len(test), 1)
    measured = responses.isel(target=(responses["subject"] == "a").values).mean("repetition").values
    exact = spearmanr(expected[upper], independent(measured, train, test)[upper]).statistic
    moved = rsa.score([layer(labels.values * 3 + 0.1)], responses, one)
    for found in (rsa.score([labels], responses, one), moved):
        assert float(found["test"].sel(area="all a").item()) == pytest.approx(exact, abs=1e-10)


def test_lower_and_upper_ceiling_are_those_of_the_pools(responses, splits):
    found = rsa.ceilings(responses, splits)
    split = splits[2]
    train, test = (splitting.rows(split, part) for part in ("train", "test"))
    own = {}
    for subject in SUBJECTS:
        mask = (responses["subject"] == subject) & (responses["region"] == "Lateral")
        values = responses.isel(target=mask.values).mean("repetition").values
        triangle = independent(values, train, test)[np.triu_indices(len(test), 1)]
        own[subject] = triangle.argsort().argsort() + 1.0
    pools = {"upper": np.mean([*own.values()], 0), "lower": np.mean([own["a"], own["c"]], 0)}
    for end, pool in pools.items():
        expected = spearmanr(own["b"], pool).statistic
        assert float(found[end].isel(split=2).sel(area="Lateral b")) == pytest.approx(expected, abs=1e-10)
    means = found.groupby("region").mean("area")
    assert (means["lower"] < means["upper"]).all()


def test_no_network_is_above_the_upper_ceiling(features, responses, splits):
    upper = rsa.ceilings(responses, splits)["upper"].groupby("region").mean("area")
    values = rsa.score(features, responses, splits)["test"].groupby("region").mean("area")
    assert (values <= upper + 1e-12).all()
    pool = responses.mean("repetition")
    perfect = rsa.score([layer(pool.values)], responses, splits)["test"].groupby("region").mean("area")
    assert (perfect <= upper + 1e-12).all() and (perfect.sel(region="all") > 0.8).all()


def test_the_published_ceiling_is_pearsons_with_the_mean_of_the_others(responses, splits):
    found = rsa.ceilings(responses, splits, measure="pearson")
    train, test = (splitting.rows(splits[0], part) for part in ("train", "test"))
    own = {}
    for subject in SUBJECTS:
        values = responses.isel(target=(responses["subject"] == subject).values).mean("repetition").values
        own[subject] = independent(values, train, test)[np.triu_indices(len(test), 1)]
    expected = np.corrcoef(own["c"], np.mean([own["a"], own["b"]], 0))[0, 1]
    assert float(found["lower"].isel(split=0).sel(area="all c")) == pytest.approx(expected, abs=1e-10)


def test_without_subjects_the_ceilings_are_unknown(features, responses, splits):
    plain = responses.drop_vars(["subject", "region"])
    nameless = plain.assign_coords(subject=("target", [""] * 30))
    single = responses.isel(target=(responses["subject"] == "a").values)
    for one, subjects in ((plain, {""}), (nameless, {""}), (single, {"a"})):
        found, scores = rsa.ceilings(one, splits), rsa.score(features, one, splits)
        assert found[["lower", "upper"]].to_array().isnull().all() and set(scores["subject"].values) == subjects
        value = rsa.inter_subject(one, splits, metric="r2_pearson", alphas=[1.0, 10.0])["value"]
        assert value.isnull().all() and scores["test"].notnull().all()


def test_small_regions_and_subjects_have_no_matrix(responses, splits, features):
    region = np.where(np.arange(30) < 2, "Tiny", responses["region"].values)
    subject = np.where(np.arange(30) >= 28, "d", responses["subject"].values)
    found = rsa.areas(responses.assign_coords(region=("target", region), subject=("target", subject)))
    assert "Tiny" not in {name for name, *_ in found} and "d" not in {name for _, name, _ in found}
    assert ("Primary", "a") in {(name, who) for name, who, own in found if len(own) == 3}
    pairs_of = [f"e{target // 2}" for target in range(30)]  # electrodes: two of each subject
    pooled = rsa.areas(responses.assign_coords(subject=("target", pairs_of)))
    assert [(name, who, len(own)) for name, who, own in pooled] == [
        ("all", "", 30),
        ("Primary", "", 15),
        ("Lateral", "", 14),
    ]
    with pytest.raises(UserError, match="found 2 targets in voxels, expected at least 3; leave this set out"):
        rsa.score(features, responses.isel(target=[0, 1]), splits)


def test_functional_regions_stand_beside_the_anatomical_ones_and_overlap(features, responses, splits):
    own = np.tile(["speech", "music/speech", "music", "", "speech", "music"], 5)
    both = responses.assign_coords(functional=("target", own))
    assert list(rsa.regions(both)) == ["all", "Primary", "Lateral", "music", "speech"]
    found, bounds = rsa.score(features, both, splits), rsa.ceilings(both, splits)
    plain = rsa.score(features, responses, splits)
    xr.testing.assert_allclose(found.sel(area=plain["area"].values), plain)
    for name, members in (("music", ["music", "music/speech"]), ("speech", ["speech", "music/speech"])):
        inside = np.isin(own, members)
        expected = rsa.score(features, responses.isel(target=inside).drop_vars("region"), splits)
        areas = [f"{name} {subject}" for subject in SUBJECTS]
        for part in ("train", "test"):
            np.testing.assert_allclose(found[part].sel(area=areas), expected[part])
        limits = rsa.ceilings(responses.isel(target=inside).drop_vars("region"), splits)
        np.testing.assert_allclose(bounds["lower"].sel(area=areas), limits["lower"])
        assert found["n_targets"].sel(area=areas).sum() == inside.sum()
    same = responses.assign_coords(functional=("target", np.where(own == "", "", "Primary")))
    assert list(rsa.named(same)) == ["Primary", "Lateral", "Primary (functional)"], "one does not hide the other"


def test_inter_subject_prediction_is_the_core_with_other_subjects_as_features(responses, splits):
    alphas = [0.1, 1.0, 10.0, 100.0]
    found = rsa.inter_subject(responses, splits, metric="r2_corrected", alphas=alphas)
    part = responses.isel(target=(responses["region"] == "Primary").values)
    own = part["subject"].values == "b"
    others = part.isel(target=~own).mean("repetition").values
    expected = encoding.score([layer(others)], part.isel(target=own), splits, alphas=alphas)["r2_corrected"]
    np.testing.assert_allclose(found["value"].sel(area="Primary b"), expected.isel(layer=0).median("target"), rtol=1e-9)
    assert found["value"].sel(area="Primary b").median() > 0.3, "the same few dimensions lie behind all subjects"
    assert found.attrs["metric"] == "r2_corrected"


def test_sounds_are_aligned_by_name(features, responses, splits):
    order = np.random.default_rng(0).permutation(N)
    shuffled = [one.isel(sound=order) for one in features]
    xr.testing.assert_allclose(rsa.score(shuffled, responses, splits), rsa.score(features, responses, splits))
    with pytest.raises(UserError, match="do not have the sounds of the splits"):
        rsa.score(features, responses.isel(sound=slice(1, None)), splits)
