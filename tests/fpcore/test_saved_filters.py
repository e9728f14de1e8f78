"""Filters that a person keeps under a name, for themselves (whose they are: test_access_matrix)."""

import pytest
from agency import TODAY, add_customer, newcomer, refusal, tables

from fpcore.errors import NotFound
from fpcore.models import Gender, PolicyStatus, PolicyType, RowKind
from fpcore.portfolio import customer_list, saved_filters
from fpcore.portfolio.filters import CustomerFilter

pytestmark = pytest.mark.shared_office

YOUNG = CustomerFilter(age_to=39)
FULL = CustomerFilter(
    gender=Gender.F, age_from=30, age_to=59, holding=PolicyType.LIFE, missing=PolicyType.CAR,
    status=PolicyStatus.ACTIVE, not_contacted_for=90, gap="any", row_kind=RowKind.OCCUPATION,
    row="교사 '\"<b>",
)  # fmt: skip


def kept(db, fp) -> dict[str, CustomerFilter]:
    return {saved.name: saved.wanted for saved in saved_filters.of_account(db, fp)}


def test_a_filter_is_kept_under_its_name_with_all_that_it_wants(db, fp):
    saved_filters.save(db, fp, "  30대 여성 😀 ", FULL)
    assert kept(db, fp) == {"30대 여성 😀": FULL}


@pytest.mark.parametrize("unknown", ["unknown", None])
def test_an_unknown_gender_is_a_filter_like_another(unknown, db, fp):
    wanted = CustomerFilter(gender=unknown, age_from=0)
    saved_filters.save(db, fp, "x", wanted)
    assert kept(db, fp) == {"x": wanted}


def test_what_was_searched_for_is_never_kept(db, fp):
    saved_filters.save(db, fp, "여성", CustomerFilter(search="지울사람", gender=Gender.F))
    assert kept(db, fp) == {"여성": CustomerFilter(gender=Gender.F)}
    assert "지울사람" not in str(tables(db))


def test_a_search_alone_is_nothing_to_keep(db, fp):
    for nothing in (CustomerFilter(), CustomerFilter(search="김")):
        with refusal(db) as refused:
            saved_filters.save(db, fp, "x", nothing)
        assert refused == [("filter_name", "nothing_filtered")]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "missing"),
        (" \t\n", "missing"),
        ("가" * 61, "too_long"),
        ("a\0b", "control_character"),
        ("\ud800", "control_character"),
        ("a\x1bb", "control_character"),
    ],
)
def test_a_name_is_one_that_a_screen_can_show(name, code, db, fp):
    with refusal(db) as refused:
        saved_filters.save(db, fp, name, YOUNG)
    assert refused == [("filter_name", code)]


def test_a_name_keeps_no_forbidden_number(db, fp):
    saved_filters.save(db, fp, "900101-1234567", YOUNG)
    assert "1234567" not in str(kept(db, fp))


def test_a_name_that_is_used_again_is_replaced(db, fp):
    saved_filters.save(db, fp, "나의", YOUNG)
    saved_filters.save(db, fp, " 나의 ", FULL)
    assert kept(db, fp) == {"나의": FULL}


def test_nobody_keeps_more_than_the_most_and_the_last_may_be_replaced(db, fp):
    for number in range(saved_filters.MOST):
        saved_filters.save(db, fp, f"{number}", YOUNG)
    with refusal(db) as refused:
        saved_filters.save(db, fp, "one more", YOUNG)
    assert refused == [("filter_name", "too_many")]
    saved_filters.save(db, fp, "0", FULL)
    assert (len(kept(db, fp)), kept(db, fp)["0"]) == (saved_filters.MOST, FULL)
    other = newcomer(db)
    saved_filters.save(db, other, "one more", YOUNG)
    assert kept(db, other) == {"one more": YOUNG}


def test_they_are_listed_as_people_sort_names(db, fp):
    for name in ("다", "나", "Kim", "가"):
        saved_filters.save(db, fp, name, YOUNG)
    assert list(kept(db, fp)) == ["가", "나", "다", "Kim"]


def test_a_removed_filter_is_gone_once(db, fp):
    saved_filters.save(db, fp, "x", YOUNG)
    (saved,) = saved_filters.of_account(db, fp)
    saved_filters.remove(db, fp, saved.id)
    assert kept(db, fp) == {}
    with pytest.raises(NotFound) as refused:
        saved_filters.remove(db, fp, saved.id)
    assert refused.value.code == "filter_not_found"


def test_a_filter_of_words_no_longer_known_is_left_out(db, fp):
    saved_filters.save(db, fp, "old", YOUNG)
    saved_filters.save(db, fp, "new", YOUNG)
    db.transaction(
        lambda cursor: cursor.execute(
            "update saved_filter set wanted = $wanted where name = 'old' and account_id = $fp",
            {"wanted": '{"holding": "spaceship"}', "fp": fp.id},
        )
    )
    assert list(kept(db, fp)) == ["new"]


def test_a_kept_filter_finds_whom_it_found(db, fp):
    add_customer(db, fp, name="어린 고객", birth_year=2000)
    add_customer(db, fp, name="다른 고객", birth_year=1960)
    saved_filters.save(db, fp, "young", YOUNG)
    page = customer_list.find(db, fp, kept(db, fp)["young"], TODAY)
    assert list(page.rows["name"]) == ["어린 고객"]
