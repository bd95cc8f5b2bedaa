"""Many targets under fewer names, so that no table or figure has a row for each of thousands."""

import numpy as np
import pytest
import xarray as xr

from helpers import text
from helpers.stats.targets import ALL, MOST, MOST_UNNAMED, groups


def targets(n, **coords):
    found = {name: ("target", np.resize(np.array(values, dtype=str), n)) for name, values in coords.items()}
    return xr.DataArray(
        np.zeros((3, n)), dims=("sound", "target"), coords={"target": np.arange(n).astype(str), **found}
    )


@pytest.mark.parametrize(
    ("n", "coords", "names"),
    [
        (MOST, {"region": ["A", "B"]}, [str(i) for i in range(MOST)]),
        (MOST + 1, {"region": ["A", "B"], "hemisphere": ["lh"]}, ["A", "B"]),
        (MOST + 1, {"region": [""], "group": ["music", "speech"]}, ["music", "speech"]),
        (1472, {"region": [""], "hemisphere": ["lh", "rh"]}, ["lh", "rh"]),
        (MOST_UNNAMED, {}, [str(i) for i in range(MOST_UNNAMED)]),
        (MOST_UNNAMED + 1, {}, [ALL]),
        (MOST_UNNAMED + 1, {"hemisphere": [""]}, [ALL]),
    ],
)
def test_many_targets_stand_under_a_few_names(n, coords, names):
    found = groups(targets(n, **coords))
    assert list(found) == names
    assert sum(map(len, found.values())) == n


def test_what_belongs_nowhere_is_under_no_name():
    found = groups(targets(MOST + 2, region=["A", ""]))
    assert list(found) == ["A"] and len(found["A"]) == (MOST + 2) // 2


def test_the_names_have_words_in_both_languages():
    for labeller in text.labellers().values():
        for name in ("lh", "rh", ALL):
            assert f"target.{name}" in labeller.words
