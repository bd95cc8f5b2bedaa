"""Invent what the tutorial of the README starts from: `python params/tutorial.py lab` writes it to the folder lab.

24 sounds of a second, the responses of three places of a cortex to them, and a network of two layers.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

N, RATE = 24, 24_000
folder, random = Path(sys.argv[1]), np.random.default_rng(0)
(folder / "wav").mkdir(parents=True, exist_ok=True)

names = [f"tone{index:02d}" for index in range(N)]
pitch, noise = np.linspace(0.2, 2, N), random.random(N)  # kHz; how much noise a tone has
for name, khz, amount in zip(names, pitch, noise, strict=True):
    tone = np.sin(2 * np.pi * 1000 * khz * np.arange(RATE) / RATE)
    soundfile.write(folder / "wav" / f"{name}.wav", 0.1 * tone + 0.05 * amount * random.standard_normal(RATE), RATE)

places = {"A1": pitch, "belt": noise, "both": pitch + noise}
responses = pd.DataFrame({"sound": names} | {place: value + random.random(N) / 4 for place, value in places.items()})
responses.to_csv(folder / "responses.csv", index=False)

conv1 = np.c_[pitch, random.random((N, 7))]  # (sound, unit)
conv2 = np.c_[pitch, noise, random.random((N, 14))]
np.savez(folder / "mine.npz", sound=np.array(names, dtype=str), conv1=conv1, conv2=conv2)
