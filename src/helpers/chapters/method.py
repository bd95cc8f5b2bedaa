"""Method of a study in a sentence, with numbers from its splits and scores, and what few sounds do not allow to say."""

from __future__ import annotations

import xarray as xr

from helpers import encoding, text
from helpers.encoding import splits as schemes
from helpers.names import SOUND, SPLIT
from helpers.text import Labeller

FEW = 40  # sounds, below which it is said what cannot be known

text.words(
    "method",
    en={
        "scheme": {
            "published": "random halves, as published",
            "permuted": "random halves in random order, as published for the comparison with the lasso",
            "stratified": "folds with the same share of every category",
            "halves": "each half trains once and tests once",
            "leave_category_out": "one category left out at a time",
            "grouped": "one group of sounds left out at a time",
        },
        "splits": "In each of {n_splits} {n_splits:split|splits} ({scheme}), {train} {train:sound|sounds} train and "
        "{test} test. Alpha is chosen on the train sounds among {n_alphas} values from {lowest} to {highest}.",
        "splits_varied": "In each of {n_splits} {n_splits:split|splits} ({scheme}), {train} to {train_most} sounds "
        "train and {test} to {test_most} test. Alpha is chosen on the train sounds among {n_alphas} values from "
        "{lowest} to {highest}.",
        "few": "With only {n} sounds, {train} to train and {test} to test, much cannot be said. Among {test} sounds, a "
        "correlation above {critical} (r² above {r2}) comes about by chance in one of twenty cases: a lower r² of one "
        "split is not distinguished from none. Nor are differences between layers or networks that are smaller than "
        "their spread over splits, and an r² near 0 does not show that a network lacks what a response needs: so few "
        "sounds may not be enough to learn it from. Nothing follows for categories, or for sounds unlike these.",
    },
    es={
        "scheme": {
            "published": "mitades al azar, como en el análisis publicado",
            "permuted": "mitades al azar y en orden aleatorio, como en la comparación publicada con el lasso",
            "stratified": "bloques con la misma proporción de cada categoría",
            "halves": "cada mitad entrena una vez y se evalúa una vez",
            "leave_category_out": "una categoría de prueba por vez",
            "grouped": "un grupo de sonidos de prueba por vez",
        },
        "splits": "En cada una de {n_splits} {n_splits:partición|particiones} ({scheme}), {train} sonidos son de "
        "entrenamiento y {test}, de prueba. El alfa se elige con los de entrenamiento, entre {n_alphas} valores de "
        "{lowest} a {highest}.",
        "few": "Con solo {n} sonidos, {train} de entrenamiento y {test} de prueba, hay mucho que no se puede afirmar. "
        "Entre {test} sonidos, una correlación mayor que {critical} (r² mayor que {r2}) aparece por azar en uno de "
        "cada veinte casos: un r² menor en una partición no se distingue de ninguno. Tampoco se distinguen las "
        "diferencias entre capas o redes menores que su dispersión entre particiones, y un r² cercano a 0 no muestra "
        "que a una red le falte lo que una respuesta necesita: tan pocos sonidos pueden no alcanzar para aprenderlo. "
        "Nada se sigue para las categorías ni para sonidos distintos de estos.",
        "splits_varied": "En cada una de {n_splits} {n_splits:partición|particiones} ({scheme}), de {train} a "
        "{train_most} sonidos son de entrenamiento y de {test} a {test_most}, de prueba. El alfa se elige con los de "
        "entrenamiento, entre {n_alphas} valores de {lowest} a {highest}.",
    },
)


def method(splits: xr.DataArray, scores: xr.Dataset, scheme: str | None) -> text.Bilingual:
    """Return how many sounds train and test in `splits` (split, sound), and which alphas `scores` were searched on.

    Of fewer than FEW sounds also what they do not allow to say. `scheme` None: the one planned for so many sounds.
    """
    scheme = scheme or schemes.planned(splits.sizes[SOUND])
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

    said = text.both("method.splits_varied" if varied else "method.splits", scheme=named, **counts, **most, **words)
    n_sounds = splits.sizes[SOUND]
    if n_sounds >= FEW:
        return said
    critical = encoding.critical_correlation(counts["test"])
    few = text.both("method.few", n=n_sounds, **counts, critical=critical, r2=critical**2)
    return text.markdown([said, few])
