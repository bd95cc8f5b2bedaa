"""What the miniature learns to predict: discrete codes of what each frame and its surroundings sound like."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA

from helpers.names import UserError

LEAST_USE = 0.1  # of the codes in use, by perplexity; a collapsed codebook is predicted without hearing anything


def codes_of(mels: np.ndarray, spans: list[int], n_codes: int, components: int, seed: int) -> np.ndarray:
    """Codes (n_sounds, n_frames, n_codebooks) of mel frames (n_sounds, n_frames, n_mels), one codebook per span.

    A codebook is k-means over `span` frames stacked around each frame and whitened (PCA, equal variances), so that
    weak regularities such as harmonics count as much as loudness. Raises UserError when a codebook collapses.
    """
    books = [_codebook(mels, span, n_codes, components, seed + i) for i, span in enumerate(spans)]
    for span, book in zip(spans, books, strict=True):
        check_use(book, n_codes, span)
    return np.stack([book.reshape(mels.shape[:2]) for book in books], -1)


def _codebook(mels: np.ndarray, span: int, n_codes: int, components: int, seed: int) -> np.ndarray:
    """Cluster numbers (n_sounds * n_frames,)."""
    frames = stacked(mels, span).reshape(-1, span * mels.shape[-1])
    components = min(components, *frames.shape)
    white = PCA(components, whiten=True, svd_solver="randomized", random_state=seed).fit_transform(frames)
    means = MiniBatchKMeans(n_codes, random_state=seed, batch_size=4096, n_init=1, max_iter=30)
    return means.fit_predict(white)


def stacked(mels: np.ndarray, span: int) -> np.ndarray:
    """Each frame beside its `span` - 1 neighbours, edges repeated: (B, T, n_mels) -> (B, T, span * n_mels)."""
    before = (span - 1) // 2
    padded = np.pad(mels, ((0, 0), (before, span - 1 - before), (0, 0)), mode="edge")
    return np.concatenate([padded[:, i : i + mels.shape[1]] for i in range(span)], -1)


def perplexity(codes: np.ndarray, n_codes: int) -> float:
    """exp(entropy): how many of the codes are in use, 1 when all frames share one."""
    share = np.bincount(codes.ravel(), minlength=n_codes) / codes.size
    share = share[share > 0]
    return float(np.exp(-(share * np.log(share)).sum()))


def check_use(codes: np.ndarray, n_codes: int, span: int) -> None:
    """Raise UserError when a codebook has collapsed: the loss would fall to 0 with nothing learned."""
    used = perplexity(codes, n_codes)
    if used < LEAST_USE * n_codes:
        raise UserError(
            f"the training targets collapsed: codebook of span {span} uses {used:.1f} of {n_codes} codes, expected at "
            f"least {LEAST_USE * n_codes:.0f}; give more varied sounds or fewer `codes`"
        )
