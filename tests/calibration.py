"""`make coverage`: what the report's intervals and verdicts cover, simulated; writes tests/COVERAGE.md.

A population of sounds has latent properties; networks and brains are different linear views of them with noise of their
own. Each simulated study draws sounds anew, and subjects where there are any, and goes through the report's own code
from activations to the interval. What is true is the mean over all studies.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import torch
import xarray as xr
from scipy import stats as distributions

from helpers import encoding
from helpers.chapters.claims.claim import Claim
from helpers.chapters.claims.claims import CLAIMS
from helpers.chapters.claims.run import TRIO, Missing, Run
from helpers.encoding import left_out as left_out_module
from helpers.encoding import splits as splitting
from helpers.encoding.left_out import GROUP
from helpers.names import SOUND, SPLIT, SUBJECT, TARGET
from helpers.stats import intervals
from helpers.stats.similarity import cka
from helpers.store import code
from helpers.store.files import atomic

N_LATENT = 20
N_REGION = 24
ALPHAS = 10.0 ** np.arange(-3, 7)
WHERE = Path(__file__).with_name("COVERAGE.md")
KEPT = Path(__file__).parents[1] / "outputs" / "coverage.json"
LEAST, MOST = 0.93, 0.97  # of coverage
N_STUDIES, N_FEW = 400, 200  # of a kind; of those on claims and voxels
EQUAL = ("equal networks", "one layer each", "nothing but noise", "8 subjects, noisy data")  # designs without a lead
NOISE, ALIKE, SIMILARITY = "claims on noise", "claims, all alike", "similarity"  # kinds of study besides the designs
OLD = "before (15 groups)"
OF_CLAIMS = {NOISE: 0.0, ALIKE: 2.0}  # what is alike, in standard deviations of the noise beside it
INTERVALS = ("helpers.encoding", "helpers.encoding.left_out", "helpers.stats.intervals", "helpers.stats.similarity")
VOXELS = ("helpers.encoding", "helpers.encoding.permutation")
VERDICTS = ("helpers.chapters.claims.claims", "helpers.chapters.claims.run")


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
    Design("nothing but noise", noise=1e6),
    Design("8 subjects, equal networks", n_subjects=8),
    Design("8 subjects, noisy data", n_subjects=8, noise=3.0),
    Design("8 subjects, unlike networks", n_subjects=8, alike=False),
    Design("8 subjects, equal networks, unlike voxels", n_subjects=8, unlike=True),
    Design("8 subjects, a small lead", n_subjects=8, lead=0.25),
]
OF_VOXELS = {"voxels, all noise": 0, "voxels, a quarter predicted": 15}  # of N_VOXELS, how many there is a signal in
N_VOXELS, N_PERMUTATIONS, FDR = 60, 200, 0.05
PARTS = {**dict.fromkeys(OF_CLAIMS), **dict.fromkeys(OF_VOXELS), SIMILARITY: None} | {
    design.name: design for design in DESIGNS
}


class Population:
    """Views of the latent properties that stay the same from study to study."""

    def __init__(self, design: Design, seed: int):
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

    def study(self) -> tuple[list[list[xr.DataArray]], xr.DataArray, xr.DataArray]:
        """Return activations of both networks, responses and splits of sounds and subjects drawn anew."""
        design, random = self.design, self.random
        latent = random.standard_normal((design.n_sounds, N_LATENT))
        if design.heavy:
            latent *= (random.chisquare(4, (len(latent), 1)) / 4) ** -0.5
        names = [f"s{index:03d}" for index in range(design.n_sounds)]
        networks = [
            [self._layer(latent @ view, own, names, 1 + i) for i, view in enumerate(views)]
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

    def _layer(self, values: np.ndarray, noise: float, names: list[str], number: int) -> xr.DataArray:
        values = values + noise * self.random.standard_normal(values.shape)
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


def simulated(design: Design, n_studies: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Return value, low and high (n_studies, 3) of each procedure."""
    population, found = Population(design, seed), {}
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


def similarities(n_studies: int, seed: int = 0, n_sounds: int = 165) -> dict[str, np.ndarray]:
    """Return the same for one debiased CKA, and for a difference of two."""
    random = np.random.default_rng(seed)
    views = [random.standard_normal((N_LATENT, 40)) for _ in range(3)]
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


