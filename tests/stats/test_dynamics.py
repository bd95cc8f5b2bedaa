"""Learning steps from curves whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from helpers.stats import learning as dynamics

STEPS = np.array([0, 100, 200, 400])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0.5, 0.95, 1.0], 200),  # on a checkpoint
        ([0, 0, 0.9, 1.0], 300),  # half-way between two
        ([1, 1, 1, 1], 0),  # there from the beginning
        ([0.3, 0.2, 0.1, 0], np.nan),  # nothing to reach
        ([0, 1.2, 0.5, 1.0], 100 * 0.95 / 1.2),  # the first crossing counts
    ],
)
def test_reaching_step(values, expected):
    assert dynamics.reaching_step(STEPS, np.array(values)) == pytest.approx(expected, nan_ok=True)


def rows():
    """Two splits: layer 1 is learned at once, layer 2 late; the splits differ a little."""
    curves = {1: [0, 0.99, 1, 1], 2: [0, 0, 0.1, 1]}
    records = [
        {"model": "m", "step": step, "layer": layer, "split": split, "target": "pitch", "r2_pearson": value * scale}
        for layer, curve in curves.items()
        for step, value in zip(STEPS, curve, strict=True)
        for split, scale in ((1, 0.5), (2, 0.6))
    ]
    return pd.DataFrame(records)


def test_late_layers_are_late():
    table = dynamics.learned(rows()).set_index("layer")
    assert table.reached_step[1] < 100 < 380 < table.reached_step[2] < 400
    assert table.gained_step.tolist() == pytest.approx(table.reached_step.tolist()), "both begin at 0"
    assert table.n_splits[1] == 2 and table.final_r2[2] == pytest.approx(0.55)
    assert (table.q25 <= table.reached_step + 1e-9).all() and (table.q75 >= table.reached_step - 1e-9).all()


def test_what_was_there_before_training_is_not_counted_as_a_gain():
    before = rows().assign(r2_pearson=lambda table: table.r2_pearson + 20)
    table, plain = (dynamics.learned(one).set_index("layer") for one in (before, rows()))
    assert table.reached_step.tolist() == [0, 0]
    assert table.gained_step.tolist() == pytest.approx(plain.reached_step.tolist())
    falling = rows().assign(r2_pearson=lambda table: 1 - table.r2_pearson)
    assert dynamics.learned(falling).gained_step.isna().all(), "nothing is gained"


def test_one_checkpoint_is_no_curve():
    assert dynamics.learned(rows().query("step == 400")).empty


def test_gains_are_of_the_best_layer():
    curves = pd.DataFrame(
        {
            "model": "m",
            "target": "pitch",
            "layer": [1, 2, 1, 2],
            "step": [0, 0, 400, 400],
            "median_r2": [0.2, 0.1, 0.3, 0.7],
        }
    )
    row = dynamics.gains(curves).iloc[0]
    assert (row.first_r2, row.last_r2) == (0.2, 0.7) and row.gain == pytest.approx(0.5)
