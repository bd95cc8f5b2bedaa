"""Ridge regression of many targets at once, each with its own alpha chosen by closed-form leave-one-out.

For centred X (n_train, n_units) = U S V' and centred Y, ridge predicts with V diag(s / (s² + alpha)) U'Y. Leaving out
sound i changes the error at i to

    e_i(alpha) = [(I - 11'/n - U diag(s² / (s² + alpha)) U') y]_i / [the same matrix]_ii,

so one decomposition serves every alpha and every target, and the errors of all of them are one matrix product
(Golub, Heath & Wahba 1979; the 1/n is the leverage of the intercept). That product is nearly all of the cost, so it is
done for few alphas: beyond s²max the mean squared error is a smooth function of 1 / alpha, below s²min of alpha, and
three values fix each of the two ends to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from helpers.encoding.constant import centred, tensor
from helpers.encoding.fit import Fit, checked_alphas

ALPHAS = np.array([float(f"1e{k}") for k in range(-50, 50)])  # those of the published analysis

EPSILON = torch.finfo(torch.float64).eps
PLATEAU = 1e-12  # relative gain over alpha = infinity below which the choice of alpha is rounding noise
END = 1e-5  # share of s²min (or s²max / alpha) from which three nodes fix the error: its cube is below rounding
BLOCK = 256  # targets at a time: the residuals of three repetitions at some 20 alphas stay in a core's cache


@dataclass(frozen=True)
class RidgeFit(Fit):
    """Ridge fits of a block of targets."""

    ridge: RidgeLOO
    errors: torch.Tensor  # (n_targets, n_alphas), mean squared leave-one-out errors, alphas descending
    coordinates: torch.Tensor  # (n_targets, rank), of the prediction in the directions U

    @property
    def criterion(self) -> torch.Tensor:
        """The mean squared leave-one-out error (n_alphas, n_targets)."""
        return self.errors.flip(1).T

    @property
    def loo_error(self) -> torch.Tensor:
        """The mean squared leave-one-out error at the chosen alpha (n_targets,)."""
        at = len(self.alphas) - 1 - torch.searchsorted(self.alphas, self.alpha)
        return self.errors.gather(1, at[:, None])[:, 0]

    @property
    def train(self) -> torch.Tensor:
        """Predictions of the train sounds (n_train, n_targets)."""
        return (self.coordinates @ self.ridge.left.T).T

    @property
    def test(self) -> torch.Tensor:
        """Predictions of the test sounds (n_test, n_targets)."""
        return (self.coordinates @ self.ridge.test.T).T


class RidgeLOO:
    """Ridge with an intercept on one train set; `fit` takes any number of targets.

    x_train (n_train, n_units) and x_test (n_test, n_units) are arrays in any float type; everything is computed in
    float64 on `device`. `alphas` (n_alphas,) ascend; of equal errors the largest alpha wins. Where no alpha beats an
    infinite one by more than rounding, the largest is chosen and the prediction is exactly 0.
    Raises ValueError for alphas that are not positive and ascending or for values that are not finite.
    """

    ALPHAS = ALPHAS
    shares_alpha = False
    selects = False

    def __init__(self, x_train, x_test, alphas=ALPHAS, device: str = "cpu"):
        self.alphas = _tensor(checked_alphas(alphas), device)
        self._descending = self.alphas.flip(0)  # searched from the largest: of equal errors the first wins
        x_train, x_test = _tensor(x_train, device), _tensor(x_test, device)
        if not (x_train.isfinite().all() and x_test.isfinite().all()):
            raise ValueError("activations hold NaN or infinite values; ridge needs every value")
        x, mean = centred(x_train)
        self._decompose(x, x_test - mean)
        self.nodes, self.from_nodes = self._nodes()
        self.residual_maker = self.residual_maker_at(self._descending[self.nodes])
        self.shrinkage = self._shrinkage()

    def _decompose(self, x: torch.Tensor, x_test: torch.Tensor) -> None:
        """Keep U (n_train, rank), s² (rank,), the test sounds in those coordinates X_test V / s, and what U misses."""
        left, singular, right = torch.linalg.svd(x, full_matrices=False)
        kept = singular > singular.max() * max(x.shape) * EPSILON
        kept[len(x) - 1 :] = False  # centred rows: one direction is lost, even if rounding hides it
        self.left, self.squared = left[:, kept], singular[kept] ** 2
        self.test = x_test @ right[kept].T / singular[kept]
        missed = torch.eye(len(x), dtype=x.dtype, device=x.device) - 1 / len(x) - self.left @ self.left.T
        reached = missed.diagonal() < len(x) * EPSILON  # a projection's row is 0 where its diagonal is
        self.missed = missed.masked_fill(reached[:, None] | reached, 0)

    def _nodes(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the descending alphas to compute (n_nodes,), and the matrix (n_nodes, n_alphas) to the errors of all.

        Each end of the list with more than three alphas is a quadratic through its first, its last and a neighbour,
        in the variable that vanishes there.
        """
        n_alphas = len(self._descending)
        high = int((self._descending * END > self._largest()).sum())
        first = n_alphas - int((self._descending < END * self._smallest()).sum())
        matrix = torch.eye(n_alphas, dtype=torch.float64, device=self._descending.device)
        if high > 3:
            _interpolate(matrix, [0, high - 2, high - 1], range(high), 1 / self._descending)
        if n_alphas - first > 3:
            _interpolate(matrix, [first, first + 1, n_alphas - 1], range(first, n_alphas), self._descending)
        computed = torch.nonzero((matrix != 0).any(1)).flatten()
        return computed, matrix[computed]

    def _largest(self) -> float:
        """Return the scale that a large alpha is compared with, s²max."""
        return float(self.squared.amax()) if len(self.squared) else 1.0

    def _smallest(self) -> float:
        """Return the scale that a small alpha is compared with: s²min, or less if a sound is fitted almost exactly.

        There the denominator of the leave-one-out error is nearly 0 without alpha, and it is alpha that matters.
        """
        if not len(self.squared):
            return 1.0
        smallest = self.squared.amin()
        if self.missed.any():
            slope = (self.left.square() / self.squared).sum(1)
            smallest = torch.minimum(smallest, (self.missed.diagonal() / slope).amin())
        return float(smallest)

    def makers_at(self, alphas: torch.Tensor) -> torch.Tensor:
        """Return (n, n_train, n_train), which maps centred targets to their residuals at each of `alphas` (n,).

        alpha / (s² + alpha) and the missed directions are added up instead of subtracting the hat matrix from I: at
        small alphas the difference would be rounding noise.
        """
        left_over = alphas[:, None] / (self.squared + alphas[:, None])
        return (self.left * left_over[:, None]) @ self.left.T + self.missed

    def residual_maker_at(self, alphas: torch.Tensor) -> torch.Tensor:
        """Return (n_train, n_nodes * n_train), which maps a target's row to its leave-one-out errors at all nodes."""
        makers = self.makers_at(alphas)
        makers = makers / makers.diagonal(dim1=1, dim2=2)[..., None]
        return makers.permute(2, 0, 1).flatten(1)

    def errors_at(self, alpha: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return leave-one-out errors (n_train, n_targets) at one alpha of centred targets y (n_train, n_targets)."""
        return self.residual_maker_at(alpha[None]).T @ y

    def _shrinkage(self) -> torch.Tensor:
        """Return s² / (s² + alpha) for all descending alphas (n_alphas, rank)."""
        return self.shrinkage_at(self._descending)

    def shrinkage_at(self, alphas: torch.Tensor) -> torch.Tensor:
        """Return s² / (s² + alpha) (n, rank) of any `alphas` (n,).

        Exactly 0 where alpha is infinite to rounding: the mean is predicted.
        """
        alphas = alphas[:, None]
        return torch.where(self.squared < EPSILON * alphas, 0, self.squared / (self.squared + alphas))

    def fit(self, y_train) -> RidgeFit:
        """Fit targets y_train (n_train, n_targets)."""
        y, mean = self._rows(y_train)
        return self._chosen(self._errors(self._residuals(y)), y @ self.left, mean)

    def fit_repetitions(self, y_train: Sequence) -> tuple[RidgeFit, list[RidgeFit]]:
        """Fit the mean over repetitions and each repetition, y_train[repetition] (n_train, n_targets).

        Leave-one-out residuals are linear in y, so those of the mean are the mean of the repetitions' own.
        """
        singles, residuals, coordinates = [], None, None
        for repetition in y_train:
            y, mean = self._rows(repetition)
            own, along = self._residuals(y), y @ self.left
            singles.append(self._chosen(self._errors(own), along, mean))
            residuals = own if residuals is None else residuals.add_(own)  # in place: this is much memory
            coordinates = along if coordinates is None else coordinates + along
        n = len(singles)
        mean = torch.stack([single.mean for single in singles]).mean(0)
        return self._chosen(self._errors(residuals) / n**2, coordinates / n, mean), singles

    def _rows(self, y_train) -> tuple[torch.Tensor, torch.Tensor]:
        """Return targets as centred rows (n_targets, n_train), for cache locality, and their means (n_targets,)."""
        y = _tensor(y_train, self.left.device).T.contiguous()
        if not y.isfinite().all():
            raise ValueError("responses hold NaN or infinite values; leave those targets out and say so")
        return centred(y, 1)

    def _residuals(self, y: torch.Tensor) -> torch.Tensor:
        """Return leave-one-out residuals (n_targets, n_nodes, n_train)."""
        return (y @ self.residual_maker).unflatten(1, (len(self.nodes), -1))

    def _errors(self, residuals: torch.Tensor) -> torch.Tensor:
        """Return mean squared leave-one-out errors at all alphas (n_targets, n_alphas)."""
        return (torch.linalg.vector_norm(residuals, dim=2).square() / residuals.shape[2]) @ self.from_nodes

    def _chosen(self, errors: torch.Tensor, coordinates: torch.Tensor, mean: torch.Tensor) -> RidgeFit:
        least, best = errors.min(1)  # the first of equals: the largest alpha
        best = torch.where(least >= (1 - PLATEAU) * errors[:, 0], 0, best)
        return RidgeFit(
            alpha=self._descending[best], alphas=self.alphas, mean=mean, ridge=self, errors=errors,
            coordinates=self.shrinkage[best] * coordinates,
        )  # fmt: skip


def _interpolate(matrix: torch.Tensor, nodes: list[int], members: range, x: torch.Tensor) -> None:
    """Replace the columns `members` by Lagrange's weights on the rows `nodes`, as polynomials of x."""
    columns = list(members)
    matrix[:, columns] = 0
    for node in nodes:
        others = [other for other in nodes if other != node]
        matrix[node, columns] = torch.stack([(x[columns] - x[o]) / (x[node] - x[o]) for o in others]).prod(0)


def block_for(device: str) -> int:
    """Return targets to fit at a time: what fits a core's cache, or keeps a GPU busy (about 1 GB of residuals)."""
    return BLOCK if device == "cpu" else 32 * BLOCK


def blocks(n_targets: int, size: int = BLOCK) -> Iterator[slice]:
    """Return slices that cut targets into blocks, so that memory does not grow with their number."""
    return (slice(start, min(start + size, n_targets)) for start in range(0, n_targets, size))


def _tensor(values, device) -> torch.Tensor:
    return tensor(values if torch.is_tensor(values) else np.asarray(values)).to(device, torch.float64)
