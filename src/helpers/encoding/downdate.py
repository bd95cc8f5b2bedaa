"""What leaving out one sound, or two, does to a ridge prediction: in closed form, so nothing is fitted again.

Without the train sounds D, every prediction p becomes

    p_without_D(t) = p(t) - S(t, D) M_DD^-1 (M y)_D,

where S is the matrix that maps train responses to predictions and M = I - 11'/n - H that to residuals: exact for a
given alpha. Without test sounds, the sums of the correlation lose their terms and the means move.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch

from helpers.encoding.constant import centred, is_constant
from helpers.encoding.ridge import RidgeLOO

VANISHING = 1e-20  # share of a variance below which what is left of it is rounding
SINGULAR = 1e-9  # share of a determinant below which two sounds cannot be told from one


@dataclass(frozen=True)
class Sums:
    """What a correlation is made of (n, n_targets): of prediction and data, of the prediction, and of the data."""

    shared: torch.Tensor
    own: torch.Tensor
    power: torch.Tensor

    def ratio(self, whole: Sums) -> torch.Tensor:
        """Return the correlations, 0 where a variance has vanished beside that of `whole`, with all sounds."""
        there = (self.own > VANISHING * whole.own) & (self.power > VANISHING * whole.power)
        return torch.where(there, self.shared / (self.own * self.power).clamp(min=0).sqrt(), 0.0)


class Downdate:
    """The correlations of some targets in one split, for one layer and alpha, with all sounds and without some.

    ridge : fitted to the layer's train sounds; known (n_train, n_targets) and measured (n_test, n_targets) the targets
    """

    def __init__(self, ridge: RidgeLOO, alpha: torch.Tensor, known: torch.Tensor, measured: torch.Tensor):
        known, _ = centred(known)
        self.measured, _ = centred(measured)
        smoother = (ridge.test * ridge.shrinkage_at(alpha[None])) @ ridge.left.T
        self.smoother = smoother - smoother.mean(0)  # an intercept, and what a sound does to it, move no correlation
        self.maker = ridge.makers_at(alpha[None])[0]
        self.predicted = self.smoother @ known
        self.residual = self.maker @ known
        self.errors = self.residual / self.maker.diagonal()[:, None]  # leave-one-out (n_train, n_targets)
        power = self.measured.square().sum(0).where(~is_constant(measured), 0)
        self.sums = Sums(*(
            one[None] for one in ((self.predicted * self.measured).sum(0), self.predicted.square().sum(0), power)
        ))  # fmt: skip

    @property
    def whole(self) -> torch.Tensor:
        """The correlation with all sounds (n_targets,)."""
        return self.sums.ratio(self.sums)[0]

    @cached_property
    def _shared(self) -> torch.Tensor:
        return self.smoother.T @ self.measured

    @cached_property
    def _own(self) -> torch.Tensor:
        return self.smoother.T @ self.predicted

    @cached_property
    def _gram(self) -> torch.Tensor:
        return self.smoother.T @ self.smoother

    def without_train(self) -> torch.Tensor:
        """Return the correlation without each train sound (n_train, n_targets)."""
        return self._without_one.ratio(self.sums)

    def without_test(self) -> torch.Tensor:
        """Return the correlation without each test sound (n_test, n_targets)."""
        return self._less(self.sums, self.predicted, self.measured).ratio(self.sums)

    def without_both_train(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """Return the correlation without two train sounds, `one` and `other` (n_pairs,): (n_pairs, n_targets)."""
        first, second = self._errors_without(one, other), self._errors_without(other, one)
        across = self._gram[one, other][:, None] * first * second
        shared = self.sums.shared - self._shared[one] * first - self._shared[other] * second
        own = self.sums.own + 2 * (across - self._own[one] * first - self._own[other] * second)
        diagonal = self._gram.diagonal()[:, None]
        own = own + diagonal[one] * first.square() + diagonal[other] * second.square()
        return Sums(shared, own, self.sums.power).ratio(self.sums)

    def without_both_test(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """Return the correlation without two test sounds (n_pairs, n_targets)."""
        n_left, p, m = len(self.measured) - 2, self.predicted, self.measured

        def left(total: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            return total - a[one] * b[one] - a[other] * b[other] - (a[one] + a[other]) * (b[one] + b[other]) / n_left

        sums = self.sums
        return Sums(left(sums.shared, p, m), left(sums.own, p, p), left(sums.power, m, m)).ratio(sums)

    def without_train_and_test(self, train: torch.Tensor, test: torch.Tensor) -> torch.Tensor:
        """Return the correlation without a train and a test sound (n_pairs, n_targets)."""
        sums = self._without_one
        kept = Sums(sums.shared[train], sums.own[train], sums.power)
        predicted = self.predicted[test] - self.smoother[test, train][:, None] * self.errors[train]
        return self._less(kept, predicted, self.measured[test]).ratio(self.sums)

    def criterion(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the mean squared leave-one-out error (n_targets,), and the same without each train sound.

        The second (n_train, n_targets) is the mean over the other sounds, each predicted without both.
        """
        n_train, leverage = len(self.residual), self.maker.diagonal()
        product = leverage[:, None] * leverage
        weight = (product - self.maker.square()).clamp(min=SINGULAR * product).reciprocal().square().fill_diagonal_(0)
        # Written out, so that no array is (n_train, n_train, n_targets)
        squared = leverage.square()[:, None] * (weight @ self.residual.square())
        squared = squared - 2 * (leverage[:, None] * self.residual) * ((weight * self.maker) @ self.residual)
        squared = squared + self.residual.square() * (weight * self.maker.square()).sum(1, keepdim=True)
        return self.errors.square().mean(0), squared / (n_train - 1)

    @cached_property
    def _without_one(self) -> Sums:
        diagonal = self._gram.diagonal()[:, None]
        shared = self.sums.shared - self._shared * self.errors
        own = self.sums.own - 2 * self._own * self.errors + diagonal * self.errors.square()
        return Sums(shared, own, self.sums.power)

    def _errors_without(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """Return the error of `one` when `other` is not there either (n_pairs, n_targets)."""
        leverage, across = self.maker.diagonal(), self.maker[one, other]
        product = leverage[one] * leverage[other]
        determinant = (product - across.square()).clamp(min=SINGULAR * product)[:, None]
        return (leverage[other][:, None] * self.residual[one] - across[:, None] * self.residual[other]) / determinant

    def _less(self, sums: Sums, predicted: torch.Tensor, measured: torch.Tensor) -> Sums:
        """Return the sums without one test sound, whose centred values are given."""
        share = len(self.measured) / (len(self.measured) - 1)
        return Sums(
            sums.shared - share * predicted * measured,
            sums.own - share * predicted.square(),
            sums.power - share * measured.square(),
        )
