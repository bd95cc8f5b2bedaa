"""Recipes of voices: pulses or noise through formants that move. Each takes a random generator, returns (48000,)."""

from __future__ import annotations

from functools import partial

import numpy as np

from helpers.brain.demo.synthesis import (
    FRAMES,
    band,
    bursts,
    curve,
    filtered,
    formants,
    level,
    noise,
    pulses,
    regular,
    scattered,
    tilt,
    tone,
    wander,
)

# First three formants of vowels in Hz, a middle-sized vocal tract
VOWELS = {
    "i": (300, 2300, 3000), "I": (420, 2000, 2600), "e": (480, 1950, 2600), "ae": (700, 1750, 2450),
    "a": (760, 1250, 2500), "o": (500, 900, 2450), "u": (330, 900, 2300), "y": (300, 1750, 2200),
    "schwa": (520, 1500, 2450),
}  # fmt: skip


def voice(rng, vowels, times, pitch, loudness, breath=0.01, size=None):
    """Return vowels (names) reached at `times` (s), voiced at `pitch` (Hz), envelope `loudness`, each (48000,).

    `breath` is the share of noise in the source (1 whispers); `size` scales the formants, by default with the pitch.
    """
    size = size or (np.median(pitch) / 140) ** 0.25  # a high voice has a short vocal tract
    tracks = np.array([curve([VOWELS[vowel][k] * size for vowel in vowels], times, FRAMES) for k in range(3)])
    source = (1 - breath) * pulses(pitch) + breath * noise(rng)
    return filtered(source * loudness, formants(tracks) * tilt(-5, 400)[:, None])


# Speech


def speech(rng, vowels, rate, stress, melody, breath=0.01):
    """Return syllables, `rate` a second: a consonant's hiss, then a vowel; `stress` (0..1) makes them uneven."""
    weak = np.arange(20) % 2 * stress
    lengths = rng.uniform(0.8, 1.2, 20) * (1 + stress / 2 - weak) / rate
    onsets = np.cumsum(lengths) - lengths[0]
    onsets = onsets[onsets < 1.85]
    loudness = np.minimum(bursts(onsets + 0.05, 0.04, 0.35 / rate, (1 - weak)[: len(onsets)]), 1.2)
    pitch = speaker(rng) * melody(rng, onsets) * wander(rng, 1, 0.03, 8)
    vowel = voice(rng, rng.choice(vowels, len(onsets)), onsets + 0.06, pitch, loudness, breath)
    low = rng.uniform(2_200, 4_500)
    hiss = filtered(noise(rng) * bursts(onsets, 0.015, 0.03, rng.uniform(0, 1, len(onsets))), band(low, low * 2))
    return level(vowel) + rng.uniform(0.2, 0.5) * level(hiss)


def speaker(rng) -> float:
    """Return the pitch (Hz) of a man, a woman or a child."""
    return rng.choice([rng.uniform(90, 140), rng.uniform(170, 240), rng.uniform(250, 300)])


def intonation(rng, onsets):
    """Return pitch that sinks through a sentence, with an accent on every other syllable."""
    return curve([1.15, 0.85]) * (1 + bursts(onsets[::2], 0.08, 0.12, rng.uniform(0.1, 0.35, len(onsets[::2]))))


def tones(rng, onsets):
    """Return pitch that rises or falls steeply on each syllable."""
    turns = np.sort(np.r_[onsets, onsets + 0.1])
    return curve(rng.uniform(0.75, 1.4, len(turns)), turns)


def waves(rng, _onsets):
    """Return pitch in slow waves, independent of the syllables."""
    return wander(rng, 1, 0.3, 3.5)


def stressed(rng, breath=0.01):
    """Return English-like speech: strong and weak syllables, many vowels, falling sentence melody."""
    vowels = ["i", "I", "ae", "a", "u", "schwa", "schwa"]
    return speech(rng, vowels, rng.uniform(3.6, 4.8), 0.5, intonation, breath)


