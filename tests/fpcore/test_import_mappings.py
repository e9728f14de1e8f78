"""What was decided about a file's columns (whose it is: test_access_matrix)."""

import pytest
from agency import newcomer, refusal, tables

from fpcore.errors import NotFound
from fpcore.importing import mappings

pytestmark = pytest.mark.shared_office

HEADER = ["고객 이름", "생년월일", "가입금액(만원)"]
SAID = {"columns": {"0": "name", "2": None}, "unit": 10000, "글": ["\ud800", "'\"<b>", True, 1.5]}


def names(found) -> list[str]:
    return [saved.name for saved in found]


def test_what_was_said_is_found_again_by_the_headers(db, fp):
    mappings.save(db, fp, "  한화 명부 😀 ", HEADER, SAID)
    [found] = mappings.of_header(db, fp, HEADER)
    assert (found.name, found.said) == ("한화 명부 😀", SAID)
    assert mappings.of_account(db, fp) == [found]


@pytest.mark.parametrize(
    ("header", "is_same"),
    [
        (["고객이름", "생년월일", "가입금액 (만원)"], True),
        (["고객_이름", "생년월일 ", "가입금액（만원）"], True),
        (["생년월일", "고객 이름", "가입금액(만원)"], False),
        (["고객 이름", "생년월일"], False),
        (["고객 이름", "생년월일", "가입금액(원)"], False),
        (["고객 이름", "생년월일가입금액만원"], False),
        ([], False),
    ],
)
def test_headers_are_the_same_without_blanks_and_signs_and_in_their_order(header, is_same, db, fp):
    mappings.save(db, fp, "x", HEADER, SAID)
    assert bool(mappings.of_header(db, fp, header)) is is_same


def test_no_header_is_kept_itself(db, fp):
    mappings.save(db, fp, "x", ["900101-1234567의 열"], SAID)
    assert "1234567" not in str(tables(db)["import_mapping"])


def test_the_newest_comes_first_and_a_name_used_again_is_replaced(db, fp):
    for name in ("첫째", "둘째", "첫째 "):
        mappings.save(db, fp, name, HEADER, {"by": name})
    assert names(mappings.of_header(db, fp, HEADER)) == ["첫째", "둘째"]
    assert mappings.of_account(db, fp)[0].said == {"by": "첫째 "}
    mappings.save(db, fp, "둘째", ["다른 열"], {})
    assert names(mappings.of_header(db, fp, HEADER)) == ["첫째"]
    assert names(mappings.of_account(db, fp)) == ["둘째", "첫째"]
    kept = [row for row in tables(db)["import_mapping"] if row["account_id"] == fp.id]
    assert all(row["created_at"] < row["updated_at"] for row in kept)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "missing"),
        (" \t\n", "missing"),
        ("가" * 61, "too_long"),
        ("a\0b", "control_character"),
        ("\ud800", "control_character"),
    ],
)
def test_a_name_is_one_that_a_screen_can_show(name, code, db, fp):
    with refusal(db) as refused:
        mappings.save(db, fp, name, HEADER, SAID)
    assert refused == [("mapping_name", code)]


def test_a_name_keeps_no_forbidden_number(db, fp):
    mappings.save(db, fp, "900101-1234567", HEADER, SAID)
    assert "1234567" not in str(mappings.of_account(db, fp))


def test_nobody_keeps_more_than_the_most_and_the_last_may_be_replaced(db, fp):
    for number in range(mappings.MOST):
        mappings.save(db, fp, f"{number}", HEADER, SAID)
    with refusal(db) as refused:
        mappings.save(db, fp, "one more", HEADER, SAID)
    assert refused == [("mapping_name", "too_many_mappings")]
    mappings.save(db, fp, "0", HEADER, {})
    assert len(mappings.of_account(db, fp)) == mappings.MOST
    mappings.save(db, newcomer(db), "one more", HEADER, SAID)


def test_a_removed_mapping_is_gone_once(db, fp):
    mappings.save(db, fp, "x", HEADER, SAID)
    [saved] = mappings.of_account(db, fp)
    mappings.remove(db, fp, saved.id)
    assert mappings.of_account(db, fp) == []
    with pytest.raises(NotFound) as refused:
        mappings.remove(db, fp, saved.id)
    assert refused.value.code == "mapping_not_found"
