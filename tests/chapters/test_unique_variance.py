"""What a network adds to baselines: said only where it is worth a hundredth in three quarters of the splits."""

import pandas as pd

from helpers.chapters import unique_variance

ROW = {"target": "speech", "beyond": "all", "alone": 0.5, "without": 0.5, "joint": 0.6, "q75": 0.2}


def said(*rows: tuple[str, float, float], language: str = "en") -> str:
    table = pd.DataFrame([ROW | {"model": model, "added": added, "q25": q25} for model, added, q25 in rows])
    return unique_variance.sentences(table).pieces[language]


def test_the_network_that_adds_most_is_one_whose_gain_can_be_written():
    assert "adds most is b: 0.10" in said(("a", 0.004, 0.002), ("b", 0.1, 0.02), ("c", 0.3, -0.1))
    for q25 in (0.004, 0.0, -0.1, float("nan")):
        nothing = said(("a", 0.004, q25), ("b", 0.3, q25))
        assert "none of 2 networks adds 0.01 or more" in nothing and "adds most" not in nothing
    assert "ninguna agrega 0,01 o más" in said(("a", 0.004, 0.001), language="es")
