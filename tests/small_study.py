"""A study of seconds, on disk, so that other processes can run it: twelve tones, regions of two subjects, `mini`."""

from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
import yaml

from helpers.study import Study, open_study
from written_voxels import junifer_storage

SOUNDS = {f"tone{index:02d}": category for index, category in enumerate(["Music", "Song", "EngSpeech", "Nature"] * 3)}
REGIONS = ["lh_Primary", "lh_Anterior", "rh_Primary", "rh_Lateral"]
SMALL = {"family": "mini", "layers": 2, "width": 16, "heads": 2, "feed_forward": 32, "steps": 2, "checkpoints": [1]}
SMALL |= {"batch_size": 2, "crop_s": 0.5, "span": 2, "components": 8, "codebooks": 2, "codes": 8, "warm_up": 1}


def table(sounds=SOUNDS) -> pd.DataFrame:
    """Responses of two subjects' regions to all sounds."""
    random = np.random.default_rng(0)
    rows = [
        {"subject": subject, "sound": sound, **dict(zip(REGIONS, random.random(4), strict=True))}
        for subject in ("sub-01", "sub-02")
        for sound in reversed(sounds)
    ]
    return pd.DataFrame(rows)


def write_sounds(folder: Path, sounds=SOUNDS) -> None:
    """The tones, and what `dataset.yml` says of them."""
    (folder / "sounds").mkdir(parents=True)
    for index, name in enumerate(sounds):
        tone = 0.1 * np.sin(np.arange(12_000) * (0.02 + 0.01 * index))
        soundfile.write(folder / "sounds" / f"{name}.wav", tone, 24_000)
    settings = {"citation": "made by a test", "synthetic": True, "categories": dict(sounds)}
    (folder / "dataset.yml").write_text(yaml.safe_dump(settings))


def write_study(folder: Path, chapters, models=("mixture",), sounds=SOUNDS, **settings) -> Path:
    """The YAML of a study of these chapters and models, its dataset beside it."""
    write_sounds(folder / "data", sounds)
    junifer_storage(folder / "data" / "responses.sqlite", table(sounds))
    study = {"name": "small", "dataset": "junifer", "data_dir": str(folder / "data"), "chapters": list(chapters)}
    study |= {"permutations": 5, "models": [{"name": name, **SMALL, **settings} for name in models]}
    (folder / "small.yml").write_text(yaml.safe_dump(study))
    return folder / "small.yml"


def opened(folder: Path, models=(), out="out") -> Study:
    """The study that `write_study` wrote to `folder`, or a part of it."""
    chosen = {"study": str(folder / "small.yml"), "models": list(models), "outputs": str(folder / out)}
    return open_study(chosen)
