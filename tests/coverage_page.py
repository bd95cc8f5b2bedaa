"""`make coverage`: what the report's intervals and verdicts cover, simulated; writes tests/COVERAGE.md.

What `calibration` simulates is kept in outputs/coverage.json until the code that it goes through changes, so that what
was stopped goes on where it was.
"""

from __future__ import annotations

import concurrent.futures
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch

import calibration
from calibration import (
    ALIKE,
    DESIGNS,
    FDR,
    N_PERMUTATIONS,
    N_VOXELS,
    NOISE,
    OF_CLAIMS,
    OF_NAMES,
    OF_VOXELS,
    SIMILARITY,
)  # fmt: skip
from helpers.store import code
from helpers.store.files import atomic

WHERE = Path(__file__).with_name("COVERAGE.md")
KEPT = Path(__file__).parents[1] / "outputs" / "coverage.json"
LEAST, MOST = 0.93, 0.97  # of coverage
N_STUDIES, N_FEW = 400, 200  # of a kind; of those that are simulated in one piece
N_MORE = 1000  # others, of a kind of which the first leave a line outside the goals
CHUNK = 100  # studies that a process simulates at once
EQUAL = ("equal networks", "one layer each", "nothing but noise", "8 subjects, noisy data")  # designs without a lead
FEW = {**OF_CLAIMS, **OF_NAMES, **OF_VOXELS}
KINDS = {**dict.fromkeys(FEW), SIMILARITY: None} | {design.name: design for design in DESIGNS}
INTERVALS = ("helpers.encoding", "helpers.encoding.left_out", "helpers.stats.intervals", "helpers.stats.similarity")
VERDICTS = (*INTERVALS, "helpers.chapters.claims.claims", "helpers.chapters.claims.run")
NAMED = (*INTERVALS, "helpers.chapters.comparison.leads", "helpers.chapters.summary.analysis")
VOXELS = ("helpers.encoding", "helpers.encoding.permutation")
GOES_THROUGH = (
    dict.fromkeys(KINDS, INTERVALS) | dict.fromkeys(OF_CLAIMS, VERDICTS) | dict.fromkeys(OF_NAMES, NAMED)
    | dict.fromkeys(OF_VOXELS, VOXELS)
)  # fmt: skip


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


