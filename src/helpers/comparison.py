"""Ridge beside lasso on the same splits: which alpha, which units, how well; all labelled.

Both metrics are of the same predictions: `r2_pearson` is a squared correlation, `r2_determination` sklearn's
`r2_score`. The published comparison reports the latter, the other chapters the former.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
import torch
import xarray as xr

from helpers.names import ESTIMATOR, LAYER, SOUND, SPLIT, TARGET, UNIT
from helpers.regression import Fitted, lasso_kfold, ridge_kfold
from helpers.scores import Progress, pearson, positive_square, r2_determination

Estimator = Callable[[np.ndarray, np.ndarray, np.ndarray], Fitted]

# One alpha for all targets (ridge, lasso: as published), and an alpha and a choice of units for each
ESTIMATORS: dict[str, Estimator] = {
    "ridge": ridge_kfold,
    "lasso": lasso_kfold,
    "lasso_single": partial(lasso_kfold, multi_task=False),
}


def compare(
    features: xr.DataArray,
    responses: xr.DataArray,
    order: xr.DataArray,
    *,
    estimators: dict[str, Estimator] = ESTIMATORS,
    progress: Progress = lambda steps, label, total: steps,
) -> xr.Dataset:
    """Every estimator on every layer and split, (estimator, layer, split, target[, unit]).

    features (layer, sound, unit), responses (sound, target), order (split, position) as `splits.permuted` gives it;
    all are matched by the names of sounds. `active` says which units a target uses, `at_edge` whether alpha is the
    first or last of its grid, `n_unconverged` how many fits stopped before their tolerance, and `worst_alpha` the
    largest alpha of such a fit (NaN for none).
    """
    axes = {ESTIMATOR: list(estimators), LAYER: features[LAYER].values, SPLIT: order[SPLIT].values}
    fits = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    features, responses = features.transpose(LAYER, SOUND, UNIT), responses.transpose(SOUND, TARGET)
    parts = [
        _scored(estimators[at[ESTIMATOR]], features.sel({LAYER: at[LAYER]}), responses, order.sel({SPLIT: at[SPLIT]}))
        for at in progress(fits, "ridge and lasso", len(fits))
    ]
    nested = iter(parts)
    grid = [[[next(nested) for _ in axes[SPLIT]] for _ in axes[LAYER]] for _ in axes[ESTIMATOR]]
    return xr.combine_nested(grid, list(axes), join="exact").assign_coords(axes)


def _scored(fit: Estimator, x: xr.DataArray, y: xr.DataArray, order: xr.DataArray) -> xr.Dataset:
    train, test = (order.values[order["half"].values == half] for half in ("train", "test"))
    fitted = fit(*(part.sel({SOUND: some}).values for part, some in ((x, train), (y, train), (x, test))))
    measured, predicted = torch.as_tensor(y.sel({SOUND: test}).values), torch.as_tensor(fitted.test)
    edges = fitted.alphas[[0, -1]]
    per_target = {
        "alpha": fitted.alpha,
        "at_edge": np.isin(fitted.alpha, edges),
        "r2_pearson": positive_square(pearson(predicted, measured)).numpy(),
        "r2_determination": r2_determination(predicted, measured).numpy(),
    }
    arrays = {name: (TARGET, values) for name, values in per_target.items()}
    arrays["active"] = ((TARGET, UNIT), fitted.active.T)
    arrays["n_unconverged"] = len(fitted.unconverged)
    arrays["worst_alpha"] = max(fitted.unconverged, default=np.nan)
    return xr.Dataset(arrays, coords={TARGET: y[TARGET].values, UNIT: x[UNIT].values})
