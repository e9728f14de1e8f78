"""data/fact_words.toml: what is wrong with it is named, any word is taken, rows follow it."""

import string
from datetime import date, timedelta
from pathlib import Path

import pytest
from agency import TODAY, add_customer, add_policy, hire, row_of

from fpcore import wording
from fpcore.config import config_files
from fpcore.customers import profiles
from fpcore.errors import InvalidSettings
from fpcore.facts import words
from fpcore.gaps import changes, explanation
from fpcore.kept import comparison, customer_rows
from fpcore.models import CustomerChanges
from fpcore.portfolio import customer_list
from fpcore.portfolio.filters import CustomerFilter
from fpcore.store import opening
from fpcore.store.database import Database

SHIPPED = words.FILE.read_text(encoding="utf-8")
DAY = timedelta(days=1)


@pytest.fixture
def file(tmp_path, monkeypatch) -> Path:
    """The program's file of words, as it came along."""
    path = tmp_path / "fact_words.toml"
    path.write_text(SHIPPED, encoding="utf-8")
    monkeypatch.setattr(words, "FILE", path)
    return path


def write(file: Path, *changes: tuple[str, str]) -> None:
    text = SHIPPED
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def fault(language: str = "en") -> str:
    found = words.fault()
    return wording.say_error(language, found) if found else ""


# --- What is wrong with it -------------------------------------------------------------------