def written(
    rows: list[dict],
    counts: dict[str, dict],
    named: dict[str, dict],
    voxels: dict[str, dict],
    n_studies: int,
    n_more: int,
    n_few: int,
) -> str:
    """Return the page: what was simulated, and tables; of OF_CLAIMS, OF_NAMES and OF_VOXELS what is there."""
    lines = [
        "# What intervals and verdicts cover",
        "",
        f"Made by `make coverage`. `n` is the number of simulated studies: {n_studies}, of which a coverage of .95 has "
        f"a standard error of {_error(0.95, n_studies):.3f}, or {n_more} others ({_error(0.95, n_more):.3f}) where the "
        "first left one of today's lines outside the goals. Each study draws new sounds, and new subjects where it "
        "has any, and goes through the report's own code: ridge, choice of layer on the train sounds, leaving out "
        "sounds, interval. True is the mean over all studies. Nominal is .95. `above` and `below` are the shares of "
        "intervals that lie wholly above and below 0: false verdicts where networks are equal, power where one leads. "
        "`half width` is the median, in standard deviations of the number over studies: 1.96 where the number is "
        "normal and its error the same in all studies, less where the error is large just where the number is far off.",
        "",
        "| study | procedure | n | mean | spread | coverage | above | below | half width |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        numbers = [f"{row[key]:.3f}" for key in ("mean", "spread", "coverage", "above", "below")]
        cells = [row["study"], row["procedure"], str(row["n"]), *numbers, f"{row['width']:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *_beyond(rows)]
    for kind, found in counts.items():
        lines += ["", *_of_claims(kind, found, n_few)]
    if named:
        lines += ["", *_of_names(named, n_few)]
    if voxels:
        lines += ["", *_of_voxels(voxels, n_few)]
    return "\n".join(lines) + "\n"


def _section(heading: str, words: str, columns: Sequence[str], rows: Iterable[Sequence]) -> list[str]:
    cells = [columns, ["---"] * len(columns), *rows]
    return [f"## {heading}", "", words, "", *(f"| {' | '.join(map(str, row))} |" for row in cells)]


def _of_claims(kind: str, found: dict[str, dict], n_studies: int) -> list[str]:
    """Return a heading, what was simulated, and how often each claim was decided."""
    said = {
        NOISE: "activations and responses are nothing but noise. `last_layers_alike` is true of noise, whose layers "
        "predict equally little; nothing is said of it, because they predict nothing.",
        ALIKE: "three networks, their layers and six components are alike but for noise of their own, learn in the "
        "same way over five checkpoints, and predict well. `last_layers_alike` is true.",
    }[kind]
    words = (
        f"{n_studies} studies in which {said} `holds` and `fails` count each claim as if it stood alone, each side at "
        "2.5 %; `verdicts` are those that the report would give, after Holm's adjustment and where the networks "
        "predict anything."
    )
    columns = ("tested", "holds", "fails", "verdicts")
    rows = [(name, *(row[column] for column in columns)) for name, row in found.items()]
    return _section(kind.capitalize(), words, ("claim", *columns), rows)


def _of_names(found: dict[str, dict], n_studies: int) -> list[str]:
    """Return a heading, what was simulated, and how often the summary names a target."""
    words = (
        f"{n_studies} studies of three networks and six components that are alike, from nothing but noise to well "
        "predicted. In which share of studies is any component named because the network with the highest r² is ahead "
        "of both others, because one of them is ahead of it, or because it is ahead of its own control, which is "
        "alike, too? Each at a false-discovery rate of 5 % (Benjamini & Hochberg 1995), so at most 5 % of studies."
    )
    columns = ("study", "ahead of the others", "behind one", "ahead of its control")
    rows = [(name, *(f"{row[key]:.3f}" for key in ("ahead", "behind", "own"))) for name, row in found.items()]
    return _section("Targets that the summary names", words, columns, rows)


def _of_voxels(found: dict[str, dict], n_studies: int) -> list[str]:
    """Return a heading, what was simulated, and what the false-discovery rate of voxels is."""
    words = (
        f"{n_studies} studies of {N_VOXELS} voxels, {N_PERMUTATIONS} permutations and a false-discovery rate of {FDR} "
        "(Benjamini & Hochberg 1995). `any false` is the share of studies that call a voxel of noise predicted, `false "
        "share` the mean share of such voxels among those that are called so: the rate that is controlled. With so "
        f"many permutations the smallest p is 1 / {N_PERMUTATIONS + 1}, and fewer than "
        f"{100 / FDR / (N_PERMUTATIONS + 1):.0f} % of voxels above chance cannot be told from chance."
    )
    keys = ("any_false", "false_share", "power")
    rows = [(name, *("–" if np.isnan(row[key]) else f"{row[key]:.3f}" for key in keys)) for name, row in found.items()]
    return _section("Voxels above chance", words, ("study", *(key.replace("_", " ") for key in keys)), rows)


def _error(share: float, n: int) -> float:
    return float(np.sqrt(share * (1 - share) / n))


def _beyond(rows: list[dict]) -> list[str]:
    """Return which of today's lines miss the goals, and why they are what they are."""
    now = [row for row in rows if row["procedure"].endswith("as now")]
    named = [(f"{row['study']}, {row['procedure'].removesuffix(', as now')}", row) for row in now]
    missed = [f"{name} ({row['coverage']:.3f}, n {row['n']})" for name, row in named if is_missed(row)]
    equal = [row for name, row in named if name.startswith(EQUAL) or ", equal networks, " in name]
    worst = max((row["above"] + row["below"] for row in equal if "r²" not in row["procedure"]), default=0.0)
    nothing = max((row["above"] for name, row in named if "nothing" in name and "r²" in name), default=0.0)
    return [
        f"Goals are a coverage of {LEAST} to {MOST}, and at most 5 % of false verdicts. Outside: "
        f"{'; '.join(missed) or 'none'}. Of equal networks, at most {100 * worst:.1f} % of studies find one ahead. Of "
        f"networks that predict nothing, {100 * nothing:.1f} % have an r² whose interval does not begin at 0.",
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


@cache
def digest_of(modules: tuple[str, ...]) -> str:
    """Return what changes with the code that a simulation goes through: the report's, and its own."""
    own = code.source_digest(Path(calibration.__file__).read_text(encoding="utf-8"))
    return f"{code.code_digest(*modules)}-{own}"


@dataclass(frozen=True)
class Chunk:
    """Studies of a kind that a process simulates at once: others for each `number`."""

    kind: str
    number: int
    n: int

    @property
    def key(self) -> str:
        return f"{self.kind}, {self.number} of {self.n} studies, {digest_of(GOES_THROUGH[self.kind])}"


class Simulated:
    """What there is of each kind of study: the first ones, or others where those left a line outside the goals."""

    def __init__(self, n_studies: int, n_more: int, n_few: int):
        self.kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
        self.n_more = n_more
        self.first = {kind: self._chunks(kind, n_few if kind in FEW else n_studies) for kind in KINDS}
        self.chunks = dict(self.first)

    @staticmethod
    def _chunks(kind: str, n: int, after: int = 0) -> list[Chunk]:
        size = n if kind in FEW else min(CHUNK, n)
        return [Chunk(kind, number, size) for number in range(after, after + n // size)]

    def missing(self, kind: str) -> list[Chunk]:
        """Return what is to be simulated of a kind: others than the first, if these leave a line outside the goals."""
        first = self.first[kind]
        if kind not in FEW and self.chunks[kind] is first and any(map(is_missed, self.rows(kind))):
            self.chunks[kind] = self._chunks(kind, self.n_more, len(first))
        return [one for one in self.chunks[kind] if one.key not in self.kept]

    def add(self, chunk: Chunk, found: dict) -> None:
        self.kept[chunk.key] = {
            name: np.asarray(one).tolist() if chunk.kind not in FEW else one for name, one in found.items()
        }
        with atomic(KEPT) as path:
            path.write_text(json.dumps(self.kept, default=float), encoding="utf-8")

    def rows(self, kind: str) -> list[dict]:
        """Return the lines of a kind once all its studies are there; before, those of the first ones, or none."""
        for chunks in (self.chunks[kind], self.first[kind]):
            parts = [self.kept[one.key] for one in chunks if one.key in self.kept]
            if len(parts) == len(chunks):
                return list(summed_up(kind, {name: np.concatenate([one[name] for one in parts]) for name in parts[0]}))
        return []

    def counts(self, kinds: Iterable[str]) -> dict[str, dict]:
        """Return what is there of kinds that are simulated in one piece."""
        keys = {kind: self.first[kind][0].key for kind in kinds}
        return {kind: self.kept[key] for kind, key in keys.items() if key in self.kept}


def main(n_studies: int = N_STUDIES, n_more: int = N_MORE, n_few: int = N_FEW, n_processes: int | None = None) -> None:
    """Simulate what is not kept yet, on all cores, and write the page anew after each chunk: it takes hours."""
    start, found = time.monotonic(), Simulated(n_studies, n_more, n_few)
    fork = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
    pool = concurrent.futures.ProcessPoolExecutor(n_processes or os.cpu_count(), fork)
    try:
        waiting = {pool.submit(part, chunk): chunk for kind in KINDS for chunk in found.missing(kind)}
        while waiting:
            done = next(concurrent.futures.as_completed(waiting))
            chunk = waiting.pop(done)
            found.add(chunk, done.result())
            print(f"{chunk.kind}, {chunk.number}: after {time.monotonic() - start:.0f} s", flush=True)
            if chunk.kind not in {one.kind for one in waiting.values()}:
                waiting |= {pool.submit(part, one): one for one in found.missing(chunk.kind)}
            _write(found, n_studies, n_more, n_few)
    finally:
        pool.shutdown(cancel_futures=True)  # what is wrong is said at once, and not after hours
    _write(found, n_studies, n_more, n_few)


def _write(found: Simulated, *numbers: int) -> None:
    rows = [row for kind in KINDS if kind not in FEW for row in found.rows(kind)]
    tables = (found.counts(kinds) for kinds in (OF_CLAIMS, OF_NAMES, OF_VOXELS))
    WHERE.write_text(written(rows, *tables, *numbers), encoding="utf-8")


def is_missed(row: dict) -> bool:
    """Return whether the coverage of one of today's procedures is outside the goals."""
    return row["procedure"].endswith("as now") and not LEAST <= row["coverage"] <= MOST


def part(chunk: Chunk) -> dict[str, np.ndarray] | dict[str, dict]:
    """Return the numbers of some studies, or the counts of claims on noise, or of voxels."""
    torch.set_num_threads(1)
    kind = chunk.kind
    if kind in OF_CLAIMS:
        return calibration.verdicts_on_nothing(chunk.n, OF_CLAIMS[kind])
    if kind in OF_NAMES:
        return calibration.named_on_nothing(chunk.n, OF_NAMES[kind])
    if kind in OF_VOXELS:
        return calibration.discoveries(chunk.n, OF_VOXELS[kind])
    if kind == SIMILARITY:
        return calibration.similarities(chunk.n, chunk=chunk.number)
    return calibration.simulated(KINDS[kind], chunk.n, chunk=chunk.number)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
