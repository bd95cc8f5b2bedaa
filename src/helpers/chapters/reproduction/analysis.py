"""This run against the published figures, point by point and curve by curve."""

from __future__ import annotations

import pandas as pd

from helpers import models, stats, text
from helpers.brain import published
from helpers.chapters.components import analysis as components
from helpers.chapters.regularisation import analysis as regularisation
from helpers.chapters.voxelwise import analysis as voxelwise
from helpers.chapters.voxelwise import tables
from helpers.models import ModelEntry
from helpers.models.encodecmae import published as networks
from helpers.names import COMPONENTS, ESTIMATOR, LAYER, MODEL, STEP, TARGET, VOXELS
from helpers.stats import selection
from helpers.study import Study

# The names under which the figures show the published weights
NAMES = dict(zip(networks.PUBLISHED, ("mixture", "audioset", "music", "speech"), strict=True))
MIXTURE = NAMES[networks.PUBLISHED[0]]  # the one that figures of a single network are about
QUANTITY, RUN, READ, ERROR = "quantity", "run", "published", "uncertainty"
COLUMNS = [QUANTITY, MODEL, TARGET, LAYER, STEP, RUN, READ, ERROR]
SAME = [MODEL, TARGET, LAYER]  # what a point of this run and a published one have in common
METRIC, CORRECTED = "r2_pearson", "r2_corrected"  # of the published figures, of components and of voxels
ALL = "all"  # voxels of all regions


def points(study: Study) -> pd.DataFrame:
    """Return one row per point that both have: quantity, model, target, layer, step, run, published, uncertainty.

    Empty for synthetic data and for studies without published networks. Joined by name, never by position.
    """
    known = {} if study.brain.synthetic else _published_as(study)
    parts = [*_of_components(study, known), *_of_estimators(study, known), *_of_voxels(study, known)]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def _published_as(study: Study) -> dict[str, str]:
    """Return this study's name -> the figures' name of the models with published weights."""
    found = {entry.name: _figure_name(entry) for entry in study.parameters.models}
    return {name: other for name, other in found.items() if other}


def _figure_name(entry: ModelEntry) -> str | None:
    """Return the figures' name; a series of checkpoints, which has none, is the mixture's if it is named so."""
    if models.FAMILIES.get(entry.family) is not networks:
        return None
    settings = models.check(entry)
    if settings.weights is not None:
        return NAMES.get(settings.weights)
    return MIXTURE if entry.name == MIXTURE else None


def _of_components(study: Study, known: dict[str, str]) -> list[pd.DataFrame]:
    if not known or not study.has(COMPONENTS):
        return []
    run = stats.curves(stats.rows(components.scores(study)), METRIC)
    run = _named(run, known).rename(columns={"median_r2": RUN})
    by_layer = pd.concat([published.table(name) for name in ("components_by_layer", "components_audioset_extra")])
    learning = published.table("learning_dynamics").assign(**{MODEL: MIXTURE})
    return [
        _joined("components", stats.trained(run), _read(by_layer), SAME),
        _joined("learning", run, _read(learning), [*SAME, STEP]),
    ]


def _of_estimators(study: Study, known: dict[str, str]) -> list[pd.DataFrame]:
    """Return ridge and multi-task lasso where the study has them; the published figure shows the mixture."""
    if not known or not study.has(COMPONENTS) or regularisation.NAME not in study.parameters.chapters:
        return []
    run = selection.curves(selection.rows([regularisation.scores(study, name) for name in known]))
    run = _named(run, known).rename(columns={selection.VALUE: RUN})
    read = _read(regularisation.overlay(study)).assign(**{MODEL: MIXTURE})
    return [
        _joined(name, run[run[ESTIMATOR] == name], read[read[ESTIMATOR] == name], SAME) for name in ("ridge", "lasso")
    ]


def _of_voxels(study: Study, known: dict[str, str]) -> list[pd.DataFrame]:
    """Return voxel scores if noise-corrected, as all published ones are; others cannot be compared."""
    if not known or not study.has(VOXELS):
        return []
    scores = [one for one in voxelwise.scores(study) if str(one[MODEL].values) in known]
    if not all(CORRECTED in one for one in scores):
        return []
    of_models = voxelwise.of_models
    pooled = _named(of_models(scores, tables.pooled, CORRECTED), known).assign(**{TARGET: ALL})
    regions = of_models(scores, tables.regions, CORRECTED)
    regions = _named(regions[regions["hemisphere"] == tables.BOTH], known)
    by_layer = published.table("voxelwise_by_layer").assign(**{TARGET: ALL})
    by_region = published.table("roi_by_layer").assign(**{MODEL: MIXTURE}).rename(columns={"roi": TARGET})
    return [
        _joined("voxels", pooled.rename(columns={"median_r2": RUN}), _read(by_layer), SAME),
        _joined("regions", regions.rename(columns={"mean_r2": RUN, "region": TARGET}), _read(by_region), SAME),
    ]


def _named(table: pd.DataFrame, known: dict[str, str]) -> pd.DataFrame:
    """Return the rows of the published networks, under the names of the figures."""
    return table[table[MODEL].isin(known)].assign(**{MODEL: table[MODEL].map(known)})


def _read(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={"median_r2": READ, "median_r2_c": READ, "component": TARGET})


def _joined(quantity: str, run: pd.DataFrame, read: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    both = run.merge(read[[*keys, READ, ERROR]], on=keys, validate="one_to_one").assign(**{QUANTITY: quantity})
    return both.reindex(columns=COLUMNS)


def curves(points: pd.DataFrame) -> pd.DataFrame:
    """Return one row per curve: points, largest and mean absolute difference, reading error, points beyond it."""
    difference = (points[RUN] - points[READ]).abs()
    table = points.assign(difference=difference, beyond=difference > points[ERROR])
    found = table.groupby([QUANTITY, MODEL, TARGET], sort=False).agg(
        n_points=("difference", "size"), largest=("difference", "max"), mean=("difference", "mean"),
        uncertainty=(ERROR, "max"), n_beyond=("beyond", "sum"),
    )  # fmt: skip
    return found.reset_index()


def sentences(curves: pd.DataFrame) -> text.Bilingual | None:
    """Return how far this run and the figures differ, and in which curve most; nothing where nothing is compared."""
    if curves.empty:
        return None
    worst = curves.loc[curves["largest"].idxmax()]
    words = {
        "quantity": lambda labeller: labeller.name("quantity", worst[QUANTITY]),
        "model": lambda labeller: labeller.name("model", worst[MODEL]),
        "target": lambda labeller: labeller.name("target", worst[TARGET]),
    }
    counts = {"n": int(curves["n_points"].sum()), "n_curves": len(curves), "beyond": int(curves["n_beyond"].sum())}
    return text.both("say.reproduction", **counts, **words, largest=float(worst["largest"]))


def shown(curves: pd.DataFrame) -> text.Bilingual:
    """Return `curves` as a table, or why there is nothing to compare."""
    if curves.empty:
        return text.both("say.nothing_published")
    return text.table(curves.rename(columns={TARGET: "curve"}), digits=4)
