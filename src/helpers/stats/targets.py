"""Many targets under fewer names: those of a region or of a group together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from helpers.names import TARGET

MOST = 20  # targets that are shown one by one where they have regions or groups


def groups(data: xr.Dataset | xr.DataArray) -> dict[str, np.ndarray]:
    """Return the positions of the targets under each name: many by region or group if they have any, else each."""
    names = data[TARGET].values.astype(str)
    for summed in ("region", "group") if len(names) > MOST else ():
        if summed in data.coords and (data[summed] != "").any():
            names = data[summed].values.astype(str)
            break
    return {str(name): np.flatnonzero(names == name) for name in pd.unique(names) if name}
