"""Names from outside (sounds, categories, subjects, a citation) are shown letter by letter, and never obeyed."""

import re

import pandas as pd
import pytest
import yaml

import small_study
from browsing import CHROMIUM, DRIVER, drawn, figure_words, visible
from helpers.__main__ import main
from helpers.brain.nh2015 import COMPONENTS
from helpers.chapters.components.figures import sounds as figures
from written_voxels import junifer_storage

IMAGE, SCRIPT, BOLD = "<img src=x onerror=hacked=1>", "<script>hacked=1<&script>", "<b onmouseover=hacked=1>Dogs<&b>"
LINK = "<a href='javascript:hacked=1'>S1<&a>"
CITATION = "</script><script>hacked=1</script><img src=x onerror=hacked=1>"


@pytest.fixture
def hostile(tmp_path):
    """The report of a study in which everything that has a name is named by somebody with bad intentions."""
    names = [IMAGE, SCRIPT, "{{ 7*7 }} $x$ %{x}", *(f"tone{i:02d}" for i in range(9))]
    sounds = dict(zip(names, [BOLD, "Song", "EngSpeech"] * 4, strict=True))
    path = small_study.write_study(tmp_path, ["00_question", "01_extract", "02_voxelwise"], sounds=sounds)
    settings = tmp_path / "data" / "dataset.yml"
    settings.write_text(yaml.safe_dump(yaml.safe_load(settings.read_text()) | {"citation": CITATION}))
    table = small_study.table(sounds).replace({"subject": {"sub-01": LINK}})
    junifer_storage(tmp_path / "data" / "responses.sqlite", table)
    study = yaml.safe_load(path.read_text()) | {"sounds_in_report": True}
    path.write_text(yaml.safe_dump(study))
    assert main(["report", str(path), "--outputs", str(tmp_path / "out")]) == 0
    return tmp_path / "out" / "small" / "report.html"


@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Debian's chromium and chromium-driver")
def test_names_are_shown_letter_by_letter_and_never_obeyed(hostile, browser):
    browser.get(f"file://{hostile}#lang=en")
    drawn(browser, len(browser.find_elements("css selector", "figure.plot")))
    for place in browser.find_elements("css selector", "details"):
        browser.execute_script("arguments[0].open = true", place)
    browser.find_element("id", "language").click()
    assert browser.execute_script("return window.hacked") is None
    assert browser.execute_script("return document.querySelectorAll('img, [onerror], [onmouseover]').length") == 0
    assert BOLD in figure_words(browser) and BOLD in visible(browser) and CITATION in visible(browser)
    assert LINK in visible(browser)
    playable = browser.execute_script("return Object.keys(JSON.parse(document.getElementById('sounds').textContent))")
    assert IMAGE in playable and SCRIPT in playable


def test_a_sounds_name_is_text_in_its_figure_and_whole_in_its_id():
    rows = [
        {"target": target, "sound": sound, "category": BOLD, "measured": value, "predicted": -value, "n_splits": 3}
        | {"layer": 1, "model": "mixture", "r_pearson": 0.5}
        for target in COMPONENTS
        for sound, value in ((IMAGE, 0.0), ("b", 1.0), ("c", 3.0))
    ]
    figure = figures.predicted(pd.DataFrame(rows), synthetic=True)
    assert figure.data[0].ids[0] == IMAGE and not re.search("[<>]", figure.data[0].text[0] + figure.data[0].name)
    assert figure.data[0].text[0] == IMAGE.replace("<", "&lt;").replace(">", "&gt;")
