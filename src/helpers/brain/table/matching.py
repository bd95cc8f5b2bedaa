"""Which file each sound of a table is: by name, and what almost fits is named with how it differs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import soundfile

from helpers.brain.base import some
from helpers.brain.table.refusal import composed, wrong
from helpers.store.own import is_own

ENDINGS = frozenset({f".{kind.lower()}" for kind in soundfile.available_formats()} - {".raw"}) | {".aif", ".oga"}


def files(names: Iterable[str], folder: Path, path: Path) -> dict[str, Path]:
    """Return sound -> file for the sounds that `path` names; a name is a file's with or without its ending.

    Sounds are called as their files are, without ending. Raises UserError for names that no file has, files that no
    name asks for, and two of either for one sound. Files that are no audio are left alone.
    """
    if not folder.is_dir():
        raise wrong(folder, "no such folder", "the folder with the sounds", "correct `sounds`, or put them there")
    there = [file for file in sorted(folder.iterdir()) if is_own(file.name) and file.is_file()]
    known = _by_stem([file for file in there if file.suffix.lower() in ENDINGS], folder)
    if not known:
        found = f"no audio file among {len(there)} files"
        raise wrong(
            folder, found, f"one for each sound, such as name.wav ({', '.join(sorted(ENDINGS))})", "put them there"
        )
    whole = {composed(file.name): stem for stem, file in known.items()}
    asked: dict[str, str] = {}
    for name in names:
        stem = name if name in known else whole.get(name)
        if stem is None:
            raise _unknown(name, list(names), known, there, folder, path)
        if stem in asked:
            raise wrong(path, f"'{asked[stem]}' and '{name}', which are one sound", "each once", "remove one")
        asked[stem] = name
    if extra := [stem for stem in known if stem not in asked]:
        todo = "move the files away, or add the responses to them"
        raise wrong(
            path, f"no responses to {some(extra)}, which lie in {folder.name}/", "responses to all sounds", todo
        )
    return {stem: known[stem] for stem in asked}


def _by_stem(audio: list[Path], folder: Path) -> dict[str, Path]:
    """Return name -> file; raises UserError for two files of one name."""
    known: dict[str, Path] = {}
    for file in audio:
        stem = composed(file.stem)
        if stem in known:
            raise wrong(
                folder, f"{known[stem].name} and {file.name}, which are one sound", "one file each", "remove one"
            )
        known[stem] = file
    return known


def _unknown(name: str, names: list[str], known: dict[str, Path], there: list[Path], folder: Path, path: Path):
    """Return the error for a sound without a file, with the file that almost fits, and how it differs."""
    unknown = [other for other in names if other not in known and other not in {composed(f.name) for f in there}]
    for file in there:
        if reason := difference(name, file.name):
            found = f"sound '{name}', and the file '{file.name}' in {folder.name}/, which differs in {reason}"
            more = f" ({len(unknown)} sounds have no file of their name)" if len(unknown) > 1 else ""
            return wrong(path, found + more, "the name of the file", "write both alike")
    found = f"responses to {some(unknown or [name])}, of which there is no file in {folder.name}/"
    return wrong(path, found, f"one of its {len(known)} sounds", "add the files, or leave out these responses")


def difference(name: str, file: str) -> str:
    """Return in what a name and a file's name differ where they differ in little; "" where they differ in more."""
    stem, ending = Path(file).stem, Path(file).suffix
    own = name[: -len(Path(name).suffix)] if Path(name).suffix.lower() in ENDINGS | {ending.lower()} else name
    reasons = []
    if own != name and Path(name).suffix != ending:
        reasons.append("ending")
    elif ending.lower() not in ENDINGS:
        reasons.append(f"its ending {ending or '(none)'}, which cannot be read")
    if _simplified(own) != _simplified(stem):
        return ""
    # A difference is named where everything else made alike leaves it
    reasons += [reason for reason in SIMPLER if _simplified(own, reason) != _simplified(stem, reason)]
    return " and ".join(reasons)


def _simplified(name: str, without: str = "") -> str:
    """Return a name with all of SIMPLER done to it but one."""
    name = composed(name)
    for reason, simpler in SIMPLER.items():
        name = name if reason == without else simpler(name)
    return name


def _bare(name: str) -> str:
    """Return a name without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))


def _joined(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name)


def _short(name: str) -> str:
    return re.sub(r"(?<!\d)0+(?=\d)", "", name)


SIMPLER = {"case": str.casefold, "accents": _bare, "spaces": _joined, "leading zeros": _short}
