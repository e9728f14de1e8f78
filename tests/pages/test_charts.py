"""What a heatmap and a coverage chart must never get wrong, read from the figures."""

from itertools import pairwise, product
from math import isnan, nan

import pandas as pd
import plotly.graph_objects as go
import pytest
from screen import parsed

from ui import charts

ROWS = ["30s", "20s", "40s"]
COLUMNS = ["Life", "Car"]


def cells_of(values, muted=(), **changes):
    """One cell per row and column of ROWS × COLUMNS, in that order."""
    places = list(product(ROWS, COLUMNS))
    cells = pd.DataFrame(places, columns=["row", "column"])
    cells["value"] = values
    cells["text"] = ["?" if isnan(value) else f"{value:g}" for value in values]
    cells["hover"] = "sentence"
    cells["key"] = [[row.lower(), column.lower()] for row, column in places]
    cells["muted"] = [place in muted for place in range(len(places))]
    return cells.assign(**changes)


def heatmap(*args, **settings) -> go.Figure:
    return parsed(charts.heatmap(*args, **settings))


def coverage_by_type(*args) -> go.Figure:
    return parsed(charts.coverage_by_type(*args))


def drawn_cells(figure):
    """{key: what is drawn of that cell}, from the traces that answer clicks."""
    return {
        tuple(key): {
            "place": (trace.base[at] + trace.x[at] / 2, trace.y[at]),
            "color": trace.marker.color[at],
            "hatch": trace.marker.pattern.shape[at],
            "text": trace.text[at],
            "hover": trace.hovertext[at],
            "ink": trace.textfont.color,
        }
        for trace in figure.data
        for at, key in enumerate(trace.customdata or ())
    }


def share_map(values=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0), muted=(), **settings):
    cells = cells_of(list(values), muted)
    return heatmap(cells, ROWS, COLUMNS, "share", share=True, **settings)


def test_contrast_is_the_wcag_ratio():
    assert charts.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert charts.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_text_is_readable_on_every_colour_a_cell_can_have():
    scale = charts.shades([step / 500 for step in range(501)])
    for color in [*scale, charts.MUTED, charts.UNKNOWN, charts.HATCH]:
        assert charts.contrast(charts.ink_on(color), color) >= 4.5


def test_cells_are_printed_in_the_ink_of_their_colour_also_when_others_are_selected():
    figure = share_map()
    for cell in drawn_cells(figure).values():
        assert cell["ink"] == charts.ink_on(cell["color"])
    for trace in figure.data[:2]:
        for style in (trace.selected, trace.unselected):
            assert (style.marker.opacity, style.textfont.color) == (1, trace.textfont.color)


def test_scale_darkens_all_the_way_so_colour_blind_people_can_order_it():
    whites = [charts.contrast(color, "#ffffff") for color in charts.shades([0, 0.2, 0.4, 0.6, 1])]
    assert all(darker > paler * 1.2 for paler, darker in pairwise(whites))


def test_unknown_is_hatched_grey_and_never_a_colour_of_the_scale():
    cells = drawn_cells(share_map([nan, 0.0, 0.5, 1.0, nan, 0.1]))
    unknown = [cell for cell in cells.values() if cell["hatch"]]
    assert [cell["text"] for cell in unknown] == ["?", "?"]
    assert {cell["color"] for cell in unknown} == {charts.UNKNOWN}
    assert charts.UNKNOWN not in {cell["color"] for cell in cells.values() if not cell["hatch"]}


def test_greys_are_far_from_every_colour_of_the_scale():
    def spread(color):
        parts = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
        return max(parts) - min(parts)

    assert max(spread(grey) for grey in (charts.MUTED, charts.UNKNOWN, charts.HATCH)) < 20
    assert min(spread(color) for color in charts.shades([n / 100 for n in range(101)])) > 60


def test_unknown_stays_unknown_when_there_are_also_too_few_customers():
    cells = drawn_cells(share_map([nan, 0.2, 0.4, 0.6, 0.8, 1.0], muted=[0, 1]))
    assert cells["30s", "life"]["hatch"] and cells["30s", "life"]["color"] == charts.UNKNOWN
    assert not cells["30s", "car"]["hatch"] and cells["30s", "car"]["color"] == charts.MUTED


def test_a_click_gives_the_key_of_the_cell_at_that_place():
    places = {key: cell["place"] for key, cell in drawn_cells(share_map()).items()}
    expected = product(enumerate(ROWS), enumerate(COLUMNS))
    assert places == {
        (row.lower(), column.lower()): pytest.approx((x, y)) for (y, row), (x, column) in expected
    }


def test_rows_run_from_top_to_bottom_in_the_given_order():
    axis = share_map().layout.yaxis
    assert list(axis.ticktext) == ROWS
    assert tuple(axis.range) == (2.5, -0.5)


