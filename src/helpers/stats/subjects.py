"""Aggregate voxel scores over splits, subjects and regions, as published (Tuckute et al. 2023, published code).

Median over splits, clipped at 1; medians over a subject's voxels; within-subject standard errors. The arrays are
labelled: `r2` is (layer, split, target), `subject` and `region` are coordinates on target.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from helpers.names import LAYER, SPLIT, SUBJECT, TARGET


def over_splits(r2: xr.DataArray, clip: bool = True) -> xr.DataArray:
    """Return medians over splits (layer, target), clipped at 1 if asked; `n_clipped` counts the targets concerned."""
    medians = r2.median(SPLIT).transpose(LAYER, TARGET)
    if not clip:
        return medians
    touched = int((medians > 1).any(LAYER).sum())
    return medians.clip(max=1).assign_attrs(n_clipped=touched)


def by_subject(values: xr.DataArray) -> xr.DataArray:
    """Return medians over each subject's voxels: (..., target) -> (..., subject); NaN voxels are left out."""
    return values.groupby(SUBJECT).median(TARGET)


def within_subject_error(values: xr.DataArray, over: str) -> xr.DataArray:
    """Return the within-subject standard error: the spread over subjects without each one's mean over `over`.

    Population standard deviation over n subjects / sqrt(n - 1); subjects without a value are left out.
    """
    centred = values - values.mean(over)
    n_subjects = centred.notnull().sum(SUBJECT)
    return centred.std(SUBJECT) / np.sqrt((n_subjects - 1).where(n_subjects > 1))