class Null(Run):
    """A run of the claims in which nothing is there to find: three networks alike in four layers alike, and six
    components alike, each with noise of its own.

    The mixture has five checkpoints, of which each later one shares more with the last. Without `signal` activations
    and responses are nothing but noise.
    """

    main, steps = "mixture", (0, 1, 2, 3, 4)

    def __init__(self, random: np.random.Generator, signal: float = 0.0, n_sounds: int = 165):
        self.study = SimpleNamespace(models=TRIO)
        names = [f"s{index:03d}" for index in range(n_sounds)]
        spread = np.arange(1, 41) ** -0.5
        latent = random.standard_normal((n_sounds, N_LATENT)) * np.arange(1, N_LATENT + 1) ** -0.5
        views, weights = (random.standard_normal(shape) for shape in ((N_LATENT, 40), (N_LATENT, 1)))
        seen = signal * latent @ views / np.linalg.norm(views, axis=0)

        def layers() -> np.ndarray:
            return seen + random.standard_normal((4, n_sounds, 40)) * spread

        last = {name: layers() for name in TRIO}
        start = layers() - seen
        made = {(name, 4): values for name, values in last.items()}
        made |= {(TRIO[0], step): (step * last[TRIO[0]] + (4 - step) * start) / 4 for step in self.steps[:-1]}
        felt = signal * latent @ weights / np.linalg.norm(weights)
        responses = felt + random.standard_normal((n_sounds, len(COMPONENTS)))
        self._noise = xr.DataArray(responses, {SOUND: names, TARGET: list(COMPONENTS)}, (SOUND, TARGET))
        self._splits = splitting.permuted(names, 10)
        self._found = {key: self._scored(values, names) for key, values in made.items()}

    def _scored(self, values: np.ndarray, names: list[str]) -> xr.Dataset:
        layers = [
            xr.DataArray(one, {SOUND: names}, (SOUND, "unit")).assign_coords(layer=i + 1)
            for i, one in enumerate(values)
        ]
        scores = encoding.score(layers, self._noise, self._splits, alphas=ALPHAS, metrics=["r2_pearson"])
        found = encoding.without_each_sound(layers, self._noise, self._splits, scores)
        return found.assign_coords(note=("layer", [""] * len(layers)))

    @property
    def splits(self) -> xr.DataArray:
        return self._splits

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


def summed_up(name: str, found: dict[str, np.ndarray]) -> Iterator[dict]:
    """Yield a row for each procedure: coverage of the mean, share of intervals above and below 0, width in spreads."""
    for procedure, rows in found.items():
        value, low, high = rows.T
        known = np.isfinite(low)
        true, spread = value.mean(), value.std(ddof=1)
        yield {
            "study": name,
            "procedure": procedure,
            "mean": true,
            "spread": spread,
            "coverage": float(((low <= true) & (true <= high))[known].mean()),
            "above": float((low > 0)[known].mean()),
            "below": float((high < 0)[known].mean()),
            "width": float(np.median(high - low) / 2 / spread),
            "n": len(rows),
        }


