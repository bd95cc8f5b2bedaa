"""Linear centred kernel alignment (CKA) between representations of the same sounds or frames.

For centred X (n, n_units_x), Y (n, n_units_y) with Gram matrices K = XX', L = YY':

    CKA = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)),    HSIC(K, L) = tr(K L) = ||X'Y||²_F

(Kornblith et al. 2019, eq. 4 and 5). The plain form is biased upwards when units outnumber samples; the debiased form
puts the unbiased HSIC of Song et al. 2012 (eq. 5) in its place, as Nguyen et al. 2021 do:

    HSIC1 = [tr(K~ L~) + 1'K~1 1'L~1 / ((n - 1)(n - 2)) - 2 / (n - 2) 1'K~L~1] / (n (n - 3)),    K~ = K - diag(K).

Both are invariant to rotations and isotropic scaling of the units, not to general linear maps.
"""

from __future__ import annotations

import numpy as np
import torch

from helpers.encoding.constant import centred


def cka(x, y, debiased: bool = False) -> float:
    """Return CKA of x (n, n_units_x) and y (n, n_units_y), from the smaller of Gram and covariance matrices.

    Raises ValueError when the rows do not match or are too few; NaN when one of the two does not vary.
    """
    x, y = (torch.as_tensor(np.asarray(part), dtype=torch.float64) for part in (x, y))
    if len(x) != len(y) or len(x) < 4:
        raise ValueError(f"x has {len(x)} rows and y has {len(y)}; CKA needs the same number, at least 4")
    x, y = _deviation(x), _deviation(y)
    hsic = _by_gram if len(x) <= max(x.shape[1], y.shape[1]) else _by_covariance
    return float(hsic(x, y, debiased) / (hsic(x, x, debiased) * hsic(y, y, debiased)).sqrt())


def matrix(x, y, debiased: bool = False) -> np.ndarray:
    """Return CKA between every layer of x (n_layers_x, n, n_units) and of y (n_layers_y, n, n_units)."""
    return np.array([[cka(one, other, debiased) for other in y] for one in x])


def _by_gram(x: torch.Tensor, y: torch.Tensor, debiased: bool) -> torch.Tensor:
    gram_x, gram_y = x @ x.T, y @ y.T
    if not debiased:
        return (gram_x * gram_y).sum()
    for gram in (gram_x, gram_y):
        gram.fill_diagonal_(0)
    sum_x, sum_y = gram_x.sum(0), gram_y.sum(0)
    return _unbiased(len(x), (gram_x * gram_y).sum(), sum_x.sum(), sum_y.sum(), sum_x @ sum_y)


def _by_covariance(x: torch.Tensor, y: torch.Tensor, debiased: bool) -> torch.Tensor:
    """Return the same numbers from X'Y: with centred columns the sums over K~ are those of its missing diagonal."""
    trace = (x.T @ y).square().sum()
    if not debiased:
        return trace
    norm_x, norm_y = x.square().sum(1), y.square().sum(1)
    both = norm_x @ norm_y
    return _unbiased(len(x), trace - both, -norm_x.sum(), -norm_y.sum(), both)


def _unbiased(n: int, trace, total_x, total_y, product) -> torch.Tensor:
    """Return HSIC1 from tr(K~ L~), 1'K~1, 1'L~1 and 1'K~L~1."""
    return (trace + total_x * total_y / ((n - 1) * (n - 2)) - 2 / (n - 2) * product) / (n * (n - 3))


def participation_ratio(x) -> float:
    """Return effective dimensions of x (n, n_units): (sum of principal variances)² / sum of their squares.

    1 when everything lies on a line, the number of units for independent ones of equal variance; NaN for constants.
    """
    deviation = _deviation(torch.as_tensor(np.asarray(x), dtype=torch.float64))
    variances = torch.linalg.svdvals(deviation).square()
    return float(variances.sum().square() / variances.square().sum())


def _deviation(x: torch.Tensor) -> torch.Tensor:
    """Return deviations of x (n, n_units) from its columns' means, exactly 0 where a column is constant.

    In units in which the largest is about 1, as sums of fourth powers of numbers of 1e-90 or 1e90 are 0 or infinite;
    the unit is a power of two, which changes no digit.
    """
    deviation, _ = centred(x)
    return deviation * torch.exp2(-torch.frexp(deviation.abs().max())[1].double())


