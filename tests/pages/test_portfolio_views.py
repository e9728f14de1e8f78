"""The views of the whole book in figures: what they show, and where a click leads."""

from contextlib import closing

import pandas as pd
import pytest
import streamlit as st
from agency import TODAY, add_customer, add_policy, hire
from screen import listed, parsed, texts
from streamlit.testing.v1 import AppTest

from fpcore.access import accounts
from fpcore.portfolio.makeup import insurers
from fpcore.store import opening
from fpcore.store.connecting import IN_MEMORY
from ui import address, heatmaps
from ui.portfolio import bar_charts, concentration, lists
from ui.text import Text

VIEW = """
import ui.portfolio.{module} as view
from ui import session
from ui.text import Text
view.{draw}(session.account(), Text(session.language()), session.today())
"""
VIEWS = [
    ("key_figures", "draw"),
    ("key_figures", "draw_together"),
    ("due", "draw"),
    ("ages", "draw"),
    ("concentration", "draw_insurers"),
]

pytestmark = pytest.mark.usefixtures("stopped_clock")


@pytest.fixture
def shown(monkeypatch) -> list[dict]:
    """The addresses of the lists that clicks led to."""
    went = []
    monkeypatch.setattr(
        lists,
        "show",
        lambda team, **wanted: went.append(lists.behind(team, **wanted)),
    )
    return went


@pytest.fixture
def open_view(office):
    """Open a view as somebody; `clicked` are selections by the beginning of a widget's key."""

    def run(module: str, draw: str, username: str, locale: str = "ko-KR", **clicked) -> AppTest:
        at = AppTest.from_string(VIEW.format(module=module, draw=draw), default_timeout=30)
        at.context["locale"] = locale
        at.session_state["authentication_status"] = True
        at.session_state["username"] = username
        at.run()
        for key, selection in clicked.items():
            at.session_state[f"{key.replace('_', ' ')} "] = {"selection": selection}
        return at.run() if clicked else at

    return run


def cell(row: int) -> dict:
    return {"rows": [], "columns": [], "cells": [(row, "x")]}


def labels(at: AppTest) -> set[str]:
    return {button.label.replace("\\", "") for button in at.button}


def tables_of(at: AppTest) -> list[pd.DataFrame]:
    return [one.value for one in at.dataframe]


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
@pytest.mark.parametrize(("module", "draw"), VIEWS)
def test_a_view_is_drawn_in_every_language_and_without_customers(
    module, draw, locale, open_view, monkeypatch
):
    monkeypatch.setattr(lists, "draw_empty", lambda text: st.info(text("portfolio.empty")))
    at = open_view(module, draw, "admin", locale)
    assert not at.exception and at.dataframe
    empty = open_view(module, draw, "manager2", locale)
    assert not empty.exception and not empty.dataframe and empty.info


def test_what_is_not_known_is_counted_and_leads_to_the_list(open_view, shown, open_page):
    at = open_view("key_figures", "draw", "fp1", known=cell(2))
    (known,) = [one for one in tables_of(at) if "성별" in one.iloc[:, 0].tolist()]
    gender = known[known.iloc[:, 0] == "성별"].iloc[0]
    assert (gender["수"], gender["비율"], gender["없음"]) == (2, pytest.approx(200 / 3), 1)
    assert shown == [{"unknown": "gender", "book": ""}]
    at = open_page("customers", "fp1", **shown[0])
    assert [name.split()[0] for name in listed(at)] == ["이바다"]
    assert "모름: 성별" in labels(at)


def test_who_has_not_agreed_is_listed(open_view, shown, open_page):
    open_view("key_figures", "draw", "fp1", consents=cell(3))
    assert shown == [{"no_consent": "marketing", "book": ""}]
    assert len(listed(open_page("customers", "fp1", **shown[0]))) == 3


def add_one_due(office) -> None:
    fp = accounts.find(office, "fp1")
    one = add_customer(office, fp, name="한마감")
    add_policy(office, fp, one, type="car", end_date=TODAY.replace(day=30), insurer="하나손해보험")
    over = {
        "status": "expired", "start_date": TODAY.replace(year=2020),
        "end_date": TODAY.replace(year=2024),
    }  # fmt: skip
    add_policy(office, fp, one, type="home", **over)
    add_policy(office, fp, add_customer(office, fp, name="한옛날"), type="other", **over)


