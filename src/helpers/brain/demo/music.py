"""Recipes of music: notes of a scale, struck or held, and a beat. Each takes a random generator, returns (48000,)."""

from __future__ import annotations

from functools import partial

import numpy as np

from helpers.brain.demo.synthesis import (
    TIME,
    band,
    bursts,
    filtered,
    formants,
    level,
    noise,
    placed,
    pulses,
    struck,
    tilt,
    tone,
)
from helpers.brain.demo.voices import voice

SCALE = np.array([0, 2, 4, 7, 9])  # semitones: in a pentatonic scale any two notes go together


def notes(rng, rate, lowest, highest):
    """Return a walk over the scale: onsets (s) on a beat of `rate` per second, and a pitch (Hz) for each."""
    onsets = np.arange(0, 1.95, 1 / rate)
    walk = rng.integers(0, 8) + np.cumsum(rng.choice([-2, -1, 1, 2], len(onsets)))
    turned = 9 - np.abs(9 - walk % 18)  # at either end of two octaves the walk turns back
    octave, degree = np.divmod(turned, len(SCALE))
    return onsets, rng.uniform(lowest, highest) * 2 ** (octave + SCALE[degree] / 12)


def held(onsets, pitches):
    """Return the pitch (Hz) of the note that sounds at each sample."""
    return pitches[np.searchsorted(onsets, TIME, "right") - 1]


def plucked(rng, voices=1):
    """Return decaying harmonic tones in one or more voices: guitar, piano, harp."""
    decay, power = rng.uniform(0.15, 0.5), rng.uniform(0.6, 1.4)
    parts = [notes(rng, rng.uniform(2.5, 6), 90, 300) for _ in range(voices)]
    return sum(
        placed([struck(pitch * np.arange(1, 13), decay, power) for pitch in pitches], onsets)
        for onsets, pitches in parts
    )


def bowed(rng):
    """Return held notes with vibrato and a body that resonates: strings, winds."""
    onsets, pitches = notes(rng, rng.uniform(2, 4), 110, 350)
    body = formants(np.sort(rng.uniform(300, 4_000, 4)), 300) + 0.1
    vibrato = 1 + 0.006 * tone(5.5)
    return filtered(pulses(held(onsets, pitches) * vibrato) * swell(onsets), body * tilt(-6, 300))


def swell(onsets, rise=0.03):
    """Return loudness of held notes: a soft attack at each onset."""
    return np.minimum(bursts(onsets, rise, 0.5), 1)


def chords(rng):
    """Return major triads changed on the beat: an organ, the keyboard of a band."""
    onsets, roots = notes(rng, rng.uniform(2, 3.5), 140, 280)
    triad = sum(pulses(held(onsets, roots) * ratio) for ratio in (1, 1.25, 1.5))
    return filtered(triad * swell(onsets), tilt(-7))


def drums(rng):
    """Return kick, snare and cymbal on a beat."""
    onsets = np.arange(0, 1.9, 1 / rng.uniform(3.5, 6))
    kick = tone(60 + 120 * bursts(onsets[::2], 0.001, 0.03)) * bursts(onsets[::2], 0.002, 0.09)
    snare = filtered(noise(rng) * bursts(onsets[1::2], 0.001, 0.06), band(300, 5_000))
    cymbal = filtered(noise(rng) * bursts(onsets, 0.001, 0.03), band(6_000, 12_000))
    return level(kick) + 0.6 * level(snare) + 0.4 * level(cymbal)


def bells(rng):
    onsets, pitches = notes(rng, rng.uniform(1.5, 3.5), 250, 600)
    partials = np.array([0.5, 1, 1.2, 1.5, 2, 2.7, 4.1])
    return placed([struck(pitch * partials, 0.6, 0.5, 1.2) for pitch in pitches], onsets)


def together(rng, players):
    """Return several recipes at once, each at a level of its own."""
    return sum(rng.uniform(0.4, 1) * level(player(rng)) for player in players)


band_of_strings = partial(together, players=(plucked, bowed))
rock_band = partial(together, players=(chords, plucked, drums))


def sung(rng):
    """Return one voice: a vowel on each note, with vibrato, and the hiss of consonants."""
    onsets, pitches = notes(rng, rng.uniform(2.2, 4), 120, 220)
    pitch = held(onsets, pitches) * (1 + 0.015 * tone(5.5))
    vowels = rng.choice(["a", "e", "i", "o", "u"], len(onsets))
    consonants = filtered(noise(rng) * bursts(onsets, 0.015, 0.025), band(3_000, 7_000))
    return level(voice(rng, vowels, onsets + 0.05, pitch, swell(onsets, 0.06))) + 0.25 * level(consonants)


def song(rng, backing):
    """Return a voice over an accompaniment."""
    return level(sung(rng)) + rng.uniform(0.25, 0.7) * level(backing(rng))


ballad = partial(song, backing=partial(plucked, voices=2))
pop_song = partial(song, backing=rock_band)
hymn = partial(song, backing=chords)
