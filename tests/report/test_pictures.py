"""Still pictures: one of each figure for readers without scripts, drawn once, unseen by those who have them."""

from pathlib import Path

import pytest
from test_packed_page import FACTS, N_FIGURES, chapters, figure, notebook

from browsing import CHROMIUM, DRIVER, drawn
from helpers.errors import UserError
from helpers.report import export, pictures
from helpers.study import open_study

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Debian's chromium and chromium-driver")
pytest.importorskip("kaleido", reason="needs the extra pictures")


@pytest.fixture(autouse=True)
def there(monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", CHROMIUM)


@pytest.fixture
def study(small_brain, tmp_path):
    return open_study({"study": "demo", "outputs": str(tmp_path / "out")})


@pytest.fixture
def page(study, tmp_path):
    export.write(tmp_path / "page.html", chapters(notebook()), study, FACTS, still=True)
    return tmp_path / "page.html"


def size(path: Path) -> tuple[int, int]:
    """Width and height of a WebP image with an extended header."""
    content = path.read_bytes()
    assert content[:4] == b"RIFF" and content[8:16] == b"WEBPVP8X"
    return tuple(1 + int.from_bytes(content[at : at + 3], "little") for at in (24, 27))


def test_every_figure_has_a_picture_of_its_own_size(page):
    html, kept = page.read_text(encoding="utf-8"), sorted((page.parent / "pictures").glob("*.webp"))
    assert html.count('<noscript><img src="data:image/webp;base64,') == N_FIGURES and "<!-- picture" not in html
    assert len(kept) == N_FIGURES, "they differ"
    assert {size(one)[0] for one in kept} == {pictures.WIDTH}
    assert {size(one)[1] for one in kept} == {300 - pictures.cut(figure(0)["layout"])["title"]}
    assert not list((page.parent / "pictures").glob("tmp*"))


def test_without_being_asked_for_there_is_none(study, tmp_path):
    export.write(tmp_path / "page.html", chapters(notebook()), study, FACTS)
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<img" not in html and "picture of" not in html and not (tmp_path / "pictures").exists()


def test_only_what_changed_is_drawn_again(page, monkeypatch):
    import kaleido

    drawn_again = []
    draw = kaleido.write_fig_from_object_sync
    monkeypatch.setattr(
        kaleido, "write_fig_from_object_sync", lambda jobs, **how: drawn_again.extend(jobs) or draw(jobs, **how)
    )
    folder, own = page.parent / "pictures", {f"f{index}": figure(index) for index in range(N_FIGURES)}
    before = pictures.of(own, folder)
    assert not drawn_again and len(set(before.values())) == N_FIGURES
    own["f1"]["data"][0]["line"] = {"color": "rgb(0, 0, 0)"}
    after = pictures.of(own, folder)
    assert len(drawn_again) == 1 and {name for name in own if before[name] != after[name]} == {"f1"}


def test_a_reader_without_scripts_sees_them_and_one_with_scripts_does_not(page, browser):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    for domain in ("DOM", "CSS"):
        browser.execute_cdp_cmd(f"{domain}.enable", {})
    browser.get(page.as_uri())
    root = browser.execute_cdp_cmd("DOM.getDocument", {})["root"]["nodeId"]
    seen = browser.execute_cdp_cmd("DOM.querySelectorAll", {"nodeId": root, "selector": "figure img"})["nodeIds"]
    boxes = [browser.execute_cdp_cmd("DOM.getBoxModel", {"nodeId": node})["model"] for node in seen]
    assert len(boxes) == N_FIGURES and all(box["width"] > 300 and box["height"] > 100 for box in boxes)
    said = browser.execute_cdp_cmd("DOM.querySelectorAll", {"nodeId": root, "selector": "figure .failed"})["nodeIds"]
    for node in said:
        style = browser.execute_cdp_cmd("CSS.getComputedStyleForNode", {"nodeId": node})["computedStyle"]
        assert {"name": "display", "value": "none"} in style, "it is there, after all"
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    browser.get(page.as_uri())
    drawn(browser, 1)
    assert browser.execute_script("return document.querySelectorAll('figure noscript').length") == N_FIGURES
    assert browser.execute_script("return document.querySelectorAll('figure img').length") == 0


def test_what_is_missing_is_said_before_anything_is_computed(monkeypatch):
    from choreographer.browsers.chromium import Chromium

    pictures.check()
    monkeypatch.delenv("BROWSER_PATH")
    monkeypatch.setattr(Chromium, "find_browser", classmethod(lambda cls, **how: None))
    with pytest.raises(UserError, match="found no Chrome or Chromium on this machine; install one, or leave"):
        pictures.check()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="needs the package kaleido: pip install"):
        pictures.check()
