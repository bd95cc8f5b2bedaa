"""How similar the two residual branches are, layer by layer, and what a merged last layer mixes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
import xarray as xr

from helpers import encoding, text
from helpers.models import Checkpoint
from helpers.models.base import FRAMES as HAS_FRAMES
from helpers.models.base import STREAMS
from helpers.models.encodecmae.chunks import ENCODER
from helpers.models.encodecmae.extraction import BRANCH, BRANCHES, FRAME, LEFT, MERGED, OUTPUT, TOWER
from helpers.names import COMPONENTS, LAYER, MODEL, NOTE, SOUND, SPLIT, TARGET, UNIT
from helpers.stats import similarity
from helpers.stats.intervals import of_matrices
from helpers.store.progress import progress
from helpers.study import Study

AVERAGES, FRAMES = "time_average", "frames"
PAIRS = (("right", "left"), ("left", "left"), ("right", "right"))
PRODUCTS = 5e12  # multiply-adds that CKA over frames may cost: all frames of the published base model


def names(study: Study) -> list[str]:
    """Return the networks with two residual branches."""
    return [name for name in study.with_option(STREAMS) if name in study.with_option(HAS_FRAMES)]


def matrices(study: Study) -> pd.DataFrame:
    """Return debiased CKA of every pair of layers, on time averages and on frames, of each network with branches.

    Columns model, over, row_branch, row_layer, column_branch, column_layer, cka, n_frames, frame_step.
    """
    parts = [table for name in names(study) for table in (_on_averages(study, name), _on_frames(study, name))]
    return pd.concat(parts, ignore_index=True)


def streams(study: Study, name: str, step: int | None = None) -> xr.Dataset:
    """Return both branches of a network at a step (None: its last), `activations` (branch, layer, sound, unit)."""
    return study.model(name).streams(study.heard(name, study.usable_steps(name)[-1] if step is None else step))


class Ends(NamedTuple):
    """Both branches at the ends of an encoder, time averages (n_sounds, n_units)."""

    first: np.ndarray  # the first layer, left branch
    left: np.ndarray  # the last layer
    right: np.ndarray
    merged: np.ndarray  # the encoder's output


def ends(study: Study, name: str, step: int | None = None) -> Ends:
    """Return the branches of a network's first and last encoder layers, and its merged output, at a step."""
    last = streams(study, name, step)
    encoder = last["activations"].isel({LAYER: (last[TOWER] == ENCODER).values}).transpose(BRANCH, LAYER, SOUND, UNIT)
    left, right = (encoder.sel({BRANCH: branch}).values for branch in BRANCHES)
    return Ends(left[0], left[-1], right[-1], last["merged"].sel({OUTPUT: ENCODER}).transpose(SOUND, UNIT).values)


def _on_averages(study: Study, name: str) -> pd.DataFrame:
    last = streams(study, name)
    layers = last["activations"].transpose(BRANCH, LAYER, SOUND, UNIT).values
    layers = layers.reshape(-1, *layers.shape[2:])  # left branch first
    table = _tidy(similarity.matrix(layers, layers, debiased=True), last[LAYER].values, name, AVERAGES)
    return table.assign(n_frames=np.nan, frame_step=np.nan)


def _on_frames(study: Study, name: str) -> pd.DataFrame:
    checkpoint = Checkpoint(study.model(name), study.usable_steps(name)[-1])
    kept = study.keep(cka_of_frames, checkpoint=checkpoint)
    counts = {key: int(kept[key]) for key in ("n_frames", "frame_step")}
    return _tidy(kept["cka"].values, kept[LAYER].values, name, FRAMES).assign(**counts)