DRIVERS = 'driver = ["운전자", "driver"]'
MONTHS = "months = 6"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((DRIVERS, ""), "product.driver: is missing."),
        ((DRIVERS, "driver = 1"), "product.driver: Must be a list"),
        ((DRIVERS, "driver = [1]"), "product.driver.0: is not a text."),
        ((DRIVERS, 'driver = [""]'), "product.driver.0: is missing."),
        ((DRIVERS, 'driver = ["\\u0000"]'), "product.driver.0: contains signs that cannot be"),
        ((DRIVERS, f"{DRIVERS}\ntravel = []"), "product.travel: there is no such field. Accepted: "
         "indemnity, driver, savings"),
        (("3 = [", "4 = ["), "occupation_class.classes.4: there is no such field. Accepted: "
         "1, 2, 3"),
        ((MONTHS, "months = 0"), "replacement.months: Must be at least 1."),
        ((MONTHS, "months = 121"), "replacement.months: Must be at most 120."),
        ((MONTHS, 'months = "6"'), "replacement.months: is not a whole number."),
        (('grade = "A"', 'grade = "E"'), "replacement.grade: ‘E’ is not accepted; accepted: "
         "'A', 'B', 'C' or 'D'"),
        (("[product]", "[product"), "-: This is not TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(change, expected, file):
    write(file, change)
    assert fault().startswith(f"In fact_words.toml, {expected}")
    assert fault("ko").startswith("fact_words.toml 파일의 ")


def test_the_file_that_came_along_has_no_fault():
    assert words.fault() is None


# --- Any word is taken -----------------------------------------------------------------------


def test_an_apostrophe_is_a_sign_like_any_other(file, db, fp):
    write(
        file,
        ('"사무직"', '"사무직", "lawyer\'s clerk"'),
        (DRIVERS, 'driver = ["운전자", "driver\'s 100%"]'),
    )
    customer_rows.roll_forward(db, TODAY)
    one = add_customer(db, fp, occupation="lawyer's clerk")
    add_policy(db, fp, one, type="accident", policy_name="The DRIVER'S 100% plan")
    row = row_of(db, "customer_row", one)
    assert (row["occupation_class"], row["driver_policies"]) == (1, 1)
    assert comparison.differences(db, TODAY) == []
    assert explanation.of_customer(db, fp, one, TODAY).gaps


@pytest.mark.parametrize("sign", string.punctuation + " \t한")
def test_every_sign_is_found_as_it_is(sign, office, file):
    db, _ = office
    file.write_text(SHIPPED, encoding="utf-8")
    named = config_files.load(file, words.FactWords).product
    one_of = (f"a{sign}b", *named.savings)
    found = "select " + words.has_one_of("$name", one_of) + " as found"
    assert db.read(found, {"name": f"x a{sign}b y"}) == [{"found": True}]
    assert db.read(found, {"name": f"x A{sign}B y"}) == [{"found": sign.isascii()}]
    assert db.read(found, {"name": f"a{sign}{sign}b"}) == [{"found": False}]


# --- The program goes on ---------------------------------------------------------------------

BROKEN = {"a fault": SHIPPED.replace(MONTHS, "months = 0"), "not TOML": "[product\n", "gone": None}


def spoil(file: Path, text: str | None) -> None:
    file.unlink() if text is None else file.write_text(text, encoding="utf-8")


def occupation_class(db: Database, one) -> int | None:
    return row_of(db, "customer_row", one)["occupation_class"]


@pytest.mark.parametrize("way", BROKEN)
def test_the_running_program_goes_on_with_the_last_good_file(way, file, db, fp):
    customer_rows.roll_forward(db, TODAY)
    spoil(file, BROKEN[way])
    one = add_customer(db, fp, occupation="택시기사", birth_date=date(1980, 1, 1))
    customer_rows.roll_forward(db, TODAY + DAY)
    assert occupation_class(db, one) == 3
    assert explanation.of_customer(db, fp, one, TODAY + DAY).gaps
    assert (
        customer_list.find(db, fp, CustomerFilter(), TODAY - 9000 * DAY).matching == 1
    )  # computed
    assert comparison.differences(db, TODAY + DAY) == []
    assert fault()


@pytest.mark.parametrize("way", BROKEN)
def test_a_program_that_starts_with_a_broken_file_goes_on_with_the_last_good_one(
    way, file, tmp_path
):
    path = str(tmp_path / "fp.duckdb")
    db = opening.open_database(path, create=True)
    fp = hire(db)["fp1"]
    customer_rows.roll_forward(db, TODAY)
    db.close()
    spoil(file, BROKEN[way])
    config_files.parsed.cache_clear()  # as in a new process
    db = opening.open_database(path)
    customer_rows.roll_forward(db, TODAY)
    assert occupation_class(db, add_customer(db, fp, occupation="택시기사")) == 3
    db.close()


def test_without_any_good_file_the_fault_is_what_is_said(file, db, fp):
    spoil(file, BROKEN["a fault"])
    customer_rows.roll_forward(db, TODAY)
    with pytest.raises(InvalidSettings) as error:
        add_customer(db, fp)
    assert error.value.particulars == {"file": "fact_words.toml", "field": "replacement.months"}


# --- Rows follow it --------------------------------------------------------------------------

TAXI_IS_MEDIUM = (('"마트 계산원"', '"마트 계산원", "택시기사"'), ('3 = ["택시기사", ', "3 = ["))


def test_a_changed_file_counts_once_all_rows_are_made_by_it(file, db, fp):
    customer_rows.roll_forward(db, TODAY)
    first = add_customer(db, fp, name="김하나", occupation="택시기사")
    write(file, *TAXI_IS_MEDIUM)
    second = add_customer(db, fp, name="이둘", occupation="택시기사")
    assert [occupation_class(db, one) for one in (first, second)] == [3, 3]
    assert comparison.differences(db, TODAY) == []
    customer_rows.roll_forward(db, TODAY)
    assert [occupation_class(db, one) for one in (first, second)] == [2, 2]
    assert comparison.differences(db, TODAY) == []
    profiles.update(db, fp, first, CustomerChanges(name="김셋"), 1, TODAY)
    assert occupation_class(db, first) == 2


def test_what_a_changed_file_does_to_gaps_is_told_as_changed_rules_are(file, db, fp):
    customer_rows.roll_forward(db, TODAY)
    one = add_customer(db, fp)
    for _ in range(2):
        add_policy(db, fp, one, type="health", policy_name="무배당 실손의료비")
    write(file, ('"실손", "실비"', '"실비"'))
    customer_rows.roll_forward(db, TODAY)
    (told,) = [
        (change.before, change.after, change.cause)
        for change in changes.of_customer(db, fp, one)
        if change.code == "indemnity_twice" and change.cause == "rule"
    ]
    assert told == ("gap", "not_needed", "rule")


def test_rows_stay_where_the_file_tells_the_same_in_other_words(file, db, fp):
    customer_rows.roll_forward(db, TODAY)
    add_customer(db, fp)
    write(file, ("# What names tell", "# Whatever names tell"))
    before = db.version
    customer_rows.roll_forward(db, TODAY)
    customer_rows.roll_forward(db, TODAY)
    assert db.version == before


def test_rows_of_before_the_file_was_kept_are_made_anew(db, fp):
    one = add_customer(db, fp, occupation="택시기사")
    db.transaction(lambda cursor: cursor.execute("update customer_row set occupation_class = 1"))
    customer_rows.roll_forward(db, TODAY)
    assert occupation_class(db, one) == 3
