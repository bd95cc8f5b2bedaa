"""Chapter 08: this run against the published figures, curve by curve, where the published networks were run."""

from __future__ import annotations

from functools import cache

import pandas as pd

from helpers import published, text
from helpers.models.encodecmae import PUBLISHED
from helpers.names import ESTIMATOR, LAYER, MODEL, STEP, TARGET
from helpers.params import ModelEntry
from helpers.pipeline import components, regularisation, voxelwise
from helpers.pipeline.work import Work

# The names under which the figures show the published weights
NAMES = dict(zip(PUBLISHED, ("mixture", "audioset", "music", "speech"), strict=True))
QUANTITY, RUN, READ, ERROR = "quantity", "run", "published", "uncertainty"
COLUMNS = [QUANTITY, MODEL, TARGET, LAYER, STEP, RUN, READ, ERROR]
ALL = "all"  # voxels of all regions


@cache
def points(work: Work) -> pd.DataFrame:
    """One row per point that both have: quantity, model, target, layer, step, run, published, uncertainty.

    Empty for synthetic data and for studies without published networks. Joined by name, never by position.
    """
    known = {} if work.brain.synthetic else _published_as(work)
    parts = [
        part
        for part in (*_of_components(work, known), *_of_estimators(work, known), *_of_voxels(work, known))
        if len(part)
    ]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return work.kept("reproduction", table)


def _published_as(work: Work) -> dict[str, str]:
    """This study's name -> the figures' name, for the models whose weights are the published ones."""
    found = {entry.name: _figure_name(entry) for entry in work.study.models}
    return {name: other for name, other in found.items() if other}


def _figure_name(entry: ModelEntry) -> str | None:
    """The published series of checkpoints has no name of its own: it is taken for the mixture's if so called."""
    if entry.family != "encodecmae":
        return None
    return NAMES.get(entry.settings.get("weights", "")) or (
        "mixture" if entry.name == "mixture" and "checkpoints" in entry.settings else None
    )


def _of_components(work: Work, known: dict[str, str]) -> list[pd.DataFrame]:
    if not known or work.brain.components is None:
        return []
    run = _named(components.curves(work), known).rename(columns={"median_r2": RUN})
    last = run[run[STEP] == run.groupby(MODEL)[STEP].transform("max")]
    read = pd.concat([published.table(name) for name in ("components_by_layer", "components_audioset_extra")])
    learned = published.table("learning_dynamics").assign(**{MODEL: "mixture"})
    return [
        _joined("components", last, _read(read), [MODEL, TARGET, LAYER]),
        _joined("learning", run, _read(learned), [MODEL, TARGET, LAYER, STEP]),
    ]


def _of_estimators(work: Work, known: dict[str, str]) -> list[pd.DataFrame]:
    """Ridge and multi-task lasso, where the study has that chapter; the published figure is about the mixture."""
    if not known or work.brain.components is None or "06_regularisation" not in work.study.chapters:
        return []
    run = _named(regularisation.curves(work), known).rename(columns={"median_r2_determination": RUN})
    read = _read(regularisation.overlay(work)).assign(**{MODEL: "mixture"})
    return [
        _joined(name, run[run[ESTIMATOR] == name], read[read[ESTIMATOR] == name], [MODEL, TARGET, LAYER])
        for name in ("ridge", "lasso")
    ]


def _of_voxels(work: Work, known: dict[str, str]) -> list[pd.DataFrame]:
    """Only noise-corrected values can be compared with the published ones, which all are."""
    if not known or work.brain.voxels is None or not (voxelwise.pooled(work)["metric"] == "r2_corrected").all():
        return []
    pooled = _named(voxelwise.pooled(work), known).rename(columns={"median_r2": RUN}).assign(**{TARGET: ALL})
    regions = _named(voxelwise.regions(work), known).rename(columns={"mean_r2": RUN, "region": TARGET})
    both = regions[regions["hemisphere"] == "both"]
    by_layer = published.table("voxelwise_by_layer").assign(**{TARGET: ALL})
    by_region = published.table("roi_by_layer").assign(**{MODEL: "mixture"}).rename(columns={"roi": TARGET})
    keys = [MODEL, TARGET, LAYER]
    return [_joined("voxels", pooled, _read(by_layer), keys), _joined("regions", both, _read(by_region), keys)]


def _named(table: pd.DataFrame, known: dict[str, str]) -> pd.DataFrame:
    return table[table[MODEL].isin(known)].assign(**{MODEL: table[MODEL].map(known)})


def _read(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={"median_r2": READ, "median_r2_c": READ, "component": TARGET})


def _joined(quantity: str, run: pd.DataFrame, read: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    both = run.merge(read[[*keys, READ, ERROR]], on=keys, validate="one_to_one").assign(**{QUANTITY: quantity})
    return both.reindex(columns=COLUMNS)


def curves(work: Work) -> pd.DataFrame:
    """One row per curve: points, largest and mean absolute difference, reading error, points apart by more than it."""
    table = points(work)
    apart = (table[RUN] - table[READ]).abs()
    table = table.assign(apart=apart, beyond=apart > table[ERROR])
    found = table.groupby([QUANTITY, MODEL, TARGET], sort=False).agg(
        n_points=("apart", "size"), largest=("apart", "max"), mean=("apart", "mean"),
        uncertainty=(ERROR, "max"), n_beyond=("beyond", "sum"),
    )  # fmt: skip
    return work.kept("reproduction_curves", found.reset_index())


def shown(work: Work) -> text.Bilingual:
    """The table of curves, or why there is nothing to compare."""
    if points(work).empty:
        return text.both("say.nothing_published")
    return text.table(curves(work).rename(columns={TARGET: "curve"}), digits=4)


def sentences(work: Work) -> text.Bilingual | None:
    """How far this run and the figures are apart, and in which curve most; nothing where nothing is compared."""
    if points(work).empty:
        return None
    table = curves(work)
    worst = table.loc[table["largest"].idxmax()]
    words = {
        "quantity": lambda labeller: labeller.name("quantity", worst[QUANTITY]),
        "model": lambda labeller: labeller.name("model", worst[MODEL]),
        "target": lambda labeller: labeller.name("target", worst[TARGET]),
    }
    counts = {"n": int(table["n_points"].sum()), "n_curves": len(table), "beyond": int(table["n_beyond"].sum())}
    return text.both("say.reproduction", **counts, **words, largest=float(worst["largest"]))
