"""Recipes of things, machines and weather: noise, impacts, hums. Each takes a random generator, returns (48000,)."""

from __future__ import annotations

import numpy as np

from helpers.brain.demo.synthesis import (
    FRAMES,
    TIME,
    band,
    bursts,
    curve,
    filtered,
    formants,
    level,
    noise,
    placed,
    pulses,
    regular,
    scattered,
    struck,
    tilt,
    tone,
    wander,
)

BAR = np.array([1, 2.76, 5.4, 8.93, 13.3])  # mode ratios of a free bar: the inharmonic sound of wood and metal


def hits(rng, rate, low, high, decay, contact=0.3):
    """Return knocks, `rate` a second, on something that resonates from `low` to `high` Hz and rings for `decay` s."""
    onsets = regular(rng, rate, 0.1)
    modes = rng.uniform(low, high) * BAR * rng.uniform(0.97, 1.03, 5)
    strokes = struck(modes, decay, 0.6) * rng.uniform(0.6, 1, (len(onsets), 1))
    click = filtered(noise(rng) * bursts(onsets, 0.001, 0.01), band(low, 8_000))
    return level(placed(strokes, onsets)) + contact * level(click)


def puffs(rng, rate, low, high, rise, fall):
    """Return bursts of noise between `low` and `high` Hz: claps, strokes, flaps."""
    onsets = regular(rng, rate, 0.2)
    return filtered(noise(rng) * bursts(onsets, rise, fall, rng.uniform(0.5, 1, len(onsets))), band(low, high))


def crackle(rng, rate, low, high):
    """Return many small bursts at random: gravel, frying, paper."""
    onsets = scattered(rng, rate)
    grains = bursts(onsets, 0.0005, rng.uniform(0.003, 0.01), rng.exponential(1, len(onsets)))
    return filtered(noise(rng) * grains, band(low, high)) + 0.003 * noise(rng)


def drops(rng, rate):
    """Return bubbles, `rate` a second: short tones that rise as they fade."""
    onsets, time = scattered(rng, rate), TIME[:2_400]
    pitches = rng.uniform(600, 2_500, (len(onsets), 1))
    bubbles = np.sin(2 * np.pi * pitches * (time + 4 * time**2)) * np.exp(-time / 0.02)
    return placed(bubbles, onsets) + 0.003 * noise(rng)


def wash(rng, slope, depth, rate, low=40, high=12_000):
    """Return noise falling by `slope` dB per octave, slowly swelling and changing colour: wind, rain, traffic."""
    colour = 0.3 + formants(wander(rng, rng.uniform(300, 1_500), depth, rate, FRAMES)[None], 400)
    return filtered(noise(rng) * wander(rng, 1, depth, rate), colour * (tilt(slope) * band(low, high))[:, None])


def motor(rng, low, high, change=0.05, rate=1.5, dirt=0.3):
    """Return a machine that turns `low` to `high` times a second, muffled by its case, with noise."""
    pitch = rng.uniform(low, high) * wander(rng, 1, change, rate)
    case = formants(np.sort(rng.uniform(200, 5_000, 4)), 350) + 0.05
    return level(filtered(pulses(pitch), case * tilt(-3))) + dirt * level(filtered(noise(rng), case))


def ringing(rng, ratios, low, high, gate):
    """Return steady tones switched on and off `gate` times a second: telephones, alarms, beeps."""
    pitch = rng.uniform(low, high)
    switch = 0.5 + 0.5 * np.tanh(20 * tone(gate))
    return sum(tone(pitch * ratio) for ratio in ratios) * switch + 0.003 * noise(rng)


def siren(rng):
    return filtered(pulses(rng.uniform(500, 900) * (1 + 0.35 * tone(rng.uniform(0.6, 3)))), tilt(-6, 600))


def insect(rng):
    carrier = tone(rng.uniform(3_800, 6_500)) * (1 + tone(rng.uniform(25, 60)))
    return carrier * (0.1 + bursts(regular(rng, rng.uniform(2, 5)), 0.05, 0.1)) + 0.02 * noise(rng)


def pouring(rng):
    """Return water into a vessel that fills: a resonance that rises, and bubbles."""
    filling = formants(curve([500, 1_500], n=FRAMES)[None] * rng.uniform(0.7, 1.6), 150) + 0.05
    return level(filtered(noise(rng), filling)) + 0.7 * level(drops(rng, 25))


def creak(rng):
    pitch = wander(rng, rng.uniform(30, 90), 0.5, 3)
    return filtered(pulses(pitch), formants(np.sort(rng.uniform(500, 3_500, 3)), 120)) * curve([0.2, 1, 0.3])


def squeak(rng):
    pitch = rng.uniform(700, 1_600) * wander(rng, 1, 0.2, 5)
    return filtered(pulses(pitch) + 0.5 * noise(rng), tilt(-3, 1_000)) * bursts(regular(rng, 1.5), 0.05, 0.3)
