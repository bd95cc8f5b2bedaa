"""CKA: what it must not change under, what it must, and that all its forms agree."""

import numpy as np
import pytest
import torch

from helpers.stats import similarity
from helpers.stats.similarity import StreamedCKA, cka

WIDE, TALL = (40, 90), (200, 12)  # more units than samples, and the reverse


def pair(shape, seed=0):
    generator = np.random.default_rng(seed)
    x = generator.standard_normal(shape) + 3
    y = x @ generator.standard_normal((shape[1], shape[1])) + generator.standard_normal(shape)
    return x, y


def rotation(n, seed=1):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))[0]


@pytest.mark.parametrize("shape", [WIDE, TALL])
@pytest.mark.parametrize("debiased", [False, True])
def test_invariances(shape, debiased):
    x, y = pair(shape)
    value = cka(x, y, debiased)
    assert cka(x, x, debiased) == pytest.approx(1, abs=1e-12)
    assert 0 < value < 0.99 and cka(y, x, debiased) == pytest.approx(value, abs=1e-12)
    assert cka(x @ rotation(shape[1]) * 7 + 2, y, debiased) == pytest.approx(value, abs=1e-10)
    general = x * np.logspace(0, 2, shape[1])
    assert abs(cka(general, x, debiased) - 1) > 0.05


@pytest.mark.parametrize("shape", [WIDE, TALL, (50, 50)])
@pytest.mark.parametrize("debiased", [False, True])
def test_gram_and_covariance_forms_agree(shape, debiased):
    x, y = (torch.as_tensor(part - part.mean(0)) for part in pair(shape))
    by_gram, by_covariance = (f(x, y, debiased) for f in (similarity._by_gram, similarity._by_covariance))
    assert float(by_gram / by_covariance) == pytest.approx(1, abs=1e-10)


def test_debiased_is_near_zero_for_independent_noise_where_the_plain_form_is_not():
    generator = np.random.default_rng(0)
    noise = [(generator.standard_normal(WIDE), generator.standard_normal(WIDE)) for _ in range(20)]
    assert np.mean([cka(x, y) for x, y in noise]) > 0.5
    assert abs(np.mean([cka(x, y, debiased=True) for x, y in noise])) < 0.02


def test_debiased_is_the_published_formula_in_full():
    """Song et al. 2012, eq. 5, written out with loops over samples."""
    x, y = (part[:9, :4] - part[:9, :4].mean(0) for part in pair(TALL))

    def hsic(a, b):
        k, m, n = a @ a.T, b @ b.T, len(a)
        np.fill_diagonal(k, 0), np.fill_diagonal(m, 0)
        trace = sum(k[i, j] * m[i, j] for i in range(n) for j in range(n))
        mixed = sum(k[i, j] * m[j, q] for i in range(n) for j in range(n) for q in range(n))
        return (trace + k.sum() * m.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * mixed) / (n * (n - 3))

    expected = hsic(x, y) / np.sqrt(hsic(x, x) * hsic(y, y))
    assert cka(x, y, debiased=True) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("debiased", [False, True])
@pytest.mark.parametrize("batches", [1, 3, 17])
def test_streamed_equals_full(debiased, batches):
    generator = np.random.default_rng(0)
    layers = generator.standard_normal((4, 60, 8)) @ generator.standard_normal((4, 8, 8)) + 50
    layers[1] += layers[0]
    streamed = StreamedCKA(4, 8)
    for batch in np.array_split(np.arange(60), batches):
        streamed.add(layers[:, batch])
    full = similarity.matrix(layers, layers, debiased)
    np.testing.assert_allclose(streamed.matrix(debiased), full, atol=1e-10)
    assert full[0, 1] > full[0, 2] + 0.1


def test_streamed_in_float32_is_good_to_five_digits():
    generator = np.random.default_rng(0)
    layers = generator.standard_normal((3, 600, 8)) + 100
    streamed = StreamedCKA(3, 8, dtype=torch.float32)
    for batch in np.array_split(np.arange(600), 12):
        streamed.add(layers[:, batch])
    np.testing.assert_allclose(streamed.matrix(), similarity.matrix(layers, layers), atol=1e-5)


def test_what_cannot_be_compared_is_refused():
    x, y = pair(TALL)
    with pytest.raises(ValueError, match="same number"):
        cka(x, y[:-1])
    with pytest.raises(ValueError, match="at least 4"):
        cka(x[:3], y[:3])
    with pytest.raises(ValueError, match="at least 4"):
        StreamedCKA(2, 3).matrix()
    assert np.isnan(cka(np.ones((9, 2)), y[:9]))
