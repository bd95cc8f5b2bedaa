"""Folders in Hugging Face's format: found or downloaded, and what is refused in them before the library opens them.

A folder holds `config.json`, the feature extractor's `preprocessor_config.json` (or `processor_config.json`) and the
weights, in one file or several, as safetensors. A name on the hub stands for a folder in the library's own cache,
`.../snapshots/<commit>`; nothing else of the hub's is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from helpers.errors import UserError
from helpers.stimuli.sounds import RATES
from helpers.store import files, transfer
from helpers.store.checkout import ROOT

CONFIG, EXTRACTORS = "config.json", ("preprocessor_config.json", "processor_config.json")
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")

MOST_BYTES = 8_000_000  # of a JSON file
MOST_ENTRIES = 4096  # layers, channels' groups, entries of a list
MOST = 10_000_000  # any other whole number in a configuration
MOST_OF_EXTRACTOR = 2**14  # mel bands, samples in a window
INSTALL = "run `pip install -e '.[huggingface]'`"


def local(weights: str) -> Path | None:
    """Return the folder that `weights` is the path of; None where there is no such folder."""
    for path in (files.expanded(weights), ROOT / weights):
        if path.is_dir():
            return path.resolve()
    return None


def described(weights: str, revision: str) -> Path:
    """Return the folder with the configurations of `weights`, a folder or a name on the hub.

    Of a name, they are downloaded where they are not in the cache: a few kB, without which neither the sample rate nor
    the sizes are known. Raises UserError where there is no such folder and nothing can be downloaded, and for a folder
    without configurations.
    """
    folder = local(weights) or _cached(weights, revision) or _downloaded(weights, revision, (CONFIG, *EXTRACTORS))
    for names in ((CONFIG,), EXTRACTORS):
        if not any((folder / name).is_file() for name in names):
            raise UserError(
                f"weights: '{weights}' has no {' or '.join(names)}; expected the folder of an audio encoder as the "
                "library saves it, with its feature extractor"
            )
    return folder


def with_weights(weights: str, revision: str) -> Path:
    """Return the folder with configurations and weights, which are downloaded where they are missing.

    Raises UserError where there are none as safetensors.
    """
    folder = described(weights, revision)
    if not stored(folder) and local(weights) is None:
        commit = commit_of(folder) or revision  # the commit of the configurations, whatever "main" is by now
        folder = _downloaded(weights, commit, (WEIGHTS, INDEX, "model-*-of-*.safetensors"))
    if not stored(folder):
        raise UserError(
            f"weights: '{weights}' has no {WEIGHTS}; only safetensors are read: give the `revision` of a commit that "
            "has them, or save the network with `save_pretrained` and give that folder as `weights`"
        )
    return folder


def stored(folder: Path) -> list[Path]:
    """Return the files of weights in a folder; none where any of them is missing. Raises UserError for a bad index."""
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if not (folder / INDEX).is_file():
        return []
    listed = _read(folder / INDEX).get("weight_map")
    names = sorted({str(name) for name in listed.values()}) if isinstance(listed, dict) else []
    if not names or not all(SHARD.fullmatch(name) for name in names):
        raise UserError(
            f"{folder / INDEX}: found {', '.join(names[:3]) or 'no files'}, expected names such as "
            "model-00001-of-00002.safetensors beside it; get the folder again"
        )
    paths = [folder / name for name in names]
    return paths if all(path.is_file() for path in paths) else []


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that the numbers depend on: weights and configurations, by name."""
    configurations = [path for path in (folder / name for name in (CONFIG, *EXTRACTORS)) if path.is_file()]
    found = {}
    for path in [*stored(folder), *configurations]:
        state = path.stat()
        found[path.name] = _sha256(path, state.st_size, state.st_mtime_ns)
    return found


@cache
def _sha256(path: Path, size: int, changed: int) -> str:  # noqa: ARG001  (another file of that name is hashed anew)
    return files.sha256(path)


