"""Family `encodecmae`: published EnCodecMAE weights and series of checkpoints by name, or local files of their format.

Source: Pepino, Riera & Ferrer 2023, arXiv 2309.07391; weights at huggingface.co/lpepino/encodecmae-v2, checkpoints from
training at huggingface.co/lpepino/encodecmae-pretrained.
"""

from __future__ import annotations

import re
from functools import cache
from glob import escape, glob
from pathlib import Path

import torch
import xarray as xr
from pydantic import Field, model_validator

from helpers.errors import UserError, suggestion
from helpers.models.base import DOWNLOAD, FLOAT
from helpers.models.encodecmae import extraction
from helpers.models.encodecmae.checkpoint import load_network
from helpers.models.encodecmae.mel import RATE
from helpers.models.encodecmae.network import Network, Sizes
from helpers.store import transfer
from helpers.store.checkout import ROOT
from helpers.store.files import expanded, sha256
from helpers.store.own import is_own

__all__ = ["RATE", "EncodecMAE", "Settings", "example", "open"]

REPOSITORY = "lpepino/encodecmae-v2"
PUBLISHED = ("mel256-ec-base", "mel256-ec-base-as", "mel256-ec-base-fma", "mel256-ec-base-ll")
SERIES = "lpepino/encodecmae-pretrained"  # the repository of checkpoints from training
IN_SERIES = "full_exps/base_models/{name}/pretrain_checkpoints/"  # its folder of one network
EVERY = tuple(range(50_000, 500_001, 50_000))  # training steps whose checkpoints are published
LAST_STEP = 500_000  # training steps of the published models
BASE = Sizes(width=768, heads=12, encoder_layers=10, decoder_layers=2, feed_forward=3072)  # of the published models


class Settings(extraction.Settings):
    """Settings of an entry of this family: `weights` for one network, or `checkpoints` for a series."""

    weights: str | None = None  # a published name or the path of a .pt file
    step: int = Field(LAST_STEP, ge=0)  # the training step of `weights`
    # step -> name or path, a pattern of paths, or the published name of a series, instead of `weights`
    checkpoints: dict[int, str] | str = Field({})
    steps: list[int] = Field([])  # of a published series; none: every 50,000
    # "main" is what the repository's branch held when the weights were first downloaded; that copy is then used for
    # good, and its checksum is part of every result. A full commit hash pins it.
    revision: str = Field("main", pattern=r"^(main|[0-9a-f]{40})$")
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")  # of the file of `weights`, checked where given
    heads: int | None = Field(None, ge=1)  # attention heads, where the checkpoint does not state them

    @model_validator(mode="after")
    def _one_source(self) -> Settings:
        if (self.weights is None) == (not self.checkpoints):
            raise ValueError("give either `weights` (a published name or a .pt file) or `checkpoints` (step: weights)")
        if self.sha256 and self.checkpoints:
            raise ValueError("`sha256` goes with `weights`; a series of checkpoints has none")
        if self.steps and not self._is_published_series:
            raise ValueError(f"`steps` go with `checkpoints: <published name>`, one of {', '.join(PUBLISHED)}")
        for weights in () if self._is_published_series else self.series.values():
            if not _is_path(weights) and weights not in PUBLISHED:
                raise ValueError(f"unknown weights '{weights}'; {suggestion(weights, list(PUBLISHED))}, or a .pt file")
        return self

    @property
    def _is_published_series(self) -> bool:
        return isinstance(self.checkpoints, str) and self.checkpoints in PUBLISHED

    @property
    def series(self) -> dict[int, str]:
        """Training step -> weights; of a pattern, the step is the last number in a file's name."""
        if self._is_published_series:
            return {step: f"{self.checkpoints}={step}.ckpt" for step in self.steps or EVERY}
        if isinstance(self.checkpoints, str):
            return _matching(self.checkpoints)
        return self.checkpoints or {self.step: self.weights}


def _matching(pattern: str) -> dict[int, str]:
    """Return the files that a pattern such as `weights/mix-*.pt` names, by step; raises UserError if unclear."""
    parts = str(ROOT / expanded(pattern)).split("*")
    found = glob("*".join(map(escape, parts)))  # noqa: PTH207  (a pattern may be absolute); only * has a meaning
    paths = sorted(path for path in found if is_own(Path(path).name))
    steps = [re.findall(r"\d+", Path(path).stem)[-1:] for path in paths]
    if not paths or not all(steps) or len({int(step[0]) for step in steps}) < len(paths):
        names = ", ".join(Path(path).name for path in paths[:3]) or "no file"
        raise UserError(
            f"checkpoints: '{pattern}' names {names}; expected .pt files whose names end in different training steps"
        )
    return {int(step[0]): path for step, path in zip(steps, paths, strict=True)}


