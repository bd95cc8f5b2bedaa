"""165 synthetic sounds in the categories and counts of NH2015: a few recipes per category, a draw per sound."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import xarray as xr

from helpers.brain.demo import music, things, voices
from helpers.brain.demo.synthesis import finished
from helpers.brain.nh2015 import CATEGORIES
from helpers.stimuli import sounds

hits, puffs, crackle, wash, motor, ringing = (
    partial(partial, recipe)
    for recipe in (things.hits, things.puffs, things.crackle, things.wash, things.motor, things.ringing)
)

RECIPES = {  # category -> what its sounds are made like, taken in turn
    "Music": [
        music.plucked, music.bowed, music.rock_band, music.chords,
        music.band_of_strings, music.drums, music.bells, partial(music.plucked, voices=3),
    ],
    "Song": [music.ballad, music.pop_song, music.hymn],
    "EngSpeech": [voices.stressed] * 8 + [voices.whispered, voices.babble],
    "ForSpeech": [voices.syllabic, voices.tonal],
    "HumVoc": [voices.laugh, voices.cry, voices.hum, voices.cough, voices.scream, voices.whistle, voices.breathing],
    "AniVoc": [voices.bark, voices.chirp, voices.meow, voices.growl, voices.croak],
    "HumNonVoc": [
        hits(rate=2.2, low=120, high=350, decay=0.03, contact=0.8),  # steps
        puffs(rate=9, low=800, high=5_000, rise=0.002, fall=0.02),  # applause
        puffs(rate=4, low=2_000, high=9_000, rise=0.05, fall=0.06),  # brushing
        hits(rate=6, low=300, high=900, decay=0.02),  # tapping
        puffs(rate=1.5, low=30, high=120, rise=0.01, fall=0.05),  # heart
        crackle(rate=60, low=500, high=6_000),  # gravel
    ],
    "AniNonVoc": [
        puffs(rate=11, low=150, high=2_500, rise=0.02, fall=0.02),  # wings
        things.insect,
        motor(low=180, high=260, change=0.15, rate=9),  # bees
        puffs(rate=5, low=1_500, high=8_000, rise=0.01, fall=0.03),  # scratching
    ],
    "Nature": [
        wash(slope=-6, depth=0.7, rate=1.5), wash(slope=0, depth=0.1, rate=4, low=800),  # wind, rain
        wash(slope=-12, depth=1, rate=2, low=20), wash(slope=-3, depth=0.9, rate=0.7),  # thunder, waves
    ],
    "Mechanical": [
        motor(low=50, high=120), ringing(ratios=(1, 1.25), low=600, high=1_200, gate=10),  # engine, telephone
        hits(rate=5, low=1_200, high=3_000, decay=0.015), motor(low=25, high=60, change=0.4, dirt=0.6),  # clock, reving
        wash(slope=-2, depth=0.05, rate=3), things.siren,  # fan
        ringing(ratios=(1,), low=900, high=2_500, gate=2), motor(low=200, high=500, dirt=1),  # truck, drill
        puffs(rate=12, low=600, high=9_000, rise=0.003, fall=0.015),  # printer
        ringing(ratios=(1, 1.26, 2, 3), low=300, high=450, gate=0.4),  # horn
        hits(rate=2.5, low=700, high=1_600, decay=0.25, contact=0.1),  # bell
    ],
    "EnvSound": [
        hits(rate=2.5, low=250, high=700, decay=0.04), things.pouring, crackle(rate=120, low=1_500, high=10_000),
        hits(rate=6, low=1_500, high=3_500, decay=0.15, contact=0.1), partial(things.drops, rate=6), things.creak,
        puffs(rate=3, low=400, high=9_000, rise=0.08, fall=0.04), things.squeak,
        wash(slope=-5, depth=0.4, rate=1), crackle(rate=25, low=300, high=4_000),
    ],
}  # fmt: skip


def synthesize(seed: int) -> xr.DataArray:
    """Return the synthetic sounds, (165 sounds, 48000 samples), float32; the same for the same `seed`."""
    kinds = [(category, index) for category, count in CATEGORIES.items() for index in range(count)]
    with ThreadPoolExecutor() as threads:  # each sound draws from a generator of its own
        made = list(
            threads.map(lambda at, kind: _one(np.random.default_rng([seed, at]), *kind), range(len(kinds)), kinds)
        )
    names = [f"demo{at:03d}_{category.lower()}_{index + 1:02d}" for at, (category, index) in enumerate(kinds, start=1)]
    categories = dict(zip(names, (category for category, _ in kinds), strict=True))
    return sounds.labelled(dict(zip(names, made, strict=True)), categories)


def _one(rng: np.random.Generator, category: str, index: int) -> np.ndarray:
    recipes = RECIPES[category]
    return finished(rng, recipes[index % len(recipes)](rng))
