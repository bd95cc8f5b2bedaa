"""Linear regression of many targets: arrays in, alphas and predictions out. It knows neither disk nor models.

- `loo`: ridge, an alpha for each target, closed-form leave-one-out (the published voxel-wise and component analysis);
- `kfold`: ridge, one alpha for all targets, five folds (the study's comparison with the lasso);
- `lasso`: multi-task or single-task, five folds.
"""

from helpers.regression.kfold import Fitted, folds, ridge_kfold
from helpers.regression.lasso import lasso_kfold
from helpers.regression.loo import ALPHAS, BLOCK, Fit, RidgeLOO, block_for, blocks

__all__ = [
    "ALPHAS", "BLOCK", "Fit", "Fitted", "RidgeLOO", "block_for", "blocks", "folds", "lasso_kfold", "ridge_kfold",
]  # fmt: skip
