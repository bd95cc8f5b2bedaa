"""Chapter 03: the six components by layer, model and checkpoint."""

from __future__ import annotations

from functools import cache

import pandas as pd

from helpers import tables, text
from helpers.names import COMPONENTS, LAYER, MODEL, SOUND, STEP, TARGET, UNIT, UserError
from helpers.pipeline.work import Work


@cache
def scores(work: Work) -> pd.DataFrame:
    """One row per model, step, layer, split and component; raises UserError for a dataset without components."""
    components = work.brain.components
    if components is None:
        raise UserError(f"dataset '{work.study.dataset}' has no components; leave 03_components out of `chapters`")
    rows = [tables.tidy(work.scores(name, "components", components)) for name in work.model_names]
    return work.kept("component_scores", pd.concat(rows, ignore_index=True))


def curves(work: Work) -> pd.DataFrame:
    """Median r² over splits by model, step, layer and component."""
    return work.kept("component_curves", tables.curves(scores(work)))


def best(work: Work) -> pd.DataFrame:
    """The best layer of each model, step and component."""
    return work.kept("component_best", tables.best_layers(curves(work)))


@cache
def predicted(work: Work) -> pd.DataFrame:
    """Measured and predicted response of every sound, by its best model and layer, both in standard deviations.

    A prediction is the mean over the splits that tested the sound, so it is never of a sound that was trained on.
    """
    top = tables.trained(best(work)).sort_values("median_r2").drop_duplicates(TARGET, keep="last")
    rows = [_predicted(work, row) for row in top.set_index(TARGET).loc[list(COMPONENTS)].reset_index().itertuples()]
    return work.kept("component_predicted", pd.concat(rows, ignore_index=True))


def _predicted(work: Work, row) -> pd.DataFrame:
    x = work.features(row.model).sel({STEP: row.step, LAYER: row.layer}).transpose(SOUND, UNIT)
    y = work.brain.components.sel({TARGET: row.target, SOUND: x[SOUND].values})
    table = tables.predicted(x, y, work.train.sel({SOUND: x[SOUND].values}))
    return table.assign(category=work.brain.waveforms["category"].sel({SOUND: table[SOUND].values}).values).assign(
        **{TARGET: row.target, MODEL: row.model, LAYER: row.layer}
    )


def sentences(work: Work) -> text.Bilingual:
    """One sentence per component: who predicts it best, where, and what the untrained network reaches."""
    return text.markdown([text.both(key, **values) for key, values in tables.component_sentences(best(work))])