def commit_of(folder: Path) -> str | None:
    """Return the commit of a folder in Hugging Face's cache, .../snapshots/<commit>; None of any other."""
    found = re.search(r"snapshots/([0-9a-f]{40})$", folder.as_posix())
    return found[1] if found else None


def _cached(name: str, revision: str) -> Path | None:
    from huggingface_hub import constants, try_to_load_from_cache  # slow to import, and not needed for local folders

    found = try_to_load_from_cache(name, CONFIG, constants.HF_HUB_CACHE, revision=revision)
    return Path(found).parent if isinstance(found, str) else None


def _downloaded(name: str, revision: str, patterns: tuple[str, ...]) -> Path:
    from huggingface_hub import constants, snapshot_download

    cached_in = constants.HF_HUB_CACHE
    try:
        folder = Path(snapshot_download(name, revision=revision, cache_dir=cached_in, allow_patterns=list(patterns)))
    except Exception as error:  # httpx, what it opens a proxy with, and the library raise almost anything
        raise UserError(
            f"weights: '{name}' is no folder, is not in the cache, and could not be downloaded from the hub at "
            f"revision {revision}: {transfer.reason(error, 'hf_endpoint')}; correct the name, connect to the network "
            "once, or give a folder's path"
        ) from None
    print(f"{name}: downloaded; `revision: {commit_of(folder)}` pins it", flush=True)
    return folder


# What is refused


def examined(folder: Path) -> None:
    """Raise UserError for configurations that are no plain JSON, ask for code of their own, or are absurdly large."""
    for name in (CONFIG, *EXTRACTORS):
        if (path := folder / name).is_file():
            most = MOST if name == CONFIG else MOST_OF_EXTRACTOR
            for where, value in _entries(_read(path)):
                _examine(path, where, value, most)
    if (folder / "adapter_config.json").is_file():
        raise UserError(
            f"{folder}: found adapter_config.json, expected one network of its own; merge the adapter into it and save "
            "that with `save_pretrained`"
        )


def _examine(path: Path, where: str, value: object, most: int) -> None:
    key = where.rsplit(".", 1)[-1]
    if key == "auto_map" and value:
        raise UserError(
            f"{path}: its `auto_map` asks for code of its own, which is never run; use a network that the library "
            "itself has"
        )
    if key == "feature_extractor_type" and not str(value).endswith("FeatureExtractor"):
        raise UserError(f"{path}: found `{where}: {value}`, expected a feature extractor of the library; correct it")
    if isinstance(value, list | dict) and len(value) > MOST_ENTRIES * (1 if isinstance(value, list) else 4):
        raise UserError(f"{path}: `{where}` has {len(value)} entries, expected at most {MOST_ENTRIES}; is it damaged?")
    if key == "sampling_rate":
        expected = RATES
    elif key.startswith("num_") or "layers" in key or "depth" in key:
        expected = (-1, MOST_ENTRIES)
    elif any(word in key for word in ("samples", "frames", "token", "freq", "fmax")):
        expected = (-1, MOST)
    else:
        expected = (-most, most)
    numbers = value if isinstance(value, list) else [value]
    for number in numbers:
        if isinstance(number, int | float) and not expected[0] <= number <= expected[1] and abs(number) != float("inf"):
            raise UserError(
                f"{path}: found `{where}: {number}`, expected a number from {expected[0]} to {expected[1]}; get the "
                "folder again"
            )


def _entries(values: dict, where: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """Yield every key, with the keys that it lies in, and its value."""
    if depth > 8:
        return
    for key, value in values.items():
        yield f"{where}{key}", value
        if isinstance(value, dict):
            yield from _entries(value, f"{where}{key}.", depth + 1)


def _read(path: Path) -> dict:
    """Return the object in a JSON file; raises UserError for anything else."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path.stat().st_size} bytes")
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise ValueError(f"a {type(values).__name__}")
    except (OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path}: found {reason}, expected a small JSON object; get the folder again") from None
    return values
