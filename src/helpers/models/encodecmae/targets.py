"""Prediction targets of pretraining: discrete codes of each frame and its neighbours.

Frames are stacked and whitened, z = PCA(stack) / standard deviations, so that weak regularities such as harmonics count
as much as loudness; then the components are distributed over the codebooks in turn, and each codebook is k-means on its
own share (product quantisation, Jégou, Douze & Schmid 2011). Codebooks thus describe different aspects of a frame.
"""

from __future__ import annotations

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA

from helpers.errors import UserError

LEAST_USE = 0.1  # of the codes in use, by perplexity; a collapsed codebook is predicted without any input


def codes_of(mels: np.ndarray, span: int, components: int, codebooks: int, codes: int, seed: int) -> np.ndarray:
    """Return codes (n_sounds, n_frames, codebooks), each 0 .. codes - 1, of mel frames (n_sounds, n_frames, n_mels).

    `span`: frames stacked; `components`: principal components kept in whitening. Raises UserError when a codebook
    collapses, and when there are too few frames for that many codes or components.
    """
    frames = stacked(mels, span).reshape(-1, span * mels.shape[-1])
    if len(frames) < max(components, codes):
        raise UserError(
            f"{len(frames)} frames of sound are too few to learn from, expected at least {max(components, codes)} "
            "for so many `components` and `codes`; give more sounds or lower these"
        )
    white = PCA(components, whiten=True, svd_solver="randomized", random_state=seed).fit_transform(frames)
    books = [_clusters(white[:, i::codebooks], codes, (seed + i) % 2**32) for i in range(codebooks)]
    check_use(books, codes)
    return np.stack(books, -1).reshape(*mels.shape[:2], codebooks)


def _clusters(features: np.ndarray, codes: int, seed: int) -> np.ndarray:
    """Return the nearest of `codes` centres for each row."""
    means = MiniBatchKMeans(codes, random_state=seed, batch_size=2048, n_init=1, max_iter=15)
    return means.fit_predict(np.ascontiguousarray(features))


def stacked(mels: np.ndarray, span: int) -> np.ndarray:
    """Return (B, T, span * n_mels): each frame of (B, T, n_mels) beside its `span` - 1 neighbours, edges repeated."""
    before = (span - 1) // 2
    padded = np.pad(mels, ((0, 0), (before, span - 1 - before), (0, 0)), mode="edge")
    return np.concatenate([padded[:, i : i + mels.shape[1]] for i in range(span)], -1)


def perplexity(codes: np.ndarray, n_codes: int) -> float:
    """Return exp(entropy) of the codes: how many are in use, 1 when all frames share one."""
    share = np.bincount(codes.ravel(), minlength=n_codes) / codes.size
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()))


def check_use(books: list[np.ndarray], n_codes: int) -> None:
    """Raise UserError when a codebook has collapsed: the loss would fall to 0 with nothing learned."""
    used = min(perplexity(book, n_codes) for book in books)
    if used < max(LEAST_USE * n_codes, 1.5):
        raise UserError(
            f"the training targets collapsed: a codebook uses {used:.1f} of {n_codes} codes, expected at least "
            f"{max(LEAST_USE * n_codes, 1.5):.1f}; give more varied sounds or fewer `codes`"
        )
