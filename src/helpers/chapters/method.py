"""Method of a study in one sentence, with numbers from its splits and scores."""

from __future__ import annotations

import xarray as xr

from helpers import text
from helpers.names import SPLIT
from helpers.text import Labeller

text.words(
    "method",
    en={
        "scheme": {
            "published": "random halves, as published",
            "permuted": "random halves in random order, as published for the comparison with the lasso",
            "stratified": "folds with the same share of every category",
            "leave_category_out": "one category left out at a time",
            "grouped": "one group of sounds left out at a time",
        },
        "splits": "In each of {n_splits} {n_splits:split|splits} ({scheme}), {train} {train:sound|sounds} train and "
        "{test} test. Alpha is chosen on the train sounds among {n_alphas} values from {lowest} to {highest}.",
        "splits_varied": "In each of {n_splits} splits ({scheme}), {train} to {train_most} sounds train and {test} to "
        "{test_most} test. Alpha is chosen on the train sounds among {n_alphas} values from {lowest} to {highest}.",
    },
    es={
        "scheme": {
            "published": "mitades al azar, como en el análisis publicado",
            "permuted": "mitades al azar y en orden aleatorio, como en la comparación publicada con el lasso",
            "stratified": "bloques con la misma proporción de cada categoría",
            "leave_category_out": "una categoría de prueba por vez",
            "grouped": "un grupo de sonidos de prueba por vez",
        },
        "splits": "En cada una de {n_splits} {n_splits:partición|particiones} ({scheme}), {train} sonidos son de "
        "entrenamiento y {test}, de prueba. El alfa se elige con los de entrenamiento, entre {n_alphas} valores de "
        "{lowest} a {highest}.",
        "splits_varied": "En cada una de {n_splits} particiones ({scheme}), de {train} a {train_most} sonidos son "
        "de entrenamiento y de {test} a {test_most}, de prueba. El alfa se elige con los de entrenamiento, entre "
        "{n_alphas} valores de {lowest} a {highest}.",
    },
)


def method(splits: xr.DataArray, scores: xr.Dataset, scheme: str) -> text.Bilingual:
    """Return how many sounds train and test in `splits` (split, sound), and which alphas `scores` were searched on."""
    train, test = ((splits == part).sum("sound") for part in ("train", "test"))
    counts = {"train": int(train.min()), "test": int(test.min()), "n_splits": splits.sizes[SPLIT]}
    most = {"train_most": int(train.max()), "test_most": int(test.max())}
    varied = (counts["train"], counts["test"]) != (most["train_most"], most["test_most"])

    def power(name: str):
        return lambda labeller: labeller.power(scores.attrs[name])

    words = {
        "lowest": power("lowest_alpha"),
        "highest": power("highest_alpha"),
        "n_alphas": int(scores.attrs["n_alphas"]),
    }

    def named(labeller: Labeller) -> str:
        return labeller(f"method.scheme.{scheme}")

    return text.both("method.splits_varied" if varied else "method.splits", scheme=named, **counts, **most, **words)