def syllabic(rng):
    """Return foreign-like speech: fast even syllables of five vowels."""
    return speech(rng, ["i", "e", "a", "o", "u"], rng.uniform(5.5, 7), 0.0, waves)


def tonal(rng):
    """Return foreign-like speech: even syllables, a pitch movement on each."""
    return speech(rng, ["i", "a", "o", "y"], rng.uniform(4.5, 5.5), 0.0, tones)


whispered = partial(stressed, breath=1.0)


def babble(rng):
    return sum(level(stressed(rng)) for _ in range(4))


# Voices that are not speech


def laugh(rng):
    onsets = regular(rng, rng.uniform(4, 6), 0.05)
    pitch = rng.uniform(180, 380) * curve([1.2, 0.8]) * (1 + bursts(onsets, 0.02, 0.08, 0.25))
    loudness = bursts(onsets, 0.02, 0.06, np.linspace(1, 0.4, len(onsets)))
    return voice(rng, ["a", "schwa"], [0, 2], pitch, loudness, 0.2)


def cry(rng):
    onsets = regular(rng, rng.uniform(1, 1.6))
    pitch = rng.uniform(330, 480) * (0.8 + np.minimum(bursts(onsets, 0.25, 0.4, 0.6), 0.8)) * (1 + 0.02 * tone(7))
    return voice(rng, ["ae", "a", "e"], [0, 1, 2], pitch, bursts(onsets, 0.1, 0.35))


def scream(rng):
    roughness = 1 + 0.7 * tone(rng.uniform(55, 95))
    return voice(rng, ["a", "ae"], [0, 2], rng.uniform(650, 1_100) * wander(rng, 1, 0.1, 3), roughness, 0.1)


def hum(rng):
    return voice(rng, ["u", "u"], [0, 2], rng.uniform(120, 260) * wander(rng, 1, 0.12, 1.2), wander(rng, 1, 0.3, 2))


def cough(rng):
    return filtered(noise(rng) * bursts(scattered(rng, 1.5), 0.01, 0.09), formants([700, 1_500, 2_600], 200))


def whistle(rng):
    return tone(rng.uniform(900, 1_800) * wander(rng, 1, 0.3, 2.5)) * wander(rng, 1, 0.4, 3) + 0.02 * noise(rng)


def breathing(rng):
    return filtered(noise(rng) * bursts(regular(rng, 1), 0.3, 0.3), formants([500, 1_400, 2_700, 4_000], 300))


# Animals


def bark(rng):
    onsets = regular(rng, rng.uniform(1.5, 3), 0.1)
    pitch = rng.uniform(250, 600) * (0.7 + np.minimum(bursts(onsets, 0.03, 0.08, 0.7), 0.9))
    return voice(rng, ["a", "o"], [0, 2], pitch, bursts(onsets, 0.015, 0.06), 0.3)


def chirp(rng):
    onsets = regular(rng, rng.uniform(3, 9), 0.1)
    sweep = 1 + np.minimum(bursts(onsets, 0.02, 0.05), 1) * rng.choice([-0.35, 0.5])
    return tone(rng.uniform(2_200, 5_000) * sweep) * bursts(onsets, 0.01, 0.04) + 0.005 * noise(rng)


def growl(rng):
    pitch = rng.uniform(24, 45) * wander(rng, 1, 0.1, 3)
    return voice(rng, ["schwa", "o"], [0, 2], pitch, wander(rng, 1, 0.5, 2), 0.5, size=0.7)


def meow(rng):
    pitch = rng.uniform(380, 750) * curve([0.8, 1.3, 1.2, 0.7]) * (1 + 0.02 * tone(9))
    return voice(rng, ["i", "a", "u"], [0, 0.7, 2], pitch, curve([0.05, 1, 0.8, 0.05]), size=1.4)


def croak(rng):
    loudness = (0.5 + 0.5 * tone(rng.uniform(35, 80))) * bursts(regular(rng, 2.5), 0.03, 0.12)
    return voice(rng, ["a", "ae"], [0, 2], wander(rng, rng.uniform(150, 320), 0.1, 4), loudness)
