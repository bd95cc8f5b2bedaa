"""Values read off the figures of the original study, for comparison: never mixed with what is computed here.

Digitised from github.com/mrpep/tp-picml (folder `doc/figs`, commit 01a315d, 2024-06-05); `uncertainty` is the estimated
error of reading, in the units of the value. Those figures number layers in two ways; here all are numbered from 1.
"""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

from helpers.names import LAYER

ZERO_BASED = ("roi_by_layer", "learning_dynamics", "ridge_vs_lasso")  # tables whose figures count layers from 0


def table(name: str) -> pd.DataFrame:
    """Return a published table by name, layers numbered from 1; raises FileNotFoundError for an unknown one."""
    frame = pd.read_csv(files(__package__) / f"{name}.csv")
    return frame.assign(**{LAYER: frame[LAYER] + 1}) if name in ZERO_BASED else frame
