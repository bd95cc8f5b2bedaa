"""Simulated studies, of which it is known what is true: what `make coverage` counts (see `coverage_page`).

A population of sounds has latent properties; networks and brains are different linear views of them with noise of their
own. Each simulated study draws sounds anew, and subjects where there are any, and goes through the report's own code
from activations to the interval. What is true is the mean over all studies.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats as distributions

from helpers import encoding
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.claims import CLAIMS
from helpers.chapters.claims.run import TRIO, Missing, Run
from helpers.chapters.comparison import leads
from helpers.chapters.summary import analysis as summary
from helpers.encoding import left_out as left_out_module
from helpers.encoding import splits as splitting
from helpers.encoding.left_out import GROUP
from helpers.names import SOUND, SPLIT, SUBJECT, TARGET
from helpers.stats import intervals
from helpers.stats.similarity import cka

N_LATENT = 20
N_REGION = 24
ALPHAS = 10.0 ** np.arange(-3, 7)
NOISE, ALIKE, SIMILARITY = "claims on noise", "claims, all alike", "similarity"  # kinds of study besides the designs
OLD = "before (15 groups)"
OF_CLAIMS = {NOISE: 0.0, ALIKE: 2.0}  # what is alike, in standard deviations of the noise beside it
OF_NAMES = {"targets named, noise": 0.0, "targets named, little alike": 0.7, "targets named, all alike": 2.0}


@dataclass(frozen=True)
class Design:
    """A kind of study: how many sounds, how noisy the responses, how unlike the two networks, how many subjects."""

    name: str
    n_sounds: int = 165
    noise: float = 1.0  # of the responses, in standard deviations of what sounds explain
    n_layers: int = 3
    lead: float = 0.0  # how much less noise the first network's units have
    alike: bool = True  # whether both networks see the same, each with noise of its own
    n_subjects: int = 0
    n_voxels: int = 8  # of a subject
    heavy: bool = False  # whether a few sounds lie far from all others
    apart: bool = False  # whether each layer sees half of the properties, so that layers differ
    unlike: bool = False  # whether voxels differ, from hardly any noise to much; without subjects, a region of N_REGION
    halves: bool = False  # whether each sound tests once, as for networks that never heard the tests; else ten splits
    shared: float = 0.0  # of the variance of a unit's noise, what it is in both networks: two checkpoints of one


DESIGNS = [
    Design("equal networks"),
    Design("equal networks, noisy data", noise=3.0),
    Design("equal networks, hardly any noise", noise=0.3),
    Design("equal networks, far sounds", heavy=True),
    Design("equal networks, 60 sounds", n_sounds=60),
    Design("equal networks, two halves", halves=True),
    Design("one layer each", n_layers=1),
    Design("equal networks, unlike layers", n_layers=6, apart=True),
    Design("equal networks, unlike layers, two halves", n_layers=6, apart=True, halves=True),
    Design("equal networks, a region of unlike voxels", unlike=True),
    Design("unlike networks", alike=False),
    Design("a small lead", lead=0.25),
    Design("a lead, noisy data", noise=3.0, lead=0.6),
    Design("a large lead, noisy data", noise=3.0, lead=0.9),
    Design("a large lead", lead=0.8),
    Design("a large lead, little noise", noise=0.5, lead=0.95),
    Design("a large lead, a region of unlike voxels", lead=0.8, unlike=True),
    Design("equal networks, two checkpoints of one", shared=0.8),
    Design("a gain from one checkpoint to another", shared=0.8, lead=0.5),
    Design("nothing but noise", noise=1e6),
    Design("8 subjects, equal networks", n_subjects=8),
    Design("8 subjects, noisy data", n_subjects=8, noise=3.0),
    Design("8 subjects, unlike networks", n_subjects=8, alike=False),
    Design("8 subjects, equal networks, unlike voxels", n_subjects=8, unlike=True),
    Design("8 subjects, a small lead", n_subjects=8, lead=0.25),
]
OF_VOXELS = {"voxels, all noise": 0, "voxels, a quarter predicted": 15}  # of N_VOXELS, how many there is a signal in
N_VOXELS, N_PERMUTATIONS, FDR = 60, 200, 0.05


class Population:
    """Views of the latent properties that stay the same from study to study, and draws that differ by `chunk`."""

    def __init__(self, design: Design, seed: int, chunk: int = 0):
        self.design, self.random = design, np.random.default_rng(seed)
        scale = np.arange(1, N_LATENT + 1) ** -0.5
        self.views = [
            [self.random.standard_normal((N_LATENT, 40)) * scale[:, None] for _ in range(design.n_layers)]
            for _ in range(2)
        ]
        if design.apart:
            for view in self.views[0]:
                view[self.random.random(N_LATENT) < 0.5] = 0
        if design.alike:
            self.views[1] = self.views[0]
        self.brain = self.random.standard_normal(N_LATENT) * scale
        self.n_region = N_REGION if design.unlike else 1
        self.region = self.brain + (self._own(self.n_region) if design.unlike else np.zeros((1, N_LATENT)))
        self.random = np.random.default_rng([seed, zlib.crc32(design.name.encode()), chunk])

    def study(self) -> tuple[list[list[xr.DataArray]], xr.DataArray, xr.DataArray]:
        """Return activations of both networks, responses and splits of sounds and subjects drawn anew."""
        design, random = self.design, self.random
        latent = random.standard_normal((design.n_sounds, N_LATENT))
        if design.heavy:
            latent *= (random.chisquare(4, (len(latent), 1)) / 4) ** -0.5
        names = [f"s{index:03d}" for index in range(design.n_sounds)]
        n_units = self.views[0][0].shape[1]
        both = random.standard_normal((design.n_layers, design.n_sounds, n_units)) * design.shared**0.5
        networks = [
            [self._layer(latent @ view, own, both[i], names, 1 + i) for i, view in enumerate(views)]
            for own, views in zip((1 - design.lead, 1.0), self.views, strict=True)
        ]
        n_subjects, n_voxels = max(design.n_subjects, 1), design.n_voxels if design.n_subjects else self.n_region
        subjects = np.repeat(np.arange(n_subjects), n_voxels)
        own = self._own(n_subjects)[subjects]
        weights = self.brain + own if design.n_subjects else self.region
        unlike = np.geomspace(0.3, 4, n_voxels) if design.unlike else np.ones(n_voxels)
        noise = design.noise * np.tile(unlike, n_subjects)
        values = latent @ weights.T / np.linalg.norm(self.brain)
        values = values + noise * random.standard_normal(values.shape)
        targets = [f"v{index}" for index in range(len(subjects))]
        responses = xr.DataArray(values, {SOUND: names, TARGET: targets}, (SOUND, TARGET))
        return networks, responses.assign_coords({SUBJECT: (TARGET, subjects.astype(str))}), self._splits(names)

    def _own(self, n: int) -> np.ndarray:
        """Return what views of the properties (n, n_latent) have of their own."""
        return 0.7 * self.random.standard_normal((n, N_LATENT)) * np.linalg.norm(self.brain) / N_LATENT**0.5

    def _layer(self, values: np.ndarray, noise: float, both: np.ndarray, names: list[str], number: int) -> xr.DataArray:
        own = self.random.standard_normal(values.shape) * (1 - self.design.shared) ** 0.5
        values = values + noise * (both + own)
        return xr.DataArray(values, {SOUND: names}, (SOUND, "unit")).assign_coords(layer=number)

    def _splits(self, names: list[str]) -> xr.DataArray:
        """Return the splits, drawn anew as the sounds are: which sounds are drawn together is chance too."""
        if self.design.halves:
            return splitting.halves(names, ["one"] * len(names), int(self.random.integers(2**31)))
        order = [str(name) for name in self.random.permutation(names)]
        return splitting.permuted(order, 10).sel({SOUND: names})


def left_out(networks, responses, splits) -> Iterator[xr.Dataset]:
    groups = responses[SUBJECT].values if responses.sizes[TARGET] > 1 else None
    for layers in networks:
        scores = encoding.score(layers, responses, splits, alphas=ALPHAS, metrics=["r2_pearson"])
        found = encoding.without_each_sound(layers, responses, splits, scores, groups=groups)
        kept = found.drop_vars([name for name in found if not name.startswith("chosen_")])
        yield kept.isel({GROUP: 0}, drop=True) if kept.sizes[GROUP] == 1 else kept.rename({GROUP: SUBJECT})


def middle_half(values: np.ndarray, members: list[np.ndarray], n_sounds: int) -> list[np.ndarray]:
    """Return the shares of what moves a median as they were before: equal in the middle half, with some around it."""
    found = []
    for group in members:
        outer = max(len(group) // 4 - 2, 0)
        middle = values[..., 0, group].argsort(-1)[..., outer : len(group) - outer]
        found.append(np.zeros(values[..., 0, group].shape))
        np.put_along_axis(found[-1], middle, 1 / middle.shape[-1], -1)
    return found


def bootstrapped(values: np.ndarray, random) -> tuple[float, float]:
    """Return the percentile interval over subjects alone, as before."""
    drawn = random.integers(len(values), size=(2000, len(values)))
    return tuple(np.quantile(values[drawn].mean(1), [0.025, 0.975]))


def bounds_of(design: Design, one: xr.Dataset, two: xr.Dataset, splits, random) -> dict[str, tuple]:
    """Return value, low, high and standard error of each procedure."""
    difference = encoding.statistic(one - two, "chosen_r2")
    now = intervals.r2_difference(one, two, splits)
    found = {"difference, as now": (now.value, *now.interval())}
    estimate = intervals.over_sounds(difference, splits)
    found["difference, as before (r² alone)"] = (estimate.value, *estimate.interval())
    single = intervals.over_sounds(encoding.statistic(one, "chosen_r2"), splits)
    found["r² of one network, as now"] = (single.value, *intervals.r2_interval(one, splits))
    found["r² of one network, as before (r² alone)"] = (single.value, *single.r2_interval())
    if design.n_subjects:
        found["difference, as before (bootstrap of subjects)"] = (
            estimate.value, *bootstrapped(difference["value"].mean(SPLIT).values, random),
        )  # fmt: skip
        alone = intervals.over_subjects(difference["value"].mean(SPLIT))
        found["difference, other subjects alone (t)"] = (alone.value, *alone.interval())
    else:
        alone = intervals.jackknifed(estimate.value, difference["without"].mean(SPLIT).values)
        found["difference, as before (jackknife alone)"] = (alone.value, *alone.interval())
        before = intervals.resampled(difference["value"].values, splitting.train_share(splits))
        found["difference, as before (overlapping splits)"] = (before.value, *before.interval())
    return found


def simulated(design: Design, n_studies: int, seed: int = 0, chunk: int = 0) -> dict[str, np.ndarray]:
    """Return value, low and high (n_studies, 3) of each procedure; other studies for each `chunk`."""
    population, found = Population(design, seed, chunk), {}
    random = np.random.default_rng(seed)
    for _ in range(n_studies):
        networks, responses, splits = population.study()
        bounds = bounds_of(design, *left_out(networks, responses, splits), splits, random)
        if design.unlike:
            with mock.patch.object(left_out_module, "_shares", middle_half):
                before = intervals.r2_difference(*left_out(networks, responses, splits), splits)
            bounds["difference, as before (moved as the middle half is)"] = (before.value, *before.interval())
        for name, one in bounds.items():
            found.setdefault(name, []).append(one)
    return {name: np.array(rows) for name, rows in found.items()}


def similarity_of(one: np.ndarray, other: np.ndarray, kept: np.ndarray) -> float:
    return cka(one[kept], other[kept], debiased=True)


def similarities(n_studies: int, seed: int = 0, chunk: int = 0, n_sounds: int = 165) -> dict[str, np.ndarray]:
    """Return the same for one debiased CKA, and for a difference of two."""
    random = np.random.default_rng(seed)
    views = [random.standard_normal((N_LATENT, 40)) for _ in range(3)]
    random = np.random.default_rng([seed, chunk])
    found: dict[str, list] = {
        f"{name}, as {when}": []
        for name, when in [("one CKA", "now"), ("difference of two CKAs", "now"), ("difference of two CKAs", OLD)]
    }
    for _ in range(n_studies):
        latent = random.standard_normal((n_sounds, N_LATENT)) * np.arange(1, N_LATENT + 1) ** -0.5
        shared, one, other = (latent @ view + 2 * random.standard_normal((n_sounds, 40)) for view in views)

        def difference(kept, parts=(shared, one, other)):
            shared, one, other = parts
            return similarity_of(shared, one, kept) - similarity_of(shared, other, kept)

        single = intervals.of_matrices(partial(similarity_of, shared, one), n_sounds)
        found["one CKA, as now"].append((single.value, *single.interval()))
        estimate = intervals.of_matrices(difference, n_sounds)
        found["difference of two CKAs, as now"].append((estimate.value, *estimate.interval()))
        groups = random.permutation(np.arange(n_sounds) % 15)
        parts = np.array([difference(groups != group) for group in range(15)])
        half = distributions.t.ppf(0.975, 14) * np.sqrt(14 / 15 * np.square(parts - parts.mean()).sum())
        before = (estimate.value, estimate.value - half, estimate.value + half)
        found[f"difference of two CKAs, as {OLD}"].append(before)
    return {name: np.array(rows) for name, rows in found.items()}


COMPONENTS = ("lowfreq", "highfreq", "broadband", "pitch", "speech", "music")


class Alike:
    """Sounds, of which all networks, in four layers alike, and six components see the same, with noise of their own.

    Without `signal` activations and responses are nothing but noise.
    """

    def __init__(self, random: np.random.Generator, signal: float = 0.0, n_sounds: int = 165):
        self.random, self.names = random, [f"s{index:03d}" for index in range(n_sounds)]
        latent = random.standard_normal((n_sounds, N_LATENT)) * np.arange(1, N_LATENT + 1) ** -0.5
        views, weights = (random.standard_normal(shape) for shape in ((N_LATENT, 40), (N_LATENT, 1)))
        self.seen = signal * latent @ views / np.linalg.norm(views, axis=0)
        felt = signal * latent @ weights / np.linalg.norm(weights)
        responses = felt + random.standard_normal((n_sounds, len(COMPONENTS)))
        self.responses = xr.DataArray(responses, {SOUND: self.names, TARGET: list(COMPONENTS)}, (SOUND, TARGET))
        self.splits = splitting.permuted(self.names, 10)

    def noise(self) -> np.ndarray:
        """Return the noise of another network (layer, sound, unit)."""
        return self.random.standard_normal((4, *self.seen.shape)) * np.arange(1, self.seen.shape[1] + 1) ** -0.5

    def scored(self, noise: np.ndarray, seen: float = 1.0) -> xr.Dataset:
        """Return r2 with and without each sound of a network that sees a share of what there is to see."""
        layers = [
            xr.DataArray(seen * self.seen + own, {SOUND: self.names}, (SOUND, "unit")).assign_coords(layer=1 + i)
            for i, own in enumerate(noise)
        ]
        scores = encoding.score(layers, self.responses, self.splits, alphas=ALPHAS, metrics=["r2_pearson"])
        found = encoding.without_each_sound(layers, self.responses, self.splits, scores)
        return found.assign_coords(note=("layer", [""] * len(layers)))


class Null(Run):
    """A run of the claims in which nothing is there to find: three networks and six components that are `Alike`.

    The mixture has five checkpoints, of which each later one shares more with the last.
    """

    main, steps = "mixture", (0, 1, 2, 3, 4)

    def __init__(self, random: np.random.Generator, signal: float = 0.0):
        self.study = SimpleNamespace(models=TRIO)
        self._alike = Alike(random, signal)
        last, start = {name: self._alike.noise() for name in TRIO}, self._alike.noise()
        self._found = {(name, 4): self._alike.scored(noise) for name, noise in last.items()}
        for step in self.steps[:-1]:
            noise = (step * last[TRIO[0]] + (4 - step) * start) / 4
            self._found[TRIO[0], step] = self._alike.scored(noise, step / 4)

    @property
    def splits(self) -> xr.DataArray:
        return self._alike.splits

    def _components(self, name: str, step: int | None = None) -> xr.Dataset:
        return self._found[name, 4 if step is None else step]

    def _steps(self, name: str) -> list[int]:
        return list(self.steps) if name == self.main else [4]

    def group(self, name: str) -> tuple[str, ...]:
        return {"frequency": COMPONENTS[:2], "category": COMPONENTS[4:]}[name]

    def component(self, name: str) -> tuple[str, ...]:
        return (name,)


def judged() -> list[Claim]:
    """Return the claims that are simulated: those about components, but for the one that needs every lasso."""
    return [one for one in CLAIMS.values() if one.on == "components" and one.name != "ridge_lasso_agree"]


def verdicts_on_nothing(n_studies: int, signal: float = 0.0, seed: int = 0) -> dict[str, dict]:
    """Return for each claim about components how often it would be decided where nothing differs, each side, without
    and with all that precedes a verdict: Holm's adjustment, and whether the networks predict anything.
    """
    random, counts = np.random.default_rng(seed), {}
    claims = judged()
    for _ in range(n_studies):
        run, p = Null(random, signal), {}
        for one in claims:
            with contextlib.suppress(Missing):
                found = one.test(run)
                if np.isfinite(found.value):  # of some curves of noise there is nothing to reach
                    p[one.name] = one.p_values(found)
        adjusted = dict(zip(p, intervals.holm(np.array([2 * min(both) for both in p.values()])), strict=True))
        doubted = bool(run.doubt(TRIO, "components"))
        for one in claims:
            row = counts.setdefault(one.name, dict.fromkeys(("tested", "holds", "fails", "verdicts"), 0))
            if one.name in p:
                false, true = p[one.name]
                row["tested"] += 1
                row["holds"] += false <= 0.025
                row["fails"] += true <= 0.025
                row["verdicts"] += bool(adjusted[one.name] <= 0.05 and not doubted)
    return counts


def named_on_nothing(n_studies: int, signal: float, seed: int = 0) -> dict[str, float]:
    """Return in which share of studies the summary names a target where nothing differs: the best of three networks
    `ahead` of the others, `behind` one of them, and ahead of its `own` control, which each has one of.
    """
    random, found = np.random.default_rng(seed), []
    for _ in range(n_studies):
        alike = Alike(random, signal)
        networks, controls = ({name: alike.scored(alike.noise()) for name in TRIO} for _ in range(2))
        several = {(name, leads.NETWORK): one for name, one in networks.items()}
        rivals = [row for target in COMPONENTS for row in leads.of_target(several, target, alike.splits)]
        own = [
            leads.over_control(networks, controls[leads.best_of(networks, target)], target, alike.splits)
            for target in COMPONENTS
        ]
        told = (*summary.told_apart(pd.DataFrame(rivals)), summary.is_ahead(pd.DataFrame(own)))
        found.append([one.any() for one in told])
    return dict(zip(("ahead", "behind", "own"), np.mean(found, 0).tolist(), strict=True))


def discoveries(n_studies: int, n_predicted: int, seed: int = 0) -> dict[str, float]:
    """Return what the permutation test of voxels finds: `any_false`, the share of studies with a false discovery,
    `false_share`, the mean share of false ones among discoveries, and `power`, the share of true ones that are found.
    """
    random, found = np.random.default_rng(seed), []
    names, n_sounds = [f"v{index}" for index in range(N_VOXELS)], 100
    for _ in range(n_studies):
        latent = random.standard_normal((n_sounds, N_LATENT))
        values = random.standard_normal((n_sounds, N_VOXELS))
        values[:, :n_predicted] += latent @ random.standard_normal((N_LATENT, n_predicted)) / N_LATENT**0.5
        sounds = [f"s{index:03d}" for index in range(n_sounds)]
        layers = [
            xr.DataArray(latent + random.standard_normal(latent.shape), {SOUND: sounds}, (SOUND, "unit")).assign_coords(
                layer=number
            )
            for number in (1, 2)
        ]
        responses = xr.DataArray(values, {SOUND: sounds, TARGET: names}, (SOUND, TARGET))
        splits = splitting.permuted([str(name) for name in random.permutation(sounds)], 10).sel({SOUND: sounds})
        scores = encoding.score(layers, responses, splits, alphas=ALPHAS, metrics=["r2_pearson"])
        how = {"seed": int(random.integers(2**31)), "n_permutations": N_PERMUTATIONS}
        called = encoding.permutation_test(layers, responses, splits, scores, **how)["q_value"].values <= FDR
        found.append((called[n_predicted:].sum(), called[:n_predicted].sum()))
    false, true = np.array(found).T
    return {
        "any_false": float((false > 0).mean()),
        "false_share": float((false / np.maximum(false + true, 1)).mean()),
        "power": float(true.mean() / n_predicted) if n_predicted else np.nan,
    }