def cka_of_frames(checkpoint: Checkpoint) -> xr.Dataset:
    """Return debiased `cka` (row, column) of all layers, left branch first, over the frames of all sounds.

    Streamed: only sums of products are in memory. Every k-th frame (`frame_step`) where all would cost more than
    PRODUCTS; `n_frames` is how many were used.
    """
    model, sums, every, layers = checkpoint.model, None, 1, None
    for batch in progress(model.frames(checkpoint.step), f"CKA of frames, {model.name}"):
        frames = batch.transpose(BRANCH, LAYER, SOUND, FRAME, UNIT)
        n_layers, n_units = len(BRANCHES) * frames.sizes[LAYER], frames.sizes[UNIT]
        if sums is None:
            layers = frames[LAYER].values
            every = frame_step(n_layers, n_units, len(model.waveforms) * frames.sizes[FRAME])
            sums = similarity.StreamedCKA(n_layers, n_units, dtype=torch.float32)
        sums.add(frames.values[..., every // 2 :: every, :].reshape(n_layers, -1, n_units))
        del batch, frames  # free their memory before the next sounds
    counts = {"n_frames": sums.n, "frame_step": every}
    return xr.Dataset({"cka": (("row", "column"), sums.matrix(debiased=True))} | counts, coords={LAYER: layers})


def frame_step(n_layers: int, n_units: int, n_frames: int) -> int:
    """Return k, so that all pairs of layers (of both branches) over every k-th frame cost at most PRODUCTS.

    Neighbouring frames lie 13 ms apart, but each covers 40 ms of sound through the front end: leaving some out loses
    little.
    """
    return max(1, math.ceil(n_layers * (n_layers + 1) / 2 * n_units**2 * n_frames / PRODUCTS))


def _tidy(matrix: np.ndarray, layers: np.ndarray, name: str, over: str) -> pd.DataFrame:
    """Return rows for right against left, left against left and right against right, named by branch and layer."""
    labels = [(branch, int(layer)) for branch in BRANCHES for layer in layers]
    rows = [
        (row[0], row[1], column[0], column[1], matrix[i, j])
        for i, row in enumerate(labels)
        for j, column in enumerate(labels)
        if (row[0], column[0]) in PAIRS
    ]
    columns = ["row_branch", "row_layer", "column_branch", "column_layer", "cka"]
    return pd.DataFrame(rows, columns=columns).assign(**{MODEL: name, "over": over})


def towers(study: Study) -> dict[str, dict[int, str]]:
    """Return the tower of each layer of each network."""
    layers = {name: streams(study, name)[LAYER] for name in names(study)}
    return {
        name: dict(zip(one.values.tolist(), one[TOWER].values.tolist(), strict=True)) for name, one in layers.items()
    }


def merged(study: Study) -> pd.DataFrame:
    """Return debiased CKA of the encoder's merged output with each of its layers' branches, on time averages.

    Columns model, branch, layer, cka, low, high: the ends of its 95 % interval for other sounds, by the jackknife.
    """
    rows = []
    for name in names(study):
        last = streams(study, name)
        output = last["merged"].sel({OUTPUT: ENCODER}).transpose(SOUND, UNIT).values
        layers = last["activations"].isel({LAYER: (last[TOWER] == ENCODER).values})
        for branch in BRANCHES:
            for layer in layers[LAYER].values:
                own = layers.sel({BRANCH: branch, LAYER: layer}).transpose(SOUND, UNIT).values
                estimate = of_matrices(partial(_cka, output, own), len(output))
                low, high = np.clip(estimate.interval(), -1, 1)
                ends = {"cka": estimate.value, "low": low, "high": high}
                rows.append({MODEL: name, BRANCH: branch, LAYER: int(layer)} | ends)
    return pd.DataFrame(rows)


def _cka(one: np.ndarray, other: np.ndarray, kept: np.ndarray) -> float:
    return similarity.cka(one[kept], other[kept], debiased=True)


def alone(study: Study, name: str, note: str) -> list[xr.DataArray]:
    """Return a network's layers (sound, unit), the last one merged (`note` "merged") or its left branch alone ("")."""
    last, features = streams(study, name), study.features(name)
    if note == MERGED:
        values, number = last["merged"].sel({OUTPUT: ENCODER}), int(features[-1][LAYER])
    else:
        encoder = last["activations"].sel({BRANCH: LEFT}).isel({LAYER: (last[TOWER] == ENCODER).values})
        values, number = encoder.isel({LAYER: -1}), int(encoder[LAYER][-1])
    final = features[-1].copy(data=values.transpose(SOUND, UNIT).values)
    return [*features[:-1], final.assign_coords({NOTE: note, LAYER: number})]


def last_layer(study: Study) -> pd.DataFrame:
    """Return the last encoder layer merged and left alone, and the best layer with and without it, by component.

    Median over splits of the study's metric; empty for data without components.
    """
    columns = [TARGET, "last_merged", "last_left", "best_merged", "best_without", MODEL]
    if not study.has(COMPONENTS):
        return pd.DataFrame(columns=columns)
    return pd.concat([_last_layer(study, name) for name in names(study)], ignore_index=True)


def _last_layer(study: Study, name: str) -> pd.DataFrame:
    responses = study.responses(COMPONENTS)
    score = partial(study.keep, encoding.score, responses=responses, splits=study.splits, **study.encoding)
    scores = {note: score(features=alone(study, name, note)) for note in (MERGED, "")}
    medians = {note: one[study.metric(one)].median(SPLIT) for note, one in scores.items()}
    columns = {
        "last_merged": medians[MERGED].isel({LAYER: -1}),
        "last_left": medians[""].isel({LAYER: -1}),
        "best_merged": medians[MERGED].max(LAYER),
        "best_without": medians[""].isel({LAYER: slice(None, -1)}).max(LAYER),
    }
    table = pd.DataFrame({key: value.to_series() for key, value in columns.items()})
    return table.rename_axis(TARGET).reset_index().assign(**{MODEL: name})


def shown_cost(costs: pd.DataFrame) -> text.Bilingual:
    """Return `last_layer` as a folded table; a sentence for data without components."""
    return text.both("say.no_cost") if costs.empty else text.table(costs, fold=True)


def frames_used(table: pd.DataFrame) -> text.Bilingual:
    """Return how many frames the maps on frames (`matrices`) use, and whether some were left out, of which networks."""
    rows = table[table["over"] == FRAMES].drop_duplicates(MODEL)
    groups = rows.groupby(["frame_step", "n_frames"], sort=False)[MODEL]
    return text.paragraph([_frames_used(own.tolist(), *map(int, counts)) for counts, own in groups])


def _frames_used(names: list[str], step: int, n: int) -> text.Bilingual:
    key = "say.every_frame" if step == 1 else "say.some_frames"
    return text.both(key, models=text.listed(MODEL, names), n=n, step=step)


def sentences(matrices: pd.DataFrame, merged: pd.DataFrame, costs: pd.DataFrame) -> text.Bilingual:
    """Return what the merged output resembles, and what leaving it out costs, in numbers of the three tables."""
    found: Sequence[str] = list(dict.fromkeys(merged[MODEL]))
    return text.markdown([text.paragraph(_said(name, matrices, merged, costs)) for name in found])


def _said(name: str, matrices: pd.DataFrame, merged: pd.DataFrame, costs: pd.DataFrame) -> list[text.Bilingual]:
    own = merged[merged[MODEL] == name]
    last = int(own[LAYER].max())
    left, right = (own[own[BRANCH] == branch].set_index(LAYER)["cka"] for branch in BRANCHES)
    both = matrices[(matrices[MODEL] == name) & (matrices["over"] == AVERAGES)]
    both = both[(both["row_branch"] == "right") & (both["column_branch"] == "left") & (both["row_layer"] == last)]
    to_left = both.set_index("column_layer")["cka"]
    said = [text.both("say.of_model", model=lambda labeller: labeller.name("model", name))]
    mixture = {"first_cka": float(left.loc[1]), "last_cka": float(left.loc[last]), "right_cka": float(right.loc[last])}
    early = {"early": float(to_left.loc[1]), "late": float(to_left.loc[last])}
    said += [text.both("say.merged", last=last, **mixture), text.both("say.right", last=last, **early)]
    return [*said, *_dropped(costs[costs[MODEL] == name])]


def _dropped(costs: pd.DataFrame) -> list[text.Bilingual]:
    """Return what leaving the last layer out costs; nothing without components to measure it by."""
    if costs.empty:
        return []
    best, without = (float(costs[name].mean()) for name in ("best_merged", "best_without"))
    return [text.both("say.dropped", best=best, without=without, n=len(costs))]
