"""Mutated studies, tables, sounds and settings, seeded and bounded: each is valid or named, none ends in a traceback.

A failure names its seed: `pytest "tests/test_fuzz.py::test_a_mutated_study_is_valid_or_named[120]"` makes that block
again.
"""

import copy
import shutil
import signal
import struct
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml

import small_study
from helpers.__main__ import main

FEW, MANY, BLOCK = 300, 2_000, 30  # mutants in the ordinary tests, in the slow ones, in a test
SECONDS = 20  # until a mutant is called hung; one takes some 20 ms

SOUNDS = {f"tone{index:02d}": category for index, category in enumerate(["Music", "Song", "Nature"] * 8)}
VALUES = [
    None, "", " ", "0", "no", True, False, 0, 1, -1, 2, 7, 100.0, 1.5, -0.0, 1e308, 1e-320, float("nan"), float("inf"),
    2**31, 2**32 - 1, 2**32, 2**63, -(2**63), 10**30, "1e2", "1e400", ".nan", [], [[]], [None], [1, 1], [1e-3, "1e3"],
    {}, {"a": 1}, {1: 2}, {None: None}, "~", "~nobody/x", "/", "..", "../..", "a\0b", "x" * 300, "/" * 5000,
    "á/é#?%20[x]", "💥", "<b>&amp;</b>", "{{ x }}", "${HOME}", "%s", "meta", "cuda:99", "cpu:", "mini", "demo", "table",
    "junifer", "nh2015_components",
    "encodecmae", "transformers", "categories", "mel", "published", "ridge", "kfold", "es",
    "00_question", "10_time_course", "*.pt", "-", "--help", "file:///etc/hostname", "2024-05-17",
]  # fmt: skip
TEXTS = ["\t", "\0", "\ufeff", "  ", "- ", ": ", "&a ", "*a", "!!python/object:os.system ", "'", '"', "{", "]", "# ",
         "<<: ", "? ", "|\n", "---\n", "...\n", "\r", "\x85", "é", "💥", ",", ";", "1e999",
         "%TAG ! x\n", "\x1b[31m"]  # fmt: skip
CELLS = ["", "nan", "NA", "inf", "-inf", "1e999", "1,5", "1;5", "x", "0", "-0", " 1 ", "0x10", "1_0", '"', "'", "\t",
         "=1+1", "é", "١", "\0", "true", "2024-05-17", "1" * 400, "sound", "tone 01"]  # fmt: skip


