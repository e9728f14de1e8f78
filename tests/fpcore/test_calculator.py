"""Whatever somebody types is a value for the planned statements, never SQL."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from fpcore.store import calculator as module
from fpcore.store.calculator import Calculator, calculator
from fpcore.store.connecting import SqlError

TEXTS = some.text(some.characters(codec="utf-8"))
MEAN = ["'", "''", "\\", "\\'", "\0", "'\0'", "a\0", '"', "--", "/*", ";", "$v", "' || 1 || '",
        "'); drop table x; --", "\ufeff", "\r\n", "e'\\n'", "%", "null", "", " ", "가\u0301", "😀",
        "[1, 2]", "{'a': 1}", "{", "\u2028"]  # fmt: skip
DAYS = some.dates(datetime.date(1, 1, 1))
AMOUNTS = some.decimals(1 - 10**13, 10**13 - 1, places=2)


def back(kind: str, value: object) -> object:
    """What a value is after it went through a planned statement."""
    return calculator.row("select $v as v", {"v": (kind, value)})["v"]


@given(TEXTS)
def test_any_text_comes_back_as_it_was(text):
    assert back("varchar", text) == text


@pytest.mark.parametrize("text", MEAN)
def test_signs_that_mean_something_to_sql_are_only_signs(text):
    assert back("varchar", text) == text
    assert back("varchar[]", [text, None, text]) == [text, None, text]
    assert back("struct(a varchar)[]", [{"a": text}]) == [{"a": text}]


@given(some.lists(some.none() | TEXTS))
@example([])
@example([None])
@example(["null", None, "NULL"])
def test_any_list_of_texts_comes_back(texts):
    assert back("varchar[]", texts) == texts


RECORDS = some.fixed_dictionaries(
    {
        "it's a name": TEXTS | some.none(),
        "day": DAYS | some.none(),
        "amount": AMOUNTS | some.none(),
        "is_on": some.booleans(),
        "tags": some.lists(TEXTS),
    }
)
RECORD = (
    'struct("it\'s a name" varchar, day date, amount decimal(15, 2), is_on bool, tags varchar[])'
)


@given(some.lists(RECORDS))
@example([])
def test_any_records_come_back(records):
    assert back(f"{RECORD}[]", records) == records


@given(DAYS)
@example(datetime.date(9999, 12, 31))
def test_any_day_comes_back(day):
    assert back("date", day) == day


@given(some.datetimes())
def test_any_time_comes_back(time):
    assert back("timestamp", time) == time


@given(AMOUNTS)
@example(Decimal("1E+3"))
@example(Decimal("-0.01"))
def test_any_amount_comes_back(amount):
    assert back("decimal(15, 2)", amount) == amount


@given(some.integers(-(2**63), 2**63 - 1))
def test_any_number_comes_back(number):
    assert back("bigint", number) == number


@given(some.floats(allow_nan=False))
def test_any_fraction_comes_back(fraction):
    assert back("double", fraction) == fraction


@given(some.uuids())
def test_any_id_comes_back(some_id):
    assert back("uuid", some_id) == some_id


@pytest.mark.parametrize("kind", ["varchar", "date", "varchar[]", "struct(a integer)"])
def test_nothing_comes_back_as_nothing(kind):
    assert back(kind, None) is None


def test_several_values_do_not_mix():
    values = {"a": ("varchar", "x', b := 'y"), "b": ("varchar", "z"), "c": ("integer", None)}
    row = calculator.row("select $b as b, $a as a, $c as c", values)
    assert row == {"a": "x', b := 'y", "b": "z", "c": None}


@pytest.mark.parametrize("value", ["\ud800", "가\udfff나", ["\udc00"], {"a": "\ud83d"}])
def test_half_a_sign_is_refused_and_harms_nobody(value):
    kind = {str: "varchar", list: "varchar[]", dict: "struct(a varchar)"}[type(value)]
    with pytest.raises(UnicodeEncodeError):
        back(kind, value)
    assert back("varchar", "가") == "가"


def test_a_value_that_is_none_of_its_type_is_refused_and_harms_nobody():
    with pytest.raises(SqlError):
        back("date", "2026-02-30")
    assert back("date", "2026-02-28") == datetime.date(2026, 2, 28)


def test_a_statement_is_planned_once_and_many_do_not_pile_up(monkeypatch):
    monkeypatch.setattr(module, "MOST_PLANNED", 3)
    own = Calculator()
    for number in [*range(8), *range(8)]:
        assert own.row(f"select $v + {number} as v", {"v": ("integer", 1)}) == {"v": number + 1}
        ((_, planned),) = own._idle
        assert len(planned) <= 3
    own.row("select $v as v", {"v": ("integer", 1)})
    kept = dict(own._idle[0][1])
    own.row("select $v as v", {"v": ("integer", 2)})
    assert own._idle[0][1] == kept
    own.close()