@pytest.mark.parametrize(
    ("view", "clicked", "wanted", "named", "who"),
    [
        ("expiring", ["car", 30], {"of": "car", "expiring": "30"},
         "자동차: 30일 안에 만기, 이어지는 계약 없음", "한마감"),
        ("formerly", ["home", "under_3_years"], {"formerly": "home", "gone": "under_3_years"},
         "화재·주택: 예전에 가입, 지금은 없음 · 1~3년", "한마감"),
        ("formerly", ["total", "under_3_years"], {"formerly": "total", "gone": "under_3_years"},
         "예전에 계약이 있었고, 지금은 없음 · 1~3년", "한옛날"),
    ],
)  # fmt: skip
def test_what_is_due_leads_to_the_list(
    view, clicked, wanted, named, who, office, open_view, shown, open_page, monkeypatch
):
    add_one_due(office)
    keys = {}

    def draw_figure(figure, columns, key, alt, place):
        keys[place] = [list(one) for trace in parsed(figure).data for one in trace.customdata or ()]
        return clicked if place == view else None

    monkeypatch.setattr(heatmaps, "draw_figure", draw_figure)
    at = open_view("due", "draw", "fp1")
    assert not at.exception and clicked in keys[view]
    assert shown == [{**wanted, "book": ""}]
    at = open_page("customers", "fp1", **shown[0])
    assert listed(at) == [who]
    assert named in labels(at)


def test_what_is_due_is_counted(office, open_view):
    add_one_due(office)
    at = open_view("due", "draw", "fp1")
    ends, once, contacts = tables_of(at)
    assert ends.loc["자동차"].tolist() == ["1", "1", "1"]
    assert once.loc["화재·주택", "1~3년"] == "1"
    assert once.loc["전체 종류", "1~3년"] == "1"
    assert contacts["90일 무접촉"].tolist() == [5]
    assert "만기를 모르는 유지 계약 3건(고객 2명)은 빠져 있습니다" in labels(at)
    assert "고객 5명 가운데 5명, 그중 5명은 접촉 기록이 없습니다" in texts(at)


def test_those_of_no_side_stand_beside_the_pyramid(open_view, shown):
    at = open_view("ages", "draw", "fp1", other_genders=cell(0))
    (others,) = [one for one in tables_of(at) if len(one.columns) == 4]
    assert others.values.tolist() == [["모름", 1, 0, 1]]
    assert shown == [{"gender": "unknown", "book": ""}]


def count_in(at: AppTest, row: str, gender: str) -> int:
    """How many customers the table of the pyramid tells of an age and gender."""
    found = next(one for one in tables_of(at) if len(one.columns) == 5)
    return int(found[(found.iloc[:, 0] == row) & (found.iloc[:, 1] == gender)].iloc[0, 2])


@pytest.mark.parametrize("of", ["life", "total"])
@pytest.mark.parametrize("part", ["holding", "lacking"])
def test_a_part_of_a_bar_leads_to_as_many_customers(
    part, of, office, open_view, shown, open_page, monkeypatch
):
    fp = accounts.find(office, "fp1")
    for held in (["life"], ["life", "car"], ["car"], [], []):
        one = add_customer(office, fp, birth_date=TODAY.replace(year=1986), gender="M")
        for kind in held:
            add_policy(office, fp, one, type=kind)
    counts = {}

    def clicked(figure, key, alt):
        for trace in parsed(figure).data:
            for bar, n in zip(trace.customdata, trace.x, strict=True):
                counts[tuple(bar)] = abs(n)
        return ["40-49", "M", part]

    with monkeypatch.context() as changed:
        changed.setattr(lists, "clicked", clicked)
        changed.setattr(address, "choice", lambda *said, **more: of)
        at = open_view("ages", "draw", "fp1")
    assert not at.exception and len(shown) == 1
    in_part = {"life": {"holding": 2, "lacking": 3}, "total": {"holding": 3, "lacking": 2}}[of]
    assert counts["40-49", "M", part] == in_part[part]
    assert count_in(open_view("ages", "draw", "fp1"), "40-49세", "남") == 5
    assert len(listed(open_page("customers", "fp1", **shown[0]))) == in_part[part]


def test_a_line_of_the_table_leads_to_everybody_of_an_age_and_gender(
    office, open_view, shown, open_page
):
    fp = accounts.find(office, "fp1")
    add_customer(office, fp, birth_date=TODAY.replace(year=2020), gender="O")
    at = open_view("ages", "draw", "fp1", ages_table=cell(0))
    assert not at.exception
    assert shown == [{"row_kind": "age_band", "row": "0-9", "gender": "O", "book": ""}]
    assert len(listed(open_page("customers", "fp1", **shown[0]))) == 1


