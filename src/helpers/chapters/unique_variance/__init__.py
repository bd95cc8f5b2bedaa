"""Chapter 12: what each network explains beyond acoustics, beyond labels, and beyond both."""

from helpers.chapters.chapter import STUDY, Chapter
from helpers.chapters.unique_variance import figures
from helpers.chapters.unique_variance.analysis import beyond, others, partitions, responses, said, sentences, summary

__all__ = ["CHAPTER", "beyond", "figures", "others", "partitions", "responses", "said", "sentences", "summary"]

CHAPTER = Chapter("12_unique_variance", per=STUDY, n_baselines=1, estimators=frozenset({"ridge"}))
