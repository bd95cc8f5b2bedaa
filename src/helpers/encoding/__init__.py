"""Encoding models: how well a network's layers predict responses to the same sounds. Arrays in, scores out."""

from helpers.encoding.left_out import statistic, without_each_sound
from helpers.encoding.metrics import METRICS
from helpers.encoding.noise import critical_correlation, is_correctable, n_repetitions
from helpers.encoding.permutation import permutation_test
from helpers.encoding.score import ESTIMATORS, predict, prepared, score
from helpers.encoding.splits import SCHEMES

__all__ = [
    "ESTIMATORS", "METRICS", "SCHEMES", "critical_correlation", "is_correctable", "n_repetitions", "permutation_test",
    "predict", "prepared", "score", "statistic", "without_each_sound",
]  # fmt: skip
