"""The same panels, side by side where there is room: places, heights, labels and titles by the width of the page."""

import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from helpers.plotting import panels, spread, style
from helpers.text import labellers

LABELLER = labellers()["en"]


def drawn(n: int, columns: int, **axes):
    titles = [f"panel {panel}" for panel in range(n)]
    rows = -(-n // columns)
    specs = [[{} if row * columns + column < n else None for column in range(columns)] for row in range(rows)]
    figure = make_subplots(rows=rows, cols=columns, subplot_titles=titles, shared_xaxes=True, specs=specs)
    for panel in range(n):
        figure.add_scatter(x=[1, 2], y=[0, 1], row=panel // columns + 1, col=panel % columns + 1)
    style.laid_out(figure, LABELLER, "t", 150 + 250 * rows, False)
    figure.update_yaxes(**{"range": [0, 1]} | axes)
    figure.update_xaxes(title_text="x", row=rows)
    return figure.update_yaxes(title_text="y", col=1)


def at(figure, width: str) -> dict:
    return {tuple(path): value for path, value in figure.layout.meta["sizes"][width]}


@pytest.mark.parametrize(("n", "columns"), [(2, 1), (3, 1), (4, 1), (6, 1), (7, 1), (3, 2), (6, 2), (15, 2)])
def test_wide_panels_are_as_high_as_narrow_ones_in_fewer_rows(n, columns):
    figure = spread.spread(drawn(n, columns), n, columns)
    before = drawn(n, columns)
    assert figure.layout.height == pytest.approx(before.layout.height, abs=1)  # a phone has what it had
    heights, across = {}, min(spread.WIDE, n)
    for width, beside in (("narrow", columns), ("wide", across)):
        sizes, rows = at(figure, width), -(-n // beside)
        area = sizes["layout", "height"] - 88 - 48
        domains = [
            [sizes["layout", f"{letter}axis{panel + 1 if panel else ''}", "domain"] for letter in "xy"]
            for panel in range(n)
        ]
        for panel, ((left, right), (low, high)) in enumerate(domains):
            assert 0 <= left < right <= 1 and 0 <= low < high <= 1
            assert sizes["layout", "annotations", panel, "x"] == pytest.approx((left + right) / 2)
            assert sizes["layout", "annotations", panel, "y"] == pytest.approx(high)
            for (left_, right_), (low_, high_) in domains[:panel]:  # no panel lies over another one
                assert right <= left_ or right_ <= left or high <= low_ or high_ <= low
        heights[width] = {round((high - low) * area) for _, (low, high) in domains}
        assert len({tuple(y) for _, y in domains}) == rows
    assert max(heights["wide"]) == pytest.approx(max(heights["narrow"]), abs=2)
    assert at(figure, "wide")["layout", "height"] < at(figure, "narrow")["layout", "height"]


def test_titles_and_labels_stand_at_the_lowest_and_the_first_panels_of_each_arrangement():
    figure = spread.spread(drawn(6, 2), 6, 2)
    for width, lowest, first in (("narrow", {5, 6}, {1, 3, 5}), ("wide", {4, 5, 6}, {1, 4})):
        sizes = at(figure, width)
        names = {panel: str(panel) if panel > 1 else "" for panel in range(1, 7)}
        titled = {
            panel
            for panel, name in names.items()
            if sizes.get(("layout", f"xaxis{name}", "title", "font"), spread.HIDDEN) != spread.HIDDEN
        }
        assert titled == lowest
        assert {p for p, name in names.items() if sizes["layout", f"xaxis{name}", "showticklabels"]} == lowest
        assert {p for p, name in names.items() if sizes["layout", f"yaxis{name}", "showticklabels"]} == first
    assert figure.layout.xaxis4.title.text == "x"  # which a phone hides
    assert figure.layout.xaxis4.title.font.size == 1


def test_axes_with_ranges_of_their_own_keep_their_labels():
    figure = drawn(3, 1, range=None)
    figure.layout.yaxis2.range = [0, 5]
    sizes = at(spread.spread(figure, 3, 1), "wide")
    assert all(sizes["layout", f"yaxis{name}", "showticklabels"] for name in ("", "2", "3"))


def test_rows_of_one_name_are_named_once_and_rows_of_several_in_every_panel():
    for other, once in ((["pitch", "music"], True), (["pitch", "speech"], False)):
        figure = drawn(3, 1, range=None)
        figure.data = ()
        for panel, names in enumerate((["pitch", "music"], ["pitch", "music"], other), start=1):
            figure.add_trace(go.Heatmap(z=[[0, 1], [1, 0]], x=[1, 2], y=names), row=panel, col=1)
        sizes = at(spread.spread(figure, 3, 1), "wide")
        assert sizes["layout", "yaxis", "showticklabels"]
        assert [sizes["layout", f"yaxis{panel}", "showticklabels"] for panel in (2, 3)] == [not once] * 2


def test_what_fits_on_a_phone_already_stays_as_it_is():
    for n, columns in ((1, 1), (2, 2)):
        figure = spread.spread(drawn(n, columns), n, columns)
        assert figure.layout.meta is None
    assert panels.COLUMNS == 2


def test_another_height_for_phones_changes_nothing_else():
    """Two of three figures of similarities lost their three columns on wide pages by it."""
    spread_out = spread.spread(drawn(6, 2), 6, 2)
    before = {width: at(spread_out, width) for width in ("wide", "narrow")}
    figure = style.narrowed(spread_out, 1000)
    assert at(figure, "wide") == before["wide"]
    assert at(figure, "narrow") == before["narrow"] | {("layout", "height"): 1000}
    alone = style.narrowed(drawn(1, 1), 900)
    assert (
        at(alone, "wide")["layout", "height"] == alone.layout.height and at(alone, "narrow")["layout", "height"] == 900
    )