class Hung(BaseException):
    """A mutant that took too long."""


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Two valid studies of 24 sounds: of a table, and of regions."""
    folder = tmp_path_factory.mktemp("originals")
    path = small_study.write_study(folder / "junifer", ["00_question", "01_extract"], sounds=SOUNDS)
    values = yaml.safe_load(path.read_text())
    values |= {"data_dir": "data", "seed": 3, "language": "es", "device": "cpu", "window": [0.1, 2.2]}
    values |= {"extraction": {"device": "cpu", "batch_size": 4}, "baselines": [{"name": "mel", "family": "mel"}]}
    values |= {"encoding": {"estimator": "ridge", "alphas": {"first": -3, "last": 3}, "splits": None}}
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    shutil.copytree(folder / "junifer", folder / "table")
    data = folder / "table" / "data"
    (data / "responses.sqlite").unlink()
    random = np.random.default_rng(0)
    names = list(SOUNDS)
    frame = pd.DataFrame({"sound": names, **{f"t{i}": random.standard_normal(len(names)) for i in range(3)}})
    frame.to_csv(data / "responses.csv", index=False)
    (folder / "table" / "small.yml").write_text(yaml.safe_dump(values | {"dataset": "table"}, sort_keys=False))
    return folder


# Mutations: each changes one file of a study's folder


def mutate_values(random, path: Path) -> None:
    """Replace, remove, add, rename or move values in a YAML file."""
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    for _ in range(random.integers(1, 4)):
        places = list(_places(tree))
        holder, key = places[random.integers(len(places))]
        kind = random.integers(5)
        if kind <= 1:
            holder[key] = _one(random, VALUES)
        elif kind == 2:
            del holder[key]
        elif kind == 3 and isinstance(holder, dict):
            holder[_one(random, [*VALUES[:6], "seedd", f"{key} ", str(key).upper()])] = holder.pop(key)
        else:
            other, name = places[random.integers(len(places))]
            holder[key] = copy.deepcopy(other[name])
        if not tree:
            break
    path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _places(tree):
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield tree, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _one(random, of: list):
    return copy.deepcopy(of[random.integers(len(of))])


def mutate_text(random, path: Path) -> None:
    """Insert, remove, repeat or exchange pieces of text."""
    text = path.read_text(encoding="utf-8")
    for _ in range(random.integers(1, 4)):
        begin, n = int(random.integers(len(text) + 1)), int(random.integers(1, 30))
        piece = [_one(random, TEXTS), text[begin : begin + n] * 2, ""][random.integers(3)]
        text = text[:begin] + piece + text[begin + (n if piece == "" else 0) :]
    path.write_text(text, encoding="utf-8")


def mutate_bytes(random, path: Path) -> None:
    """Flip, cut, repeat or insert bytes; most of them where headers are."""
    content = bytearray(path.read_bytes())
    kind = random.integers(5)
    if kind == 0:
        content = content[: random.integers(len(content) + 1)]
    elif kind == 1:
        content += content[: random.integers(len(content) + 1)]
    else:
        for _ in range(random.integers(1, 12)):
            content[random.integers(min(len(content), 64 if kind < 4 else 10**9))] = random.integers(256)
    path.write_bytes(bytes(content))


def mutate_cells(random, path: Path) -> None:
    """Change cells, rows, columns, separators and the encoding of a table."""
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    for _ in range(random.integers(1, 4)):
        row, column = random.integers(len(rows)), random.integers(len(rows[0]))
        kind = random.integers(7)
        if kind <= 2:
            rows[row][min(column, len(rows[row]) - 1)] = _one(random, CELLS)
        elif kind == 3 and len(rows) > 2:
            del rows[row]
        elif kind == 4:
            rows.insert(row, list(rows[random.integers(len(rows))]))
        elif kind == 5:
            rows = [[*one, _one(random, CELLS)] for one in rows]
        elif min(map(len, rows)) > 1:
            rows = [one[:-1] for one in rows]
    text = "\n".join(",".join(row) for row in rows)
    text = text.replace(",", _one(random, [",", ",", ",", ";", "\t"]))
    path.write_bytes(text.encode(_one(random, ["utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1"]), errors="replace"))


def mutate_sound(random, path: Path) -> None:
    """Write a sound of another rate, length, channels, format or contents, or fields of its header."""
    kind = random.integers(4)
    if kind == 0:
        content = bytearray(path.read_bytes())
        place = [4, 16, 20, 22, 24, 28, 32, 34, 40][random.integers(9)]
        content[place : place + 2] = struct.pack("<H", int(random.integers(2**16)))
        path.write_bytes(bytes(content))
        return
    n, channels = int(_one(random, [0, 1, 5, 240, 6_000, 48_000])), int(_one(random, [1, 1, 2, 9]))
    samples = random.uniform(-1, 1, (n, channels)) * _one(random, [0, 1e-30, 0.1, 1, 30])
    if kind == 1 and n:
        samples[random.integers(n)] = _one(random, [np.nan, np.inf, -np.inf, 1e30])
    subtype = _one(random, ["PCM_16", "PCM_24", "FLOAT", "DOUBLE", "PCM_U8"])
    try:
        soundfile.write(path, samples, int(_one(random, [1, 999, 8_000, 24_000, 44_100, 400_000])), subtype)
    except (soundfile.SoundFileError, ValueError):  # that no wav can be
        path.write_bytes(b"RIFF" + bytes(random.integers(0, 256, 60, dtype=np.uint8)))


def mutate_folder(random, place: Path) -> None:
    """Remove, empty, rename, exchange or double files."""
    files = sorted(path for path in place.rglob("*") if path.is_file() and path.name != "small.yml")
    path, other = files[random.integers(len(files))], files[random.integers(len(files))]
    kind = random.integers(6)
    if kind == 0:
        path.unlink()
    elif kind == 1:
        path.write_bytes(b"")
    elif kind == 2:
        names = ["x", path.name.upper(), f" {path.name}", f"{path.stem}é.wav", "a#?.wav"]
        path.rename(path.with_name(_one(random, names)))
    elif kind == 3:
        shutil.copyfile(other, path.with_name(f"{path.stem}-{other.name}"))
    elif kind == 4 and path != other:
        path.write_bytes(other.read_bytes())
    else:
        path.unlink()
        path.mkdir()


def mutated(seed: int, originals: Path, place: Path) -> Path:
    """Write the mutant of a seed to `place`; returns its study."""
    random = np.random.default_rng(seed)
    base = _one(random, ["table", "table", "junifer"])
    shutil.copytree(originals / base, place)
    study, data = place / "small.yml", place / "data"
    sound = data / "sounds" / f"tone{random.integers(len(SOUNDS)):02d}.wav"
    table = data / ("responses.csv" if base == "table" else "responses.sqlite")
    for _ in range(random.integers(1, 3)):
        kind = random.integers(10)
        if kind <= 3:
            mutate_values(random, study if study.stat().st_size else data / "dataset.yml")
        elif kind == 4:
            mutate_text(random, _one(random, [study, data / "dataset.yml"]))
        elif kind == 5:
            mutate_values(random, data / "dataset.yml")
        elif kind == 6:
            (mutate_cells if table.suffix == ".csv" else mutate_bytes)(random, table)
        elif kind == 7:
            mutate_sound(random, sound)
        elif kind == 8:
            mutate_bytes(random, _one(random, [sound, table, study]))
        else:
            mutate_folder(random, place)
            break
        try:  # a second mutation needs something that can be read
            trees = [yaml.safe_load(path.read_text("utf-8")) for path in (study, data / "dataset.yml")]
            whole = all(isinstance(tree, dict) and tree for tree in trees)
            whole = whole and (table.suffix != ".csv" or "," in table.read_text("utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
            break
        if not whole or not sound.stat().st_size > 44:
            break
    return study


def outcome(study: Path, capsys) -> tuple[int, str]:
    """Exit code and message of `check`; raises Hung."""

    def end(*_):
        raise Hung

    watched = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGALRM, end) if watched else None
    try:
        if watched:
            signal.setitimer(signal.ITIMER_REAL, SECONDS)
        code = main(["check", str(study), "--outputs", str(study.parent / "out")])
    finally:
        if watched:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    return code, capsys.readouterr().err


def check_block(first: int, originals: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    """Check the mutants of BLOCK seeds, in folders that are gone before the next."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for variable in ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY"):  # nothing is to be downloaded
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for seed in range(first, first + BLOCK):
        place = tmp_path / f"mutant {seed}"
        study = mutated(seed, originals, place)
        monkeypatch.chdir(place)
        try:
            code, said = outcome(study, capsys)
        except Hung:
            pytest.fail(f"seed {seed} hangs")
        assert code in (0, 2) and "Traceback" not in said, f"seed {seed}: exit code {code}: {said}"
        assert code == 0 or said.splitlines()[-1].strip(), f"seed {seed}: no message"
        assert not (place / "out").exists(), f"seed {seed}: something was written"
        monkeypatch.chdir(tmp_path)
        shutil.rmtree(place)


def test_the_originals_are_valid(originals, capsys):
    for base in ("table", "junifer"):
        place = originals / base
        values = yaml.safe_load((place / "small.yml").read_text()) | {"data_dir": str(place / "data")}
        own = originals / f"{base}.yml"
        own.write_text(yaml.safe_dump(values))
        assert main(["check", str(own)]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("first", range(0, FEW, BLOCK))
def test_a_mutated_study_is_valid_or_named(first, originals, tmp_path, capsys, monkeypatch):
    check_block(first, originals, tmp_path, capsys, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(FEW, FEW + MANY, BLOCK))
def test_many_mutated_studies_are_valid_or_named(first, originals, tmp_path, capsys, monkeypatch):
    check_block(first, originals, tmp_path, capsys, monkeypatch)
