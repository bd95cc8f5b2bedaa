"""Weights in wheels: downloaded by checksum, read by short readers, refused if anything differs."""

import numpy as np

from golden_networks import golden, signal


def test_resampling_is_that_of_the_golden_numbers():
    expected = golden("resample_check")
    for key in {name.rsplit("/", 1)[0] for name in expected if "/" in name}:
        sound, rate = key.rsplit("/", 1)
        wave = signal(sound, int(rate)).double().numpy()
        assert len(wave) == expected[f"{key}/n"]
        np.testing.assert_allclose(wave.sum(), expected[f"{key}/sum"], atol=1e-4)
        np.testing.assert_allclose((wave**2).sum(), expected[f"{key}/sum_sq"], rtol=1e-6)
        at_position = expected[f"{key}/at_position"]
        np.testing.assert_allclose(wave[expected["position"]][: len(at_position)], at_position, atol=1e-7)
