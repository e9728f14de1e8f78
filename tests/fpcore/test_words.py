"""Every code that the domain can give has its words in every language."""

import ast
import re
from enum import StrEnum
from inspect import getsource
from pathlib import Path
from string import Formatter

import pytest
from pydantic import ValidationError

import fpcore
from fpcore import (
    book_columns,
    book_import,
    book_matching,
    book_values,
    errors,
    facts,
    gap_rules,
    models,
    words,
)
from fpcore.customers import Sort

SOURCES = [ast.parse(path.read_text()) for path in Path(fpcore.__path__[0]).glob("*.py")]
ERRORS = {
    name for name, made in vars(errors).items()
    if isinstance(made, type) and issubclass(made, errors.FpError)
}  # fmt: skip
ENUMS: dict[str, type[StrEnum]] = {
    "role": models.Role,
    "gender": models.Gender,
    "type": models.PolicyType,
    "status": models.PolicyStatus,
    "premium_cycle": models.PremiumCycle,
    "state": models.GapState,
    "row_kind": models.RowKind,
    "measure": models.Measure,
    "sort": Sort,
}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def raised() -> list[tuple[str, set[str]]]:
    """Every error that the source makes with a code: (code, names of its particulars)."""
    calls = [node for source in SOURCES for node in ast.walk(source) if isinstance(node, ast.Call)]
    return [
        (call.args[0].value, {keyword.arg for keyword in call.keywords})
        for call in calls
        if getattr(call.func, "id", None) in ERRORS - {"InvalidInput"}
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]


def problems_of_values() -> set[tuple[str, str]]:
    """(field, code) of every check of a row, read from the SQL that makes them."""
    columns = book_columns.recognize(["고객명", "보종"])
    sql = " ".join(book_values._checks(columns))
    return set(re.findall(r"field := '(\w+)', code := '(\w+)'", sql))


def problems_of_matching() -> set[tuple[str, str]]:
    found = set(re.findall(r"'(\w+)', '(\w+)', [\w.]+\)", getsource(book_matching)))
    assert {code for _, code in found} >= book_matching.QUESTIONS
    return found


def problems_of_input() -> set[tuple[str, str]]:
    """(field, code) of every tuple of that shape in the source: the problems of InvalidInput."""
    return {
        (node.elts[0].value, node.elts[1].value)
        for source in SOURCES
        for node in ast.walk(source)
        if isinstance(node, ast.Tuple)
        and len(node.elts) == 3
        and isinstance(node.elts[2], ast.Dict)
        and all(isinstance(part, ast.Constant) for part in node.elts[:2])
    }


PROBLEMS = sorted(problems_of_values() | problems_of_matching() | problems_of_input())
NOTES = re.findall(r"\) as (\w+)", book_import._NOTES)
RULES = gap_rules.load()
WHYS = {
    why
    for rule in RULES
    for why in re.findall(r"(?:then|else|, )\s*'(\w+)'", gap_rules.why_sql(rule))
}
KEYS = sorted(
    {f"{kind}.{member.value}" for kind, members in ENUMS.items() for member in members}
    | {f"field.{field}" for field in (*book_columns.FIELDS, book_columns.RESIDENT_NUMBER)}
    | {f"field.{field}" for field, _ in PROBLEMS}
    | {f"problem.{code}" for _, code in PROBLEMS}
    | {f"note.{code}" for code in NOTES}
    | {f"rule.{rule.code}" for rule in RULES}
    | {f"recommend.{rule.code}" for rule in RULES}
    | {f"why.{why}" for why in WHYS}
    | {f"status.{why}" for why in re.findall(r"then '(\w+)'", facts.WHY_NOT_IN_FORCE)}
    | {f"error.{code}" for code, _ in raised()}
    | {f"error.{getattr(errors, name).code}" for name in ERRORS - {"FpError", "InvalidInput"}}
    | {"type.total", "row.unknown"}
)


def test_all_languages_hold_the_same_words_with_the_same_gaps_to_fill():
    first, *others = [words.catalogue(language) for language in words.LANGUAGES]
    for other in others:
        assert other.keys() == first.keys()
        assert {key: placeholders(text) for key, text in other.items()} == {
            key: placeholders(text) for key, text in first.items()
        }


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_no_text_is_empty(language):
    assert [key for key, text in words.catalogue(language).items() if not text.strip()] == []


@pytest.mark.parametrize("key", KEYS)
def test_every_code_has_its_words_in_every_language(key):
    assert [lang for lang in words.LANGUAGES if key not in words.catalogue(lang)] == []


@pytest.mark.parametrize(("code", "given"), raised())
def test_an_error_is_raised_with_all_that_its_sentence_needs(code, given):
    assert placeholders(words.catalogue("en")[f"error.{code}"]) <= given


@pytest.mark.parametrize(("field", "code"), sorted(problems_of_values() | problems_of_matching()))
def test_a_problem_of_a_row_needs_only_the_text_that_was_found(field, code):
    taken = placeholders(words.catalogue("en")[f"problem.{code}"])
    assert taken <= ({"text", "accepted"} if code == "not_among" else {"text"})
    assert words.say_problem("ko", field, code, {"text": "x"})


def test_the_codes_were_found_at_all():
    assert {"not_understood", "same_person", "password_short"} <= {code for _, code in PROBLEMS}
    assert {"file_empty", "customer_not_found"} <= {code for code, _ in raised()}
    assert {"held", "not_held", "enough", "below", "amount_unknown"} == WHYS
    assert "coverage_unknown" in NOTES


def faults_of_a_form() -> list[dict]:
    typed = {
        "name": " ", "birth_year": 1800, "birth_date": "x", "gender": "?", "phone": "1" * 99,
        "email": "kim", "occupation": "\0", "last_contact_on": "x", "notes": "x" * 9999,
        "consent_basis": "",
    }  # fmt: skip
    faults = []
    for changed in ({}, {"birth_year": "x", "name": "x" * 101}):
        try:
            models.NewCustomer(**{**typed, **changed})
        except ValidationError as error:
            faults += error.errors()
    return faults


def test_what_is_wrong_in_a_form_has_its_words():
    not_typed = {"date_from_datetime_parsing", "enum"}  # forms offer a calendar and a choice
    faults = [fault for fault in faults_of_a_form() if fault["type"] not in not_typed]
    assert len(faults) >= 8
    for fault in faults:
        field = str(fault["loc"][0])
        for language in words.LANGUAGES:
            assert words.say_problem(language, field, fault["type"], fault.get("ctx", {}))
