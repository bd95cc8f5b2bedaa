"""Many targets under fewer names: those of a region or of a group together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from helpers.names import TARGET

MOST = 20  # targets that are shown one by one where they have regions, groups or hemispheres
MOST_UNNAMED = 100  # where they have none of these
ALL = "every"  # the name of targets of which there are more


def groups(data: xr.Dataset | xr.DataArray) -> dict[str, np.ndarray]:
    """Return the positions of the targets under each name: few targets alone, many by region, group or hemisphere.

    Many that have none of these stand alone up to MOST_UNNAMED, and are all under the name "every" beyond.
    """
    names = data[TARGET].values.astype(str)
    for summed in ("region", "group", "hemisphere") if len(names) > MOST else ():
        if summed in data.coords and (data[summed] != "").any():
            names = data[summed].values.astype(str)
            break
    else:
        if len(names) > MOST_UNNAMED:
            names = np.full(len(names), ALL)
    return {str(name): np.flatnonzero(names == name) for name in pd.unique(names) if name}