def test_two_rows_of_one_name_are_refused_as_one_would_hide_the_other():
    cells = cells_of([0.5] * 6, row=["Kim", "Kim", "Kim", "Kim", "Lee", "Lee"])
    with pytest.raises(ValueError, match="one label"):
        heatmap(cells, ["Kim", "Lee"], COLUMNS, "share")


def test_share_has_the_same_scale_whatever_the_shares():
    figure = share_map([0.5, 0.51, 0.52, 0.53, 0.54, 0.55])
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (0, 1)
    assert drawn_cells(figure)["30s", "life"]["color"] == charts.shades([0.5])[0]


def test_amounts_end_at_the_largest_coloured_one_in_its_own_words():
    cells = cells_of([nan, 9.0, 3.0, 6.0, 1.0, 0.0], muted=[1])
    axis = heatmap(cells, ROWS, COLUMNS, "won").layout.coloraxis
    assert axis.cmax == 6
    assert list(axis.colorbar.ticktext) == ["0", "6"]


@pytest.mark.parametrize("value", [nan, 0.0])
def test_a_book_without_any_amount_is_drawn(value):
    figure = heatmap(cells_of([value] * 6), ROWS, COLUMNS, "won")
    assert len(drawn_cells(figure)) == 6
    assert figure.layout.coloraxis.cmax == 1


def test_worst_has_the_same_colour_whichever_way_is_better():
    worst, best = charts.shades([0, 1])
    low, high = ("30s", "life"), ("40s", "car")
    upward, downward = (drawn_cells(share_map(higher_is_better=up)) for up in (True, False))
    assert (upward[low]["color"], upward[high]["color"]) == (worst, best)
    assert (downward[low]["color"], downward[high]["color"]) == (best, worst)


def test_typed_text_is_shown_and_not_interpreted():
    typed = '<b>x</b><a href="http://x">$x^2$ &amp;'
    safe = '&lt;b&gt;x&lt;/b&gt;&lt;a href="http://x"&gt;&#36;x^2&#36; &amp;amp;'
    assert charts.plain(typed) == safe
    cells = cells_of(
        [0.5] * 6, row=[typed] * 2 + ["20s"] * 2 + ["30s"] * 2, text=typed, hover=typed
    )
    figure = heatmap(cells, [typed, *ROWS[:2]], COLUMNS, typed)
    shown = [*figure.layout.yaxis.ticktext, figure.layout.coloraxis.colorbar.title.text]
    shown += [cell[part] for cell in drawn_cells(figure).values() for part in ("text", "hover")]
    assert not [text for text in shown if "<" in text.replace("<br>", "") or "$" in text]


def test_long_label_is_cut_on_the_axis_and_whole_in_the_hover():
    assert charts.shorten("소프트웨어 개발자") == "소프트웨어 개…"
    assert charts.shorten("초등학교 교사") == "초등학교 교사"
    assert charts.shorten("a" * 14) == "a" * 14
    assert charts.shorten("a" * 15) == "a" * 13 + "…"
    label = "초고층건물 외벽도장"
    cells = cells_of([0.5] * 6, row=[label] * 2 + ["20s"] * 2 + ["30s"] * 2)
    figure = heatmap(cells, [label, *ROWS[:2]], COLUMNS, "share")
    assert figure.layout.yaxis.ticktext[0] == "초고층건물 외…"
    assert drawn_cells(figure)["30s", "life"]["hover"].startswith(f"{label} · Life<br>")


def test_dragging_stays_off_although_streamlit_replaces_a_false_dragmode():
    layout = share_map().layout
    assert layout.dragmode  # streamlit turns a false one into "pan"
    assert layout.template.layout.dragmode is False
    assert layout.xaxis.fixedrange and layout.yaxis.fixedrange


COVERAGE = pd.DataFrame(
    {
        "label": ["Life", "Health", "Car"],
        "held": [True, True, False],
        "amount": [100.0, nan, nan],
        "target": [200.0, nan, 50.0],
        "text": ["100", "unknown", "none"],
        "hover": ["a", "b", "c"],
    }
)


def test_unknown_cover_is_a_hatched_stub_and_cover_not_held_is_no_bar():
    bars, targets = coverage_by_type(COVERAGE, "target").data
    assert bars.x[0] == 100 and 0 < bars.x[1] < 100 and bars.x[2] == 0
    assert list(bars.marker.pattern.shape) == ["", "/", ""]
    assert bars.marker.color[1] == charts.UNKNOWN != bars.marker.color[0]
    assert targets.x[0] == 200 and isnan(targets.x[1]) and targets.showlegend