BLOCK = 256  # samples at a time: large enough for fast products, small compared with what is kept


class StreamedCKA:
    """CKA between all layers over samples in batches, never all in memory; exact, not an average over batches.

    Keeps X_i'X_j for all pairs, their sums, and what the debiased form needs of the diagonals k_i = ||x_i||²:
    n_layers (n_layers + 1) / 2 * n_units² numbers in all, whatever the number of samples.
    """

    def __init__(self, n_layers: int, n_units: int, dtype: torch.dtype = torch.float64):
        self.n, self.n_layers, self.dtype = 0, n_layers, dtype
        self.shift = None  # the first batch's mean: subtracting it keeps large means from eating the digits
        self.sums = torch.zeros(n_layers, n_units, dtype=torch.float64)
        self.cross = [torch.zeros(n_units, (n_layers - i) * n_units, dtype=dtype) for i in range(n_layers)]
        self.norms = torch.zeros(n_layers, n_layers, dtype=torch.float64)  # sum of k_i l_i
        self.weighted = torch.zeros(n_layers, n_layers, n_units, dtype=torch.float64)  # sum of l_i x_i
        self.norm_sums = torch.zeros(n_layers, dtype=torch.float64)

    def add(self, batch) -> None:
        """Take a batch (n_layers, n_samples, n_units)."""
        x = torch.as_tensor(batch, dtype=self.dtype)
        if self.shift is None:
            self.shift = x.mean(1, keepdim=True)
        for part in x.split(BLOCK, 1):
            self._add(part - self.shift)

    def _add(self, x: torch.Tensor) -> None:
        self.n += x.shape[1]
        side_by_side = x.transpose(0, 1).flatten(1)  # (n_samples, n_layers * n_units)
        for layer, kept in enumerate(self.cross):
            kept.addmm_(x[layer].T, side_by_side[:, layer * x.shape[2] :])
        norms = x.square().sum(2)  # (n_layers, n_samples)
        self.sums += x.sum(1)
        self.norm_sums += norms.sum(1)
        self.norms += norms.double() @ norms.double().T
        self.weighted += torch.einsum("ins,jn->ijs", x, norms)

    def matrix(self, debiased: bool = False) -> np.ndarray:
        """Return CKA (n_layers, n_layers) over everything added; raises ValueError before there are four samples."""
        if self.n < 4:
            raise ValueError(f"{self.n} samples were added; CKA needs at least 4")
        hsic = torch.zeros(self.n_layers, self.n_layers, dtype=torch.float64)
        for i in range(self.n_layers):
            for j in range(i, self.n_layers):
                hsic[i, j] = hsic[j, i] = self._hsic(i, j, debiased)
        scale = hsic.diagonal().sqrt()
        return (hsic / scale[:, None] / scale).numpy()

    def _hsic(self, i: int, j: int, debiased: bool) -> torch.Tensor:
        """Return HSIC from deviations: sum (x - m_x)(y - m_y)' = X'Y - n m_x m_y' for means m, and likewise below."""
        n_units = self.sums.shape[1]
        mean_x, mean_y = self.sums[i] / self.n, self.sums[j] / self.n
        raw = self.cross[i][:, (j - i) * n_units : (j - i + 1) * n_units].double()
        trace = (raw - self.n * torch.outer(mean_x, mean_y)).square().sum()
        if not debiased:
            return trace
        both = self._norm_product(i, j, raw, mean_x, mean_y)
        total_x = -(self.norm_sums[i] - self.n * mean_x @ mean_x)
        total_y = -(self.norm_sums[j] - self.n * mean_y @ mean_y)
        return _unbiased(self.n, trace - both, total_x, total_y, both)

    def _norm_product(self, i: int, j: int, raw: torch.Tensor, mean_x: torch.Tensor, mean_y: torch.Tensor):
        """Sum over samples of ||x - m_x||² ||y - m_y||², multiplied out into the sums that were kept."""
        square_x, square_y = mean_x @ mean_x, mean_y @ mean_y
        product = self.norms[i, j] - 2 * mean_x @ self.weighted[i, j] - 2 * mean_y @ self.weighted[j, i]
        product = product + 4 * mean_x @ raw @ mean_y + square_x * self.norm_sums[j] + square_y * self.norm_sums[i]
        linear = square_y * (mean_x @ self.sums[i]) + square_x * (mean_y @ self.sums[j])
        return product - 2 * linear + self.n * square_x * square_y
