"""The demo's voxels have a planted reliability: scores find it again, and correct for it; no network needed."""

import numpy as np
import pytest

from helpers import brain, encoding
from helpers.brain.demo import weights
from helpers.encoding import splits
from helpers.names import COMPONENTS, LAYER, SPLIT, TARGET, VOXELS


@pytest.fixture(scope="module")
def found():
    """Scores (layer, split, target) of the voxels from the components that made them, and the planted reliability."""
    demo = brain.open("demo", None, 0)
    planted = demo.responses[COMPONENTS].reset_coords(drop=True).rename({TARGET: "unit"}).assign_coords({LAYER: 1})
    train = splits.published(list(demo.waveforms["sound"].values))
    scores = encoding.score([planted], demo.responses[VOXELS], train)
    return scores.median([SPLIT, LAYER]), weights(0).reliability.sel({TARGET: scores[TARGET].values}).values


def test_planted_ceilings_of_the_demo_are_recovered(found):
    scores, reliability = found
    ceiling = 3 * reliability / (1 + 2 * reliability)  # of the mean of three repetitions
    measured = scores["reliability"].values
    assert np.corrcoef(measured, ceiling)[0, 1] > 0.8 and abs(np.mean(measured - ceiling)) < 0.05


def test_what_made_the_voxels_predicts_them_up_to_the_ceiling(found):
    scores, reliability = found
    reliable = reliability > 0.6
    corrected, plain = (scores[metric].values[reliable] for metric in ("r2_corrected", "r2_pearson"))
    assert reliable.sum() > 100 and np.median(corrected) == pytest.approx(1, abs=0.03)
    assert np.quantile(corrected, 0.05) > 0.9 and np.median(plain) < np.median(corrected)
