"""Chapter 03: the six components by layer, model and checkpoint."""

from __future__ import annotations

from functools import cache

import pandas as pd

from helpers import tables, text
from helpers.names import UserError
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


def sentences(work: Work) -> text.Bilingual:
    """One sentence per component: who predicts it best, where, and what the untrained network reaches."""
    return text.markdown([text.both(key, **values) for key, values in tables.component_sentences(best(work))])
