"""Results of other networks on the 7,694 real voxels of NH2015, as published: results, not responses.

Feather, Leclerc, Madry & McDermott 2023, Nature Neuroscience 26:2017-2034, doi 10.1038/s41593-023-01442-0; files
`regression_results` of github.com/jenellefeather/model_metamers_pytorch (commit f89cdad, MIT licence). A value is the
noise-corrected r2 of a voxel predicted from one layer by ridge regression, the median over ten splits of 83 train and
82 test sounds. Nothing can be refitted with them. Places are those of the voxels packaged with Tuckute et al. 2023.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

import numpy as np
import pandas as pd
import xarray as xr

from helpers.brain.regions import FUNCTIONAL, FUNCTIONAL_REGIONS, joined
from helpers.errors import UserError
from helpers.names import LAYER, METRIC, MODEL, STAGE, SUBJECT, TARGET
from helpers.store.files import sha256

FILE = "voxels.parquet"
SOURCE = "Feather, Leclerc, Madry & McDermott 2023"
BETWEEN = "/"  # a network's name and a layer's, in the name of a column


@cache
def table() -> pd.DataFrame:
    """Return the file: a row per voxel with its place, its functional regions and a column for each network and layer.

    Columns `network/layer` follow each other in the order of the layers. Raises UserError where the file is not the one
    that belongs to this package.
    """
    with as_file(files(__package__) / FILE) as path:
        expected, found = (files(__package__) / f"{FILE}.sha256").read_text().split()[0], sha256(path)
        if found != expected:
            raise UserError(f"{path}: found SHA-256 {found}, expected {expected}; install the package again")
        return pd.read_parquet(path)


def voxels() -> pd.DataFrame:
    """Return target (the voxel's id), subject, hemisphere, x, y (mm on the flat map) and functional regions."""
    whole = table()
    columns = {
        TARGET: whole["voxel_id"].astype(str),
        SUBJECT: "S" + whole["subj_idx"].astype(str),
        "hemisphere": whole["hemi"].astype(str),
        "x": whole["x_ras"].astype(float),
        "y": whole["y_ras"].astype(float),
        FUNCTIONAL: joined(whole[list(FUNCTIONAL_REGIONS)]),
    }
    return pd.DataFrame(columns)


def networks() -> list[xr.DataArray]:
    """Return the noise-corrected r2 of every network, (layer, target): layers from 1, with their `stage`.

    Values above 1 are as published. Targets have the coordinates of `voxels`.
    """
    columns = [column.split(BETWEEN) for column in table() if BETWEEN in column]
    of_target = {name: (TARGET, column.to_numpy()) for name, column in voxels().items()}
    return [
        _network(name, [stage for network, stage in columns if network == name], of_target)
        for name in dict.fromkeys(network for network, _ in columns)
    ]


def _network(name: str, stages: list[str], of_target: dict) -> xr.DataArray:
    values = table()[[f"{name}{BETWEEN}{stage}" for stage in stages]].to_numpy(float).T
    coords = of_target | {LAYER: np.arange(1, len(stages) + 1), STAGE: (LAYER, stages), MODEL: name}
    return xr.DataArray(values, coords, (LAYER, TARGET), attrs={METRIC: "r2_corrected"})
