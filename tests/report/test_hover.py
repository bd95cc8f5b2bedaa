"""Numbers that Plotly writes: hover texts have the signs of the axes and of the page's language."""

import pytest
from plotly.offline import get_plotlyjs

from browsing import CHROMIUM, DRIVER, waited
from helpers.report.script import HYPHEN, plotly_script
from helpers.text import labellers

PAGE = """<!doctype html><meta charset="utf-8"><div id="a"></div><script>{script}</script><script>
const shown = [-1250.25, 1];
const trace = {{x: [1, 2], y: [-0.5, 0.5], customdata: shown, hovertemplate: "%{{y:.2f}}; %{{customdata:,.1f}}"}};
const layout = {{separators: "{separators}", yaxis: {{tickvals: [-0.5], tickformat: ".2f"}}}};
Plotly.newPlot("a", [trace], layout).then(() => Plotly.Fx.hover("a", [{{curveNumber: 0, pointNumber: 0}}]));
</script>"""


def test_the_sign_is_one_literal_of_the_script():
    assert len(HYPHEN.findall(get_plotlyjs())) == 1 and not HYPHEN.search(plotly_script())


@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs Debian's chromium and chromium-driver")
@pytest.mark.parametrize(("language", "numbers"), [("en", "−0.50; −1,250.3"), ("es", "−0,50; −1.250,3")])
def test_hover_texts_have_the_minus_and_the_decimal_sign_of_the_axes(language, numbers, browser, tmp_path):
    page = PAGE.format(script=plotly_script(), separators=labellers()[language].separators)
    (tmp_path / "hover.html").write_text(page, encoding="utf-8")
    browser.get(f"file://{tmp_path / 'hover.html'}")
    assert numbers in waited(browser, "return document.querySelector('.hovertext')?.textContent")
    assert browser.execute_script("return document.querySelector('.ytick').textContent") == numbers.partition(";")[0]