def test_every_type_of_cover_has_its_label_and_its_amount_in_order():
    layout = coverage_by_type(COVERAGE).layout
    assert list(layout.yaxis.ticktext) == ["Life", "Health", "Car"]
    assert list(layout.yaxis2.ticktext) == ["100", "unknown", "none"]
    assert tuple(layout.yaxis.range) == tuple(layout.yaxis2.range) == (2.5, -0.5)


def test_cover_with_nothing_known_is_drawn():
    nothing = COVERAGE.assign(amount=nan, target=nan)
    bars, targets = coverage_by_type(nothing, "target").data
    assert bars.x[0] > 0 and bars.x[1] > 0 and not targets.showlegend


def difference_map(values):
    cells = cells_of(list(values))
    return heatmap(cells, ROWS, COLUMNS, "change", diverging=True)


def test_no_change_lies_in_the_middle_of_less_and_more():
    cells = drawn_cells(difference_map([-0.2, 0.0, 0.1, 0.2, nan, 0.05]))
    less, none, more = charts.shades([0, 0.5, 1], charts.DIVERGING)
    assert cells["30s", "life"]["color"] == less == charts.DIVERGING[0]
    assert cells["30s", "car"]["color"] == none
    assert cells["20s", "car"]["color"] == more == charts.DIVERGING[-1]
    assert cells["40s", "life"]["hatch"]


def test_a_difference_is_as_strong_on_either_side_of_nothing():
    axis = difference_map([-0.1, 0.0, 0.3, 0.0, 0.0, 0.0]).layout.coloraxis
    assert (axis.cmin, axis.cmax) == (-0.3, 0.3)
    assert list(axis.colorbar.ticktext) == ["-30%", "0", "+30%"]


def test_a_map_without_any_difference_is_all_middle():
    cells = drawn_cells(difference_map([0.0] * 6))
    assert {cell["color"] for cell in cells.values()} == set(charts.shades([0.5], charts.DIVERGING))


def test_both_ends_of_a_difference_darken_from_the_middle():
    whites = [
        charts.contrast(color, "#ffffff")
        for color in charts.shades([n / 6 for n in range(7)], charts.DIVERGING)
    ]
    assert whites[:4] == sorted(whites[:4], reverse=True) and whites[3:] == sorted(whites[3:])


def test_less_and_more_stay_apart_for_colour_blind_people():
    def blueness(color):
        red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
        return blue - (red + green) / 2

    less, more = ([n / 20 for n in side] for side in (range(8), range(13, 21)))
    assert min(map(blueness, charts.shades(less, charts.DIVERGING))) > 0
    assert max(map(blueness, charts.shades(more, charts.DIVERGING))) < 0


def test_differences_are_readable_and_far_from_the_greys():
    def distance(one, other):
        parts = [(one[at : at + 2], other[at : at + 2]) for at in (1, 3, 5)]
        return sum((int(a, 16) - int(b, 16)) ** 2 for a, b in parts) ** 0.5

    for color in charts.shades([step / 500 for step in range(501)], charts.DIVERGING):
        assert charts.contrast(charts.ink_on(color), color) >= 4.5
        assert min(distance(color, grey) for grey in (charts.MUTED, charts.UNKNOWN)) > 25


@pytest.mark.parametrize(
    ("label", "lines"),
    [
        ("생명", ["생명"]),
        ("상해 (직업 급수별)", ["상해 (직업", "급수별)"]),
        ("Accident by occupation class", ["Accident by", "occupation", "class"]),
        ("one two three four five six seven", ["one two", "three four", "five six s…"]),
        ("가나다라마바사아자", ["가나다라마…"]),
        ("", []),
    ],
)
def test_a_long_column_label_is_broken_at_its_blanks(label, lines):
    assert charts.wrap(label).splitlines() == lines


def test_lines_of_a_column_label_stand_under_each_other_and_typed_tags_do_not():
    cells = cells_of([0.5] * 6).replace({"column": {"Car": "<b>car</b> of somebody"}})
    figure = heatmap(cells, ROWS, ["Life", "<b>car</b> of somebody"], "share", share=True)
    assert figure.layout.xaxis.ticktext[1] == "&lt;b&gt;car&lt;/b&gt;<br>of somebody"


def test_many_rows_have_the_heads_of_the_columns_below_them_too():
    rows = [f"row {number}" for number in range(charts.HEADS_TWICE)]
    cells = pd.concat([cells_of([0.5] * 6).iloc[:2].assign(row=row) for row in rows])
    layout = heatmap(cells, rows, COLUMNS, "share", share=True).layout
    assert layout.xaxis2.side == "bottom" and layout.xaxis2.range == layout.xaxis.range
    assert layout.xaxis2.ticktext == layout.xaxis.ticktext == ("Life", "Car")
