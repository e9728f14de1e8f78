"""The whole book on one page: gaps by rule, the map, who comes first, what opened and closed."""

from uuid import UUID

import pytest
from agency import TODAY, add_policy
from screen import id_of, listed, texts

from fpcore.access import accounts
from fpcore.gaps import scopes
from fpcore.models import RowKind

pytestmark = pytest.mark.usefixtures("stopped_clock")


def counted(at) -> dict[str, list[int]]:
    """How many customers are in each state, by rule, as the portfolio shows it."""
    table = at.dataframe[0].value
    states = ["공백", "일부 부족", "알 수 없음", "충족", "불필요"]
    return dict(zip(table["기준"], table[states].values.tolist(), strict=True))


def test_portfolio_counts_the_scope(open_page):
    at = open_page("portfolio", "manager1", view="gaps")
    found = counted(at)
    assert found["가족 보장"] == [2, 0, 0, 1, 0]
    assert found["자동차 보험"][:4] == [0, 0, 2, 1]
    assert len(found) == 12 and {sum(states) for states in found.values()} == {3}
    assert "고객 3명" in texts(at)
    (worst,) = [one.value for one in at.dataframe if "이름" in one.value]
    assert worst["이름"].tolist()[0].startswith("이바다")
    assert "먼저 명부를 올려 주세요" in texts(open_page("portfolio", "manager2"))


def test_a_click_on_a_rule_leads_to_the_customers_with_that_gap(open_page):
    at = open_page("portfolio", "fp1", view="gaps")
    row = list(counted(at)).index("가족 보장")
    at.session_state["by rule"] = {
        "selection": {"rows": [], "columns": [], "cells": [(row, "기준")]}
    }
    at.run()
    assert at.query_params["gap"] == "life_missing"
    assert [name.split()[0] for name in listed(at)] == ["박구름", "이바다"]


@pytest.mark.parametrize("rows", list(RowKind))
def test_behind_a_cell_stand_as_many_customers_as_it_counts(open_page, office, rows):
    cells = scopes.heatmap(office, accounts.find(office, "fp1"), rows, TODAY)
    cells = cells[cells["code"].isin(["life_missing", "total_low"])].to_dict("records")
    assert len(cells) >= 2
    for cell in cells:
        address = {"row_kind": rows, "row": cell["row"], "gap": cell["code"]}
        names = listed(open_page("customers", "fp1", **address))
        assert len(names) == cell["gap"] + cell["partial"]


def test_a_map_of_gaps_prints_shares_and_no_zero_for_what_nobody_knows(open_page):
    at = open_page("portfolio", "fp1", rows="fp", measure="gap")
    at.session_state["table 0"] = True
    at.run()
    (cells,) = [one.value for one in at.dataframe if "사망 보장" in one.value]
    assert cells[["가족 보장", "사망 보장"]].values.tolist() == [["67%", "?"]]


def test_the_worst_customer_is_opened_by_a_click(open_page):
    at = open_page("portfolio", "fp1", view="gaps")
    at.session_state["worst"] = {"selection": {"rows": [], "columns": [], "cells": [(0, "이름")]}}
    at.run()
    assert at.title[0].value.startswith("이바다")


def test_portfolio_shows_what_opened_and_closed_by_month(open_page, office):
    assert "아직 바뀐 공백이 없습니다" in texts(open_page("portfolio", "fp1", view="gaps"))
    fp1 = accounts.find(office, "fp1")
    add_policy(office, fp1, UUID(id_of(office, "박구름")), coverage_amount=200_000_000)
    at = open_page("portfolio", "admin", view="gaps", team="강남")
    months = at.dataframe[-1].value
    assert months.values.tolist() == [[f"{TODAY:%Y-%m}", 0, 1]]
    assert "아직 바뀐 공백이 없습니다" in texts(
        open_page("portfolio", "admin", view="gaps", team="부산")
    )


def test_key_figures_say_how_many_and_what_is_known(open_page):
    at = open_page("portfolio", "manager1", view="figures")
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown["고객"] == "3"
    assert "데이터 완성도" in texts(at)
    assert "먼저 명부를 올려 주세요" in texts(open_page("portfolio", "manager2", view="figures"))


def test_types_that_are_held_together_stand_in_a_map(open_page):
    at = open_page("portfolio", "manager1", view="together")
    assert "두 종류를 모두 가진 고객" in texts(at)
    assert not at.exception


def test_a_list_of_those_who_hold_two_types_says_so(open_page):
    at = open_page("customers", "fp1", holding="life", also="health")
    assert {"생명 가입", "건강 가입"} <= {button.label for button in at.button}
