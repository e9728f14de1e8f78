"""A measure is its record, its member and its words: nothing else knows of one that is new."""

import pytest
from agency import TODAY
from screen import listed, texts

from fpcore import wording
from fpcore.access import accounts
from fpcore.facts.types import TOTAL
from fpcore.models import Measure, PolicyType, RowKind
from fpcore.portfolio import customer_list, heatmaps, measures
from fpcore.portfolio.filters import CustomerFilter
from fpcore.portfolio.measures import COLUMNS, DEFINITIONS, Definition, Sql, Unit
from ui import session

WORDS = {
    "measure.women": "여성 가입자",
    "behind.women": "{type} 가입한 여성",
    "behind_total.women": "계약이 있는 여성",
    "how.women": "여성 가입자를 셉니다.",
    "how_left_out.women": "성별을 모르는 고객",
}


def women_holding(column: str) -> Sql:
    held = DEFINITIONS[Measure.HOLDING].behind(column)
    return Sql(f"({held.text} and gender = 'F')", held.reads | {"gender"})


@pytest.fixture
def women(monkeypatch):
    """A measure that counts women who hold a type, and how much of what they hold is known."""
    monkeypatch.setattr(session, "today", lambda: TODAY)
    member = str.__new__(Measure, "women")
    member._name_, member._value_ = "WOMEN", "women"
    with monkeypatch.context() as added:
        added.setattr(Measure, "_member_names_", [*Measure._member_names_, "WOMEN"])
        added.setitem(Measure._member_map_, "WOMEN", member)
        added.setitem(Measure._value2member_map_, "women", member)
        CustomerFilter.model_rebuild(force=True)
        definition = Definition(
            behind=women_holding,
            value=lambda figures: figures.n,
            unit=Unit.COUNT,
            left_out=lambda column: Sql("gender is null", frozenset({"gender"})),
        )
        added.setitem(measures.DEFINITIONS, member, definition)
        for language in wording.LANGUAGES:
            for key, word in WORDS.items():
                added.setitem(wording.catalogue(language), key, word)
        yield member
    CustomerFilter.model_rebuild(force=True)


def test_a_heatmap_and_the_lists_behind_it_follow_the_record(women, office):
    fp = accounts.find(office, "fp1")
    cells = heatmaps.heatmap(office, fp, RowKind.GENDER, women, TODAY).cells
    counted = {(cell["row"], cell["type"]): cell for cell in cells.to_dict("records")}
    assert counted["F", "life"]["value"] == 1 and counted["M", "car"]["value"] == 0
    assert [counted["all", column]["left_out"] for column in COLUMNS] == [1] * 7
    for (row, column), cell in counted.items():
        of = TOTAL if column == TOTAL else PolicyType(column)
        wanted = CustomerFilter(row_kind=RowKind.GENDER, row=row, behind=women, of=of)
        assert customer_list.find(office, fp, wanted, TODAY).matching == cell["n"]


def test_the_page_draws_it_and_names_the_list_behind_a_cell(women, open_page):
    at = open_page("portfolio", "fp1", rows="gender", measure="women")
    assert not at.exception
    assert "여성 가입자를 셉니다" in texts(at) and "여성 가입자 · 모든 팀" in texts(at)
    at.session_state["table 0"] = True
    (cells,) = [one.value for one in at.run().dataframe if "생명" in one.value]
    assert cells.loc["여", ["생명", "건강", "자동차"]].tolist() == ["1", "1", "0"]
    at = open_page("customers", "fp1", row_kind="gender", row="F", behind="women", of="life")
    assert [name.split()[0] for name in listed(at)] == ["김하늘"]
    assert {"여", "생명 가입한 여성"} <= {button.label for button in at.button}