class EncodecMAE(extraction.EncodecMAEModel):
    """A published or local EnCodecMAE; weights are downloaded when first needed."""

    def __init__(self, name: str, settings: Settings, waveforms: xr.DataArray, device: str, batch_size: int):
        super().__init__(name, settings, waveforms, list(settings.series), device, batch_size)

    def trained(self, step: int) -> Network:
        return load_network(self.path(step), self.settings.heads)

    @property
    def shape(self) -> Sizes:
        return BASE

    def identity(self, step: int) -> dict:
        path, digest = self._file(step)
        return {
            "family": "encodecmae",
            "weights": Path(self.settings.series[step]).name,
            "step": step,
            "sha256": digest,
            "commit": _commit(path),
            "heads": self.settings.heads,
            "pooling": self.settings.pooling,
        }

    def missing(self, step: int) -> str:
        weights = self.settings.series[step]
        if _is_of_series(weights):
            on_disk = _cached_of_series(weights, self.settings.revision) is not None
        else:
            on_disk = _is_path(weights) or _cached(f"{weights}.pt", self.settings.revision) is not None
        return "" if on_disk else DOWNLOAD

    def downloads(self, step: int) -> dict[str, int]:
        weights = self.settings.series[step]
        return {weights: FLOAT * self.sizes.n_weights} if self.missing(step) == DOWNLOAD else {}

    def path(self, step: int) -> Path:
        """Return the checkpoint's file, its checksum verified where the study gives one."""
        return self._file(step)[0]

    @cache  # noqa: B019  a model lives as long as its study
    def _file(self, step: int) -> tuple[Path, str]:
        path = located(self.settings.series[step], self.settings.revision)
        found, expected = sha256(path), self.settings.sha256
        if expected and found != expected:
            raise UserError(f"{path}: SHA-256 is {found}, expected {expected}; the file is another one: get it again")
        return path, found


def open(
    name: str,
    settings: Settings,
    waveforms: xr.DataArray,
    folder: Path,  # noqa: ARG001  (nothing is trained)
    seed: int,  # noqa: ARG001
    device: str,
    batch_size: int,
) -> EncodecMAE:
    """Return the model of an entry, nothing downloaded yet."""
    return EncodecMAE(name, settings, waveforms, device, batch_size)


def located(weights: str, revision: str) -> Path:
    """Return the file of published or local weights; only what is not yet in the cache is downloaded.

    Raises UserError for a missing file or an impossible download.
    """
    if _is_of_series(weights):
        return _cached_of_series(weights, revision) or _downloaded_of_series(weights, revision)
    if not _is_path(weights):
        return _cached(f"{weights}.pt", revision) or _downloaded(f"{weights}.pt", revision)
    for path in (expanded(weights), ROOT / weights):
        if path.is_file():
            return path
    raise UserError(f"weights: no file '{weights}'; correct the path or use one of: {', '.join(PUBLISHED)}")


def _is_of_series(weights: str) -> bool:
    name, _, step = weights.partition("=")
    return name in PUBLISHED and step.endswith(".ckpt")


def _cached_of_series(weights: str, revision: str) -> Path | None:
    """Return a checkpoint of a published series in Hugging Face's cache, whatever folder of the series it lies in."""
    from huggingface_hub import constants

    name, _, step = weights.partition("=")
    kept = Path(constants.HF_HUB_CACHE) / f"models--{SERIES.replace('/', '--')}" / "snapshots"
    snapshots = [kept / revision] if revision != "main" else sorted(kept.glob("*"))
    found = [path for one in snapshots for path in (one / IN_SERIES.format(name=name)).rglob(f"*={step}")]
    return found[0] if found else None


def _downloaded_of_series(weights: str, revision: str) -> Path:
    """Download a checkpoint of a published series, found by the step at the end of its name."""
    from huggingface_hub import HfApi

    name, _, step = weights.partition("=")
    folder = IN_SERIES.format(name=name)
    try:
        listed = HfApi().list_repo_files(SERIES, revision=revision)
    except Exception as error:  # httpx, what it opens a proxy with, and the library raise almost anything
        raise _unreachable(f"the list of {name}'s checkpoints", SERIES, revision, error) from None
    files = [file for file in listed if file.startswith(folder) and file.endswith(f"={step}")]
    if not files:
        steps = sorted({int(found[1]) for file in listed if (found := re.search(rf"^{folder}.*=(\d+)\.ckpt$", file))})
        known = ", ".join(map(str, steps)) or "none"
        raise UserError(f"checkpoints: {name} has no step {step.removesuffix('.ckpt')} at {SERIES}; it has: {known}")
    return _downloaded(files[0], revision, SERIES)


def _is_path(weights: str) -> bool:
    return weights.endswith(".pt") or "/" in weights or "\\" in weights


def _cached(file: str, revision: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache  # slow to import, and not needed for local files

    found = try_to_load_from_cache(REPOSITORY, file, revision=revision)
    return Path(found) if isinstance(found, str) else None


def _downloaded(file: str, revision: str, repository: str = REPOSITORY) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        path = Path(hf_hub_download(repository, file, revision=revision))
    except Exception as error:  # as above
        raise _unreachable(file, repository, revision, error) from None
    print(f"{file}: downloaded, SHA-256 {sha256(path)}; `revision: {_commit(path)}` pins it")
    return path


def _unreachable(what: str, repository: str, revision: str, error: Exception) -> UserError:
    return UserError(
        f"weights: {what} could not be downloaded from huggingface.co/{repository} at revision {revision}: "
        f"{transfer.reason(error, 'hf_endpoint')}; connect to the network once, or give the path of a "
        "downloaded .pt file as `weights`"
    )


def _commit(path: Path) -> str | None:
    """Return the commit of a file in Hugging Face's cache, .../snapshots/<commit>/<file>."""
    found = re.search(r"snapshots/([0-9a-f]{40})/", path.as_posix())
    return found[1] if found else None


def example(folder: Path) -> dict:
    """Return settings of a model small enough for tests: random weights, written to `folder`."""
    sizes = Sizes(width=16, heads=2, encoder_layers=2, decoder_layers=1, feed_forward=32)
    path = folder / "random.pt"
    with torch.random.fork_rng(devices=[]):  # leave the global generator as it is
        torch.manual_seed(0)
        weights = Network(sizes).state_dict()
    torch.save({"imports": "", "config": "", "state_dict": weights}, path)
    return {"weights": str(path), "heads": 2}