def written(rows: list[dict], counts: dict[str, dict], voxels: dict[str, dict], n_studies: int, n_claims: int) -> str:
    """Return the page: what was simulated, and tables; `counts`: of OF_CLAIMS, `voxels`: of OF_VOXELS."""
    lines = [
        "# What intervals and verdicts cover",
        "",
        f"Made by `make coverage` ({n_studies} simulated studies a line; the error of a coverage of .95 is "
        f"{np.sqrt(0.95 * 0.05 / n_studies):.3f}). Each study draws new sounds, and new subjects where it has any, and "
        "goes through the report's own code: ridge, choice of layer on the train sounds, leaving out sounds, "
        "interval. True is the mean over all studies. Nominal is .95. `above` and `below` are the shares of "
        "intervals that lie wholly above and below 0: false verdicts where networks are equal, power where one leads. "
        "`half width` is the median, in standard deviations of the number over studies: 1.96 where the number is "
        "normal and its error the same in all studies, less where the error is large just where the number is far off.",
        "",
        "| study | procedure | mean | spread | coverage | above | below | half width |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        numbers = [f"{row[key]:.3f}" for key in ("mean", "spread", "coverage", "above", "below")]
        lines.append(f"| {row['study']} | {row['procedure']} | {' | '.join(numbers)} | {row['width']:.2f} |")
    lines += ["", *_beyond(rows, n_studies)]
    for kind, found in counts.items():
        lines += ["", *_of_claims(kind, found, n_claims)]
    if voxels:
        lines += ["", *_of_voxels(voxels, n_claims)]
    return "\n".join(lines) + "\n"


def _of_claims(kind: str, found: dict[str, dict], n_studies: int) -> list[str]:
    """Return a heading, what was simulated, and how often each claim was decided."""
    said = {
        NOISE: "activations and responses are nothing but noise. `last_layers_alike` is true of noise, whose layers "
        "predict equally little; nothing is said of it, because they predict nothing.",
        ALIKE: "three networks, their layers and six components are alike but for noise of their own, learn in the "
        "same way over five checkpoints, and predict well. `last_layers_alike` is true.",
    }[kind]
    lines = [
        f"## {kind.capitalize()}",
        "",
        f"{n_studies} studies in which {said} `holds` and `fails` count each claim as if it stood alone, each side at "
        "2.5 %; `verdicts` are those that the report would give, after Holm's adjustment and where the networks "
        "predict anything.",
        "",
        "| claim | tested | holds | fails | verdicts |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, row in found.items():
        lines.append(f"| {name} | {row['tested']} | {row['holds']} | {row['fails']} | {row['verdicts']} |")
    return lines


def _of_voxels(found: dict[str, dict], n_studies: int) -> list[str]:
    """Return a heading, what was simulated, and what the false-discovery rate of voxels is."""
    lines = [
        "## Voxels above chance",
        "",
        f"{n_studies} studies of {N_VOXELS} voxels, {N_PERMUTATIONS} permutations and a false-discovery rate of {FDR} "
        "(Benjamini & Hochberg 1995). `any false` is the share of studies that call a voxel of noise predicted, `false "
        "share` the mean share of such voxels among those that are called so: the rate that is controlled. With so "
        f"many permutations the smallest p is 1 / {N_PERMUTATIONS + 1}, and fewer than "
        f"{100 / FDR / (N_PERMUTATIONS + 1):.0f} % of voxels above chance cannot be told from chance.",
        "",
        "| study | any false | false share | power |",
        "| --- | --- | --- | --- |",
    ]
    for name, row in found.items():
        power = "–" if np.isnan(row["power"]) else f"{row['power']:.3f}"
        lines.append(f"| {name} | {row['any_false']:.3f} | {row['false_share']:.3f} | {power} |")
    return lines


def _beyond(rows: list[dict], n_studies: int) -> list[str]:
    """Return which of today's lines miss the goals by more than the simulation's own error, and why."""
    now = [row for row in rows if row["procedure"].endswith("as now")]
    named = [(f"{row['study']}, {row['procedure'].removesuffix(', as now')}", row) for row in now]
    low, high = (goal + side * 2 * np.sqrt(goal * (1 - goal) / n_studies) for goal, side in ((LEAST, -1), (MOST, 1)))
    few = [f"{name} ({row['coverage']:.3f})" for name, row in named if row["coverage"] < low]
    many = [f"{name} ({row['coverage']:.3f})" for name, row in named if row["coverage"] > high]
    equal = [row for name, row in named if name.startswith(EQUAL) or ", equal networks, " in name]
    worst = max((row["above"] + row["below"] for row in equal if "r²" not in row["procedure"]), default=0.0)
    nothing = max((row["above"] for name, row in named if "nothing" in name and "r²" in name), default=0.0)
    return [
        f"Goals are a coverage of {LEAST} to {MOST}, and at most 5 % of false verdicts. Missed by more than two "
        f"standard errors of the simulation (beyond {low:.3f} and {high:.3f}): below, {'; '.join(few) or 'none'}; "
        f"above, {'; '.join(many) or 'none'}. Of equal networks, at most {100 * worst:.1f} % of studies find one "
        f"ahead. Of networks that predict nothing, {100 * nothing:.1f} % have an r² whose interval does not begin at "
        "0.",
        "",
        "The jackknife alone counts what several sounds do only together once for each of them (Efron & Stein 1981), "
        "and where little is predicted, or where there are but two splits, most of what sounds do is of that kind. "
        "Pairs of sounds that are left out together say how much it is; the formula, that what is of one order more "
        "is smaller by the same factor each time, is right for the second order and too wide for those above. Which "
        "layer is chosen jumps, which no jackknife follows; what that adds comes from draws of the sounds, each with "
        "the layer that is chosen then, where layers differ as far as they are known to. For the upper end of the r² "
        "of one network they differ as far as they are seen to, because a study that chose a poor layer by chance has "
        "a low r² and a low error, and would not reach up to what is true.",
        "",
        "The error of an r² grows with r. Of two equal networks the one that is ahead by chance has the larger error, "
        "so that the error of the difference is large just where the difference is, most of all in noisy data, and an "
        "interval made of it seldom misses 0 (`r² alone`). That of the difference of r hardly depends on it; it is "
        "multiplied by how steeply the mean r² of both rises with r. This form was chosen on the studies of this page; "
        "`make test-slow` simulates other networks, voxels and sounds.",
        "",
        "The median of a region jumps, whenever another voxel is in the middle. It is moved by every voxel that could "
        "be there, by as much as its density there, with a kernel half as wide as the voxel's own error; as before, "
        "all of the middle half moved it alike, of which most never are in the middle where voxels differ.",
    ]


def digest_of(*modules: str) -> str:
    """Return what changes with the code that a simulation goes through: the report's, and this file's."""
    own = code.source_digest(Path(__file__).read_text(encoding="utf-8"))
    return f"{code.code_digest(*modules)}-{own}"


def main(n_studies: int = N_STUDIES, n_claims: int = N_FEW, n_processes: int | None = None) -> None:
    """Simulate what is not kept yet, on all cores, and write the page anew after each kind of study: it takes hours."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    keys = {name: f"{name}, {n_studies} studies, {digest_of(*INTERVALS)}" for name in PARTS}
    keys |= {name: f"{name}, {n_claims} studies, {digest_of(*INTERVALS, *VERDICTS)}" for name in OF_CLAIMS}
    keys |= {name: f"{name}, {n_claims} studies, {digest_of(*VOXELS)}" for name in OF_VOXELS}
    start, missing = time.monotonic(), [name for name, key in keys.items() if key not in kept]
    fork = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    with concurrent.futures.ProcessPoolExecutor(n_processes or os.cpu_count(), fork) as pool:
        waiting = {
            pool.submit(part, name, n_claims if name in (*OF_CLAIMS, *OF_VOXELS) else n_studies): name
            for name in missing
        }
        for done in concurrent.futures.as_completed(waiting):
            kept[keys[waiting[done]]] = done.result()
            with atomic(KEPT) as path:
                path.write_text(json.dumps(kept, default=float), encoding="utf-8")
            print(f"{waiting[done]}: after {time.monotonic() - start:.0f} s", flush=True)
            _write(kept, keys, n_studies, n_claims)
    if not missing:
        _write(kept, keys, n_studies, n_claims)


def _write(kept: dict, keys: dict[str, str], n_studies: int, n_claims: int) -> None:
    rows = [row for name, key in keys.items() if name not in (*OF_CLAIMS, *OF_VOXELS) for row in kept.get(key, [])]
    tables = [{name: kept[keys[name]] for name in some if keys[name] in kept} for some in (OF_CLAIMS, OF_VOXELS)]
    WHERE.write_text(written(rows, *tables, n_studies, n_claims), encoding="utf-8")


def part(name: str, n_studies: int) -> list[dict] | dict[str, dict]:
    """Return the rows of the page that one kind of study gives, or the counts of claims on noise."""
    torch.set_num_threads(1)
    if name in OF_CLAIMS:
        return verdicts_on_nothing(n_studies, OF_CLAIMS[name])
    if name in OF_VOXELS:
        return discoveries(n_studies, OF_VOXELS[name])
    found = similarities(n_studies) if name == SIMILARITY else simulated(PARTS[name], n_studies)
    return list(summed_up(name, found))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
