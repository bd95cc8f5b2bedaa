"""Chapter 05: how similar the two ResiDual branches are, layer by layer, and what the merged last layer mixes."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pandas as pd
import torch
import xarray as xr

from helpers import similarity, storage, text
from helpers.names import BRANCH, BRANCHES, LAYER, MODEL, OUTPUT, SOUND, STEP, TOWER, UNIT
from helpers.pipeline.work import Work, encoder_layers
from helpers.progress import progress

FRAME = "frame"
AVERAGES, FRAMES = "time_average", "frames"
PAIRS = (("right", "left"), ("left", "left"), ("right", "right"))
CODE = ("helpers.similarity", "helpers.pipeline.branches")
PRODUCTS = 5e12  # multiply-adds that CKA over frames may cost: all frames of the published base model


@cache
def matrices(work: Work) -> pd.DataFrame:
    """CKA of every pair of layers, debiased: model, over, row_branch, row_layer, column_branch, column_layer, cka."""
    parts = [frame for name in work.model_names for frame in (_on_averages(work, name), _on_frames(work, name))]
    return work.kept("branches_cka", pd.concat(parts, ignore_index=True))


def _on_averages(work: Work, name: str) -> pd.DataFrame:
    last = work.activations(name).isel({STEP: -1})
    layers = _stacked(last["activations"].transpose(BRANCH, LAYER, SOUND, UNIT))
    table = _tidy(similarity.matrix(layers, layers, debiased=True), last[LAYER].values, name, AVERAGES)
    return table.assign(n_frames=np.nan, frame_step=np.nan)


def _on_frames(work: Work, name: str) -> pd.DataFrame:
    """As on averages, over the frames of all sounds, streamed: only sums of products are held."""
    model = work.model(name)
    step = work.steps(name)[-1]
    inputs = {"model": model.identity(step), "sounds": storage.digest(work.brain.waveforms.values)}
    inputs["code"] = storage.code_digest(*CODE)
    path = work.folder / "similarity" / name / f"step-{step:07d}.nc"
    stored = storage.cached(path, inputs, lambda: streamed(model, step))
    counts = {key: int(stored[key]) for key in ("n_frames", "frame_step")}
    return _tidy(stored["cka"].values, stored[LAYER].values, name, FRAMES).assign(**counts)


def streamed(model, step: int) -> xr.Dataset:
    """CKA over every frame, or over every k-th where all of them would cost more than PRODUCTS."""
    sums = every = layers = None
    for batch in progress(model.frames(step), f"CKA of frames, {model.name}"):
        frames = batch.transpose(BRANCH, LAYER, SOUND, FRAME, UNIT)
        n_layers, n_units = len(BRANCHES) * frames.sizes[LAYER], frames.sizes[UNIT]
        if sums is None:
            layers = frames[LAYER].values
            every = frame_step(n_layers, n_units, len(model.waveforms) * frames.sizes[FRAME])
            sums = similarity.StreamedCKA(n_layers, n_units, dtype=torch.float32)
        sums.add(frames.values[..., every // 2 :: every, :].reshape(n_layers, -1, n_units))
        del batch, frames  # the next sounds are heard before these names are given away
    counts = {"n_frames": sums.n, "frame_step": every}
    return xr.Dataset({"cka": (("row", "column"), sums.matrix(debiased=True))} | counts, coords={LAYER: layers})


def frame_step(n_layers: int, n_units: int, n_frames: int) -> int:
    """k, so that all pairs of layers (n_layers in both branches) over every k-th frame cost at most PRODUCTS.

    Neighbouring frames lie 13 ms apart, but each sees 40 ms of sound through the front end: leaving some out loses
    little.
    """
    return max(1, math.ceil(n_layers * (n_layers + 1) / 2 * n_units**2 * n_frames / PRODUCTS))


def _stacked(activations: xr.DataArray) -> np.ndarray:
    """(branch, layer, ...) -> (branch * layer, ...), left branch first."""
    return activations.values.reshape(-1, *activations.shape[2:])


def _tidy(matrix: np.ndarray, layers: np.ndarray, name: str, over: str) -> pd.DataFrame:
    """Rows for right against left, left against left and right against right, by the names of branch and layer."""
    labels = [(branch, int(layer)) for branch in BRANCHES for layer in layers]
    rows = [
        (row[0], row[1], column[0], column[1], matrix[i, j])
        for i, row in enumerate(labels)
        for j, column in enumerate(labels)
        if (row[0], column[0]) in PAIRS
    ]
    columns = ["row_branch", "row_layer", "column_branch", "column_layer", "cka"]
    return pd.DataFrame(rows, columns=columns).assign(**{MODEL: name, "over": over})


def towers(work: Work) -> dict[str, dict[int, str]]:
    """The tower of each layer of each model."""
    layers = {name: work.activations(name)[LAYER] for name in work.model_names}
    return {
        name: dict(zip(one.values.tolist(), one[TOWER].values.tolist(), strict=True)) for name, one in layers.items()
    }


@cache
def merged(work: Work) -> pd.DataFrame:
    """Debiased CKA of the encoder's merged output with each of its layers' branches, on time averages."""
    rows = []
    for name in work.model_names:
        last = work.activations(name).isel({STEP: -1})
        output = last["merged"].sel({OUTPUT: "encoder"}).values
        layers = last["activations"].isel({LAYER: (last[TOWER] == "encoder").values})
        for branch in BRANCHES:
            for layer in layers[LAYER].values:
                value = similarity.cka(output, layers.sel({BRANCH: branch, LAYER: layer}).values, debiased=True)
                rows.append({MODEL: name, BRANCH: branch, LAYER: int(layer), "cka": value})
    return work.kept("branches_merged", pd.DataFrame(rows))


@cache
def last_layer(work: Work) -> pd.DataFrame:
    """r² of the last encoder layer merged and left alone, beside the best layer with and without it, by component."""
    rows = [_last_layer(work, name) for name in work.model_names]
    return work.kept("branches_last_layer", pd.concat(rows, ignore_index=True))


def cost(work: Work) -> text.Bilingual:
    """`last_layer` as a table; a sentence for data without components."""
    return text.both("say.no_cost") if work.brain.components is None else text.table(last_layer(work))


def _last_layer(work: Work, name: str) -> pd.DataFrame:
    parts = {}
    for last in ("merged", "left"):
        features = encoder_layers(work.activations(name).isel({STEP: -1}), last)
        scores = work.scores_at(features, f"components_{last}", work.brain.components)
        parts[last] = scores["r2_pearson"].median("split")
    inner = parts["left"].isel({LAYER: slice(None, -1)})
    columns = {
        "last_merged": parts["merged"].isel({LAYER: -1}),
        "last_left": parts["left"].isel({LAYER: -1}),
        "best_merged": parts["merged"].max(LAYER),
        "best_without": inner.max(LAYER),
    }
    frame = pd.DataFrame({key: value.to_series() for key, value in columns.items()})
    return frame.rename_axis("target").reset_index().assign(**{MODEL: name})


def sentences(work: Work) -> text.Bilingual:
    """What the merged layer resembles, and what leaving it out costs, in numbers."""
    pieces = [piece for name in work.model_names for piece in _said(work, name)]
    return text.markdown(pieces)


def frames_used(work: Work) -> text.Bilingual:
    """How many frames of each model the maps on frames stand on, and whether some were left out."""
    table = matrices(work).query("over == @FRAMES").drop_duplicates(MODEL)
    return text.markdown([_frames_used(row) for row in table.itertuples()])


def _frames_used(row) -> text.Bilingual:
    words = {"model": lambda labeller: labeller.name("model", row.model), "n": int(row.n_frames)}
    return text.both("say.every_frame" if row.frame_step == 1 else "say.some_frames", **words, step=int(row.frame_step))


def _said(work: Work, name: str) -> list[text.Bilingual]:
    table = merged(work).query(f"{MODEL} == @name")
    last = int(table[LAYER].max())
    left, right = (table[table[BRANCH] == branch].set_index(LAYER)["cka"] for branch in BRANCHES)
    both = matrices(work).query(
        f"{MODEL} == @name and over == @AVERAGES and row_branch == 'right' and column_branch == 'left'"
    )
    own = both[(both.row_layer == last)].set_index("column_layer")["cka"]
    said = {"model": lambda labeller: labeller.name("model", name), "last": last}
    mixture = {"first_cka": float(left.loc[1]), "last_cka": float(left.loc[last]), "right_cka": float(right.loc[last])}
    early = {"early": float(own.loc[1]), "late": float(own.loc[last])}
    return [text.both("say.merged", **said, **mixture), text.both("say.right", **said, **early), *_dropped(work, name)]


def _dropped(work: Work, name: str) -> list[text.Bilingual]:
    """What leaving the last layer out costs, where there are components to measure it by."""
    if work.brain.components is None:
        return []
    costs = last_layer(work).query(f"{MODEL} == @name")
    lost = float((costs["best_merged"] - costs["best_without"]).mean())
    return [text.both("say.dropped", model=lambda labeller: labeller.name("model", name), cost=lost, n=len(costs))]
