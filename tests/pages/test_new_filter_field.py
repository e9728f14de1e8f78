"""A field of the filter is its line in CustomerFilter and its words: lists, addresses, widgets and
the names of its parts follow from them."""

from typing import Annotated

import pytest
from agency import TODAY
from screen import listed

from fpcore import wording
from fpcore.models import Gender
from fpcore.portfolio.filters import Condition, CustomerFilter, FilterField, Kind
from ui import session
from ui.customers import filters

WORDS = {
    "filter.policies_from": "계약 수(부터)",
    "filtered.policies_from": "계약 {policies_from}건 이상",
    "filter.not_gender": "성별 아님",
    "filtered.not_gender": "{not_gender}성이 아님",
}


class WiderFilter(CustomerFilter):
    """A filter with a number and a code that no page has heard of."""

    policies_from: Annotated[
        int | None,
        FilterField(
            Kind.NUMBER,
            lambda wanted, asker: Condition(
                "total_policies >= $n", {"total_policies"}, {"n": wanted.policies_from}
            ),
            is_chosen=True,
            most=9,
        ),
    ] = None
    not_gender: Annotated[
        Gender | None,
        FilterField(
            Kind.CODE,
            lambda wanted, asker: Condition(
                "coalesce(gender <> $other, true)", {"gender"}, {"other": wanted.not_gender.value}
            ),
            codes=tuple(Gender),
            words="gender",
            is_chosen=True,
        ),
    ] = None


@pytest.fixture(autouse=True)
def wider(monkeypatch):
    monkeypatch.setattr(session, "today", lambda: TODAY)
    monkeypatch.setattr(filters, "CustomerFilter", WiderFilter)
    for language in wording.LANGUAGES:
        for key, word in WORDS.items():
            monkeypatch.setitem(wording.catalogue(language), key, word)


def people(at) -> list[str]:
    return [name.split()[0] for name in listed(at)]


def test_it_narrows_the_list_from_the_address_and_is_named(open_page):
    at = open_page("customers", "fp1", policies_from="1", not_gender="M")
    assert people(at) == ["김하늘"]
    labels = {button.label for button in at.button}
    assert {"계약 1건 이상", "남성이 아님"} <= labels
    assert at.number_input(key="policies_from=").value == 1


def test_its_widget_changes_the_address_and_its_name_takes_it_off(open_page):
    at = open_page("customers", "fp1")
    assert len(people(at)) == 3
    at.number_input(key="policies_from=").set_value(2).run()
    assert people(at) == ["김하늘"] and at.query_params["policies_from"] == "2"
    at.button(key="off policies_from").click().run()
    assert len(people(at)) == 3 and "policies_from" not in at.query_params


def test_what_does_not_fit_it_is_left_out(open_page):
    assert len(people(open_page("customers", "fp1", policies_from="many", not_gender="?"))) == 3
