"""A study's YAML: what is right is read, what is wrong is named with its key, its value and the fix."""

from itertools import pairwise

import pytest

from helpers.errors import UserError
from helpers.store.checkout import ROOT
from helpers.study import params
from helpers.study.params import load

GOOD = """
name: small
dataset: demo
models:
  - {name: a, family: mini, steps: 3}
  - {name: b, family: mini}
"""


@pytest.fixture
def study(tmp_path):
    def read(text):
        path = tmp_path / "study.yml"
        path.write_text(text, encoding="utf-8")
        return params.load(path)

    return read


def test_a_good_study_is_read(study):
    small = study(GOOD)
    assert [model.name for model in small.models] == ["a", "b"]
    assert small.models[0].settings == {"steps": 3}
    assert small.extraction.batch_size == 8 and small.encoding.estimator == "ridge" and small.encoding.grid is None


@pytest.mark.parametrize("name", sorted({path.stem for path in (ROOT / "params").glob("*.yml")} - {"junifer"}))
def test_every_study_of_the_project_is_valid(name):
    assert load(name).name == name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("datset: demo", "unknown key 'datset'; did you mean 'dataset'?"),
        ("seed: 1e-3", "seed: found the text '1e-3', expected a whole number"),
        ("seed: many", "seed: found 'many' (str)"),
        ("seed: -1", "seed: found -1 (int)"),
        ("chapters: no", "chapters: found False (bool)"),
        ("extraction: {batch_size: 0}", "extraction.batch_size: found 0"),
        ("extraction: {batch_sise: 8}", "unknown key 'extraction.batch_sise'; did you mean 'batch_size'?"),
        ("encoding: {estimator: rigde}", "encoding.estimator: found 'rigde' (str); did you mean 'ridge'?"),
        ("encoding: {splits: thirds}", "encoding.splits: found 'thirds'"),
        ("encoding: {metric: r2}", "encoding.metric: found 'r2'"),
        ("encoding: {alphas: [10.0, 1.0]}", "encoding.alphas"),
        ("encoding: {alphas: {first: 3, last: 1}}", "encoding.alphas"),
        ("models: []", "models: found []"),
        ("models: [{name: a}]", "key 'models.0.family' is missing"),
        ("models: [{name: a, family: mini}, {name: a, family: mini}]", "model names must differ"),
        (
            "baselines: [{name: vad, family: silero}]",
            "baselines: 'vad' is of the family 'silero', a network; expected one of: spectrotemporal, cochleagram, "
            "mel, categories; move it to `models`",
        ),
        (
            "models: [{name: labels, family: categories}]",
            "models: 'labels' is of the family 'categories', a baseline; expected one of: activations, crepe",
        ),
        ("models: [{name: ../a, family: mini}]", "models.0.name: found '../a'"),
        ("name: ../../etc", "name: found '../../etc'"),
    ],
)
def test_mistakes_are_named(study, change, message):
    key = change.split(":")[0]
    kept = "\n".join(line for line in GOOD.strip().splitlines() if not line.startswith(key))
    if key == "models":
        kept = "name: small\ndataset: demo"
    with pytest.raises(UserError) as error:
        study(f"{kept}\n{change}\n")
    said = str(error.value)
    assert message in said and "study.yml" in said
    assert "value error" not in said.lower() and "(whole)" not in said


BOMB = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefghijkl"))
HOSTILE = ["a: !!python/object/apply:os.system [ls]", BOMB, GOOD + f"templates: {{{BOMB.strip()}}}".replace("\n", ", ")]
HOSTILE += ["a: &a [*a]", "[" * 5000]


@pytest.mark.parametrize("text", ["- a list", "text", "", "a: [", *HOSTILE])
def test_what_is_not_plain_yaml_is_refused(study, text):
    with pytest.raises(UserError, match=r"study\.yml"):
        study(text)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("encoding: {alphas: {first: -2, last: 1}}", [0.01, 0.1, 1.0, 10.0]),
        ("encoding: {alphas: [0.5, 3.0]}", [0.5, 3.0]),
        ("encoding: {splits: leave_category_out}", None),
        ("encoding: {metric: r2_determination}", None),
        ("encoding: {estimator: single_task_lasso}", None),
    ],
)
def test_another_grid_scheme_metric_or_estimator_is_one_line(study, line, expected):
    assert study(f"{GOOD}\n{line}\n").encoding.grid == expected


@pytest.mark.parametrize(
    ("text", "key", "lines"),
    [
        (f"{GOOD}\nseed: 1\nseed: 2\n", "seed", ""),
        (f"{GOOD}\nmodels: [{{name: c, family: mini}}]\n", "models", ""),
        ("name: small\ndataset: demo\nmodels:\n- {name: a, family: mini,\n   name: b}\n", "name", ", in lines 4 and 5"),
        ("name: small\n'name': large\n", "name", ", in lines 1 and 2"),
        ("name: small\nencoding:\n  alphas: {1: 2, 0x1: 3}\n", "0x1", ", in lines 3 and 3"),
        ("yes: 1\nname: small\ntrue: 2\n", "true", ", in lines 1 and 3"),
    ],
)
def test_a_key_that_is_there_twice_is_refused_with_its_lines(study, text, key, lines):
    with pytest.raises(UserError, match=rf"study\.yml .*found the key '{key}' twice{lines}"):
        study(text)


@pytest.mark.parametrize(
    ("line", "steps"),
    [
        ("- {<<: *small, name: a}", [4]),
        ("- {name: a, <<: *small, steps: 8}", [8]),
        ("- {<<: [*small, *other], name: a}", [4]),
        ("- {<<: *small, name: a, steps: 8}\n- {<<: *small, name: b, steps: 9}\n- {<<: *small, name: c}", [8, 9, 4]),
    ],
)
def test_keys_beside_merged_ones_are_not_there_twice(study, line, steps):
    templates = "templates:\n  small: &small {family: mini, steps: 4}\n  other: &other {steps: 5, width: 8}\n"
    found = study(f"name: small\ndataset: demo\n{templates}models:\n{line}\n")
    assert [model.settings["steps"] for model in found.models] == steps


@pytest.mark.parametrize("value", ["2024-13-45", "!!bool x", "!!timestamp x", "!!int x", "{? [a] : 1}"])
def test_what_yaml_cannot_make_a_value_of_is_refused(study, value):
    with pytest.raises(UserError, match=r"study\.yml is not plain YAML"):
        study(f"{GOOD}\nlanguage: {value}\n")


def test_unknown_studies_and_models_are_named(study):
    with pytest.raises(UserError, match=r"no study 'nothing'; give a YAML file or one of: .*demo"):
        load("nothing")
    with pytest.raises(UserError, match=r"unknown model 'c' in study 'small'; .*known: a, b"):
        study(GOOD).only(["c"])


def test_only_keeps_the_order_of_the_study(study):
    assert [model.name for model in study(GOOD).only(["b", "a"]).models] == ["a", "b"]
    assert [model.name for model in study(GOOD).only(["b"]).models] == ["b"]