def test_a_click_on_an_insurer_lists_its_customers(office, open_view, shown, open_page):
    add_one_due(office)
    at = open_view("concentration", "draw_insurers", "fp1", insurers_table=cell(0))
    table = tables_of(at)[0]
    assert table["보험사"].tolist() == ["하나손해보험", "보험사 모름"]
    assert table["월 보험료"].tolist() == ["알 수 없음", "130,000원"]
    assert table["계약 비중"].tolist() == [25, 75]
    told = {one.label: (one.value, one.delta) for one in at.metric}
    assert told["가장 큰 보험사"] == ("?", "")
    assert told["큰 보험사 3곳"] == ("?", "계약의 25%")
    assert shown == [{"row_kind": "insurer", "row": "하나손해보험", "book": ""}]
    assert listed(open_page("customers", "fp1", **shown[0])) == ["한마감"]
    open_view("concentration", "draw_insurers", "fp1", insurers_table=cell(1))
    assert len(listed(open_page("customers", "fp1", **shown[1]))) == 2


# --- The figures themselves ------------------------------------------------------------------


def ages(*rows: tuple[str, str, int, int]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"label": label, "side": side, "holders": holders, "others": others, "hover": "x",
             "holders_key": [label, side, "holding"], "others_key": [label, side, "lacking"]}
            for label, side, holders, others in rows
        ]
    )  # fmt: skip


def test_men_stand_left_women_right_and_holders_towards_the_middle():
    drawn = ages(("30-39", "M", 2, 3), ("30-39", "F", 7, 0), ("40-49", "M", 0, 9))
    figure = parsed(bar_charts.pyramid(drawn, "남", "여", "보유", "미보유"))
    men_holders, men_others, women_holders, women_others = figure.data
    assert (list(men_holders.x), list(men_others.x)) == ([-2, 0], [-3, -9])
    assert (list(women_holders.x), list(women_others.x)) == ([7], [0])
    assert figure.layout.barmode == "relative"  # so that others begin where holders end
    assert men_holders.customdata[0] == ["30-39", "M", "holding"]
    assert men_others.customdata[0] == ["30-39", "M", "lacking"]
    assert (men_holders.name, women_others.name) == ("남: 보유", "여: 미보유")
    left, right = figure.layout.xaxis.range
    assert -left == right >= 9
    assert list(figure.layout.yaxis.ticktext) == ["40-49", "30-39"]


@pytest.mark.parametrize("most", [0, 1, 2, 3, 9, 17, 99, 100, 4_321, 1_000_000])
def test_counts_to_both_sides_are_told_without_a_sign(most):
    drawn = ages(("30-39", "M", most, 0))
    figure = parsed(bar_charts.pyramid(drawn, "남", "여", "보유", "미보유"))
    values, told = figure.layout.xaxis.tickvals, figure.layout.xaxis.ticktext
    assert list(told) == [f"{abs(value):,}" for value in values]
    assert len(set(values)) == len(values) <= 11 and 0 in values


def test_an_unknown_share_is_a_hatched_stub():
    parts = pd.DataFrame(
        {"label": ["A", "B"], "share": [1.0, float("nan")], "text": ["100%", "?"],
         "hover": ["A<br>x", "<b>"], "key": [["A"], ["B"]]}
    )  # fmt: skip
    (bars,) = parsed(bar_charts.shares(parts)).data
    assert bars.x[0] == 1 and 0 < bars.x[1] < 0.2
    assert list(bars.marker.pattern.shape) == ["", "/"]
    assert list(bars.hovertext) == ["A<br>x", "&lt;b&gt;"]


def test_the_smallest_insurers_have_one_bar_together():
    with closing(opening.open_database(IN_MEMORY)) as db:
        fp = hire(db)["fp1"]
        one = add_customer(db, fp)
        for number in range(23):
            paid = {"premium_amount": 100 + number, "premium_cycle": "monthly"}
            add_policy(db, fp, one, insurer=f"보험 {number}", **paid)
        add_policy(db, fp, one)
        cells = insurers(db, fp, TODAY).cells
    parts = concentration._parts(cells, Text("ko"))
    assert parts["label"].tolist()[-2:] == ["다른 보험사 3곳", "보험사 모름"]
    assert len(parts) == 22 and parts["share"].sum() == pytest.approx(1)
    assert parts["key"].tolist()[-2:] == [[None], ["unknown"]]
