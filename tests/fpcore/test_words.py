"""Every code that the domain can give has its words in every language."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from inspect import getsource
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from pydantic import ValidationError

import fpcore
from fpcore import checks, errors, models, wording
from fpcore.access import audit
from fpcore.facts import policies as facts_of_policies
from fpcore.gaps import explanation
from fpcore.importing import (
    circumstances,
    contracts,
    customers,
    fields,
    matching,
    persons,
    policies,
    reporting,
)
from fpcore.kept import consistency, gap_history
from fpcore.models.circumstances import CIRCUMSTANCES
from fpcore.portfolio import conditions, customer_list, measures
from fpcore.portfolio.filters import CustomerFilter, Kind
from fpcore.rules import amounts, coverages, holdings, records, rulebook, vocabulary
from fpcore.rules import conditions as rule_conditions
from fpcore.rules.word import Grade, Word

SOURCES = [ast.parse(path.read_text()) for path in Path(fpcore.__path__[0]).rglob("*.py")]
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
    "sort": customer_list.Sort,
    "consent_kind": models.ConsentKind,
    "consent_channel": models.ConsentChannel,
    "contact_channel": models.ContactChannel,
    "contact_outcome": models.ContactOutcome,
    "action": audit.Action,
    "record": audit.RecordKind,
    "income_basis": models.IncomeBasis,
    "housing": models.Housing,
    "driving": models.Driving,
    "finding": models.GapState,
    "fault": consistency.Fault,
    "cause": gap_history.Cause,
    "gone": models.Gone,
    "concentration": models.Concentration,
}


FORMS = (
    models.CustomerChanges, models.NewCustomer, models.PolicyChanges, models.NewPolicy,
    models.NewContact,
)  # fmt: skip
CHECKS = (*checks.CUSTOMER, *checks.POLICY, *checks.POLICY_STATUS)


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
    """(field, code) of every check of a row."""
    found = (
        *customers.CUSTOMER_CHECKS,
        *circumstances.CHECKS,
        *policies.POLICY_CHECKS,
    )
    return {(check.field, check.code) for check in found}


def problems_of_matching() -> set[tuple[str, str]]:
    """(field, code) of what matching finds, read from the SQL that makes them."""
    source = getsource(persons) + getsource(contracts)
    found = re.findall(r"(?:field := |select row_no, )'(\w+)', (?:code := )?'(\w+)'", source)
    return set(found)


def test_every_question_is_a_problem_that_can_come_up():
    asked = {code for _, code in problems_of_values() | problems_of_matching()}
    assert asked >= matching.QUESTIONS


def problems_in_source() -> list[tuple[str | None, str, set[str]]]:
    """Every (field, code, {particulars}) of InvalidInput in the source; no field where that is
    made up as the program runs."""
    found = [
        node.elts
        for source in SOURCES
        for node in ast.walk(source)
        if isinstance(node, ast.Tuple)
        and len(node.elts) == 3
        and isinstance(node.elts[2], ast.Dict)
        and isinstance(node.elts[1], ast.Constant)
    ]
    return [
        (getattr(field, "value", None), code.value, {key.value for key in given.keys})
        for field, code, given in found
    ]


def problems_of_input() -> set[tuple[str, str]]:
    """(field, code) of all problems of InvalidInput, those of the checks among them."""
    made_up = {
        "basis", "given_on", "consent_basis", "consent_given_on",
        *models.NewContact.model_fields, "coverage_amount", "premium_amount",
    }  # fmt: skip
    return {
        *((check.field, check.code) for check in CHECKS),
        *(
            (field, code)
            for known, code, _ in problems_in_source()
            for field in ([known] if isinstance(known, str) else made_up)
        ),
    }


PROBLEMS = sorted(problems_of_values() | problems_of_matching() | problems_of_input())
NOTES = re.findall(r"\) as (\w+)", reporting._NOTES)
RULES = rulebook.load()
NEEDED_FACTS = "".join(map(getsource, (rule_conditions, amounts, holdings)))
WHYS = {why for need in vocabulary.NEEDS for why in (*need.whys.values(), need.unknown_why)}
DAY = date(2026, 11, 22)
TERMS = {
    term.code
    for rule in RULES
    for need in (rule.need, *(choice.need for choice in rule.choices))
    for term in need.terms(DAY)
}
MISSING = {
    *(need.unknown_field for need in vocabulary.NEEDS),
    *re.findall(r'"(\w+)"', " ".join(re.findall(r"unknown_of\(.*", NEEDED_FACTS))),
    "birth_date",
}
NOT_COUNTED = {
    *facts_of_policies.PRODUCTS,
    *re.findall(r"""['"](other_\w+|(?:amount|premium)_unknown)['"]""", getsource(explanation)),
}


def words_of(kind: tuple[type[Word], ...]) -> list[str]:
    return [word.model_fields["word"].default for word in kind]


def rule_problems() -> set[str]:
    """The codes of what is wrong with a rule or a rule file, besides pydantic's own."""
    at = {
        "InvalidRules": 3,
        "InvalidSettings": 2,
        "PydanticCustomError": 0,
    }  # which argument is the code
    calls = [node for source in SOURCES for node in ast.walk(source) if isinstance(node, ast.Call)]
    given = [call.args[at[call.func.id]] for call in calls if getattr(call.func, "id", None) in at]
    return {code.value for code in given if isinstance(code, ast.Constant)}


RULE_PROBLEMS = rule_problems()
RULE_FORM = (
    "code", "coverage", "severity", "valid_from", "when", "need", "source", "grade", "title",
)  # fmt: skip
SEVERITIES = get_args(records.Rule.model_fields["severity"].annotation)
RECOMMENDED = (
    "holds", "amount", "at_most_one", "premium_share", "no_replacement", "unknown", "costly",
)  # fmt: skip


def keys_of_circumstances() -> Iterator[str]:
    """The words of what may be known of how a customer lives."""
    for each in CIRCUMSTANCES:
        yield f"help.{each.name}"
        if each.words:
            yield f"accepted.{each.name}"
            yield from (f"{each.name}.{word}" for word in each.words)
        if each.sql_type != "varchar":
            yield f"customer.{each.name}"
        if each.says_none:
            yield f"customer.no_{each.name}"


def keys_of_measures() -> Iterator[str]:
    """The words of what a heatmap can show."""
    for measure, definition in measures.DEFINITIONS.items():
        sections = ("measure", "how", "behind", "behind_total")
        yield from (f"{section}.{measure}" for section in sections)
        if definition.left_out:
            yield f"how_left_out.{measure}"


def keys_of_filter() -> Iterator[str]:
    """The words of what narrows a list."""
    for name, field in CustomerFilter.fields().items():
        if field.is_chosen:
            yield f"filter.{name}"
        if field.condition and field.kind is not Kind.UNKNOWN:
            yield f"filtered.{name}"


KEYS = sorted(
    {f"{kind}.{member.value}" for kind, members in ENUMS.items() for member in members}
    | {f"field.{field}" for field in (*fields.FIELDS, fields.RESIDENT_NUMBER)}
    | {f"field.{field}" for field, _ in PROBLEMS}
    | {f"field.{field}" for form in FORMS for field in form.model_fields}
    | {f"problem.{code}" for _, code in PROBLEMS}
    | {f"note.{code}" for code in NOTES}
    | {f"rule.{rule.code}" for rule in RULES}
    | {f"coverage_kind.{coverage}" for coverage in coverages.COVERAGES}
    | {f"condition.{word}" for word in words_of(vocabulary.CONDITIONS)}
    | {f"{kind}.{word}" for kind in ("need", "need_name") for word in words_of(vocabulary.NEEDS)}
    | {f"term.{code}" for code in TERMS}
    | {f"field.{fact}" for fact in MISSING}
    | {f"field.{field}" for field in records.Rule.model_fields if field in RULE_FORM}
    | {f"not_counted.{why}" for why in NOT_COUNTED}
    | {f"grade.{grade}" for grade in get_args(Grade)}
    | {f"severity.{severity}" for severity in SEVERITIES}
    | {f"recommend.{word}" for word in RECOMMENDED}
    | {f"arithmetic.{word}" for word in ("short", "enough", "unknown", "plus")}
    | {f"problem.{code}" for code in RULE_PROBLEMS}
    | {f"why.{why}" for why in WHYS}
    | {f"status.{why}" for why in re.findall(r"then '(\w+)'", facts_of_policies.WHY_NOT_IN_FORCE)}
    | {f"error.{code}" for code, _ in raised()}
    | {f"error.{getattr(errors, name).code}" for name in ERRORS - {"FpError", "InvalidInput"}}
    | {f"figures.field.{field}" for field in (*conditions.FIELDS, "last_contact_on")}
    | {f"figures.policy_field.{field}" for field in conditions.POLICY_FIELDS}
    | set(keys_of_circumstances())
    | set(keys_of_measures())
    | set(keys_of_filter())
    | {"type.total", "row.unknown"}
)


def test_all_languages_hold_the_same_words_with_the_same_gaps_to_fill():
    first, *others = [wording.catalogue(language) for language in wording.LANGUAGES]
    for other in others:
        assert other.keys() == first.keys()
        assert {key: placeholders(text) for key, text in other.items()} == {
            key: placeholders(text) for key, text in first.items()
        }


@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_no_text_is_empty(language):
    assert [key for key, text in wording.catalogue(language).items() if not text.strip()] == []


@pytest.mark.parametrize(
    ("number", "said"),
    [("1", "1 policy"), ("0", "0 policies"), ("21", "21 policies"), ("2,001", "2,001 policies"),
     ("0.1", "0.1 policies")],
)  # fmt: skip
def test_english_says_one_policy(number, said):
    assert wording.say("en", "due.policies", n=number) == said
    assert wording.say("ko", "due.policies", n=number) == f"계약 {number}건"


def test_what_somebody_typed_is_not_counted():
    said = wording.say("en", "problem.not_understood", text="1 policies")
    assert said == "“1 policies” is not understood."


@pytest.mark.parametrize("key", KEYS)
def test_every_code_has_its_words_in_every_language(key):
    assert [lang for lang in wording.LANGUAGES if key not in wording.catalogue(lang)] == []


@pytest.mark.parametrize(("code", "given"), raised())
def test_an_error_is_raised_with_all_that_its_sentence_needs(code, given):
    assert placeholders(wording.catalogue("en")[f"error.{code}"]) <= given


@pytest.mark.parametrize(("field", "code"), sorted(problems_of_values() | problems_of_matching()))
def test_a_problem_of_a_row_needs_only_the_text_that_was_found(field, code):
    taken = placeholders(wording.catalogue("en")[f"problem.{code}"])
    assert taken <= ({"text", "accepted"} if code == "not_among" else {"text"})
    assert wording.say_problem("ko", field, code, {"text": "x"})


def test_the_codes_were_found_at_all():
    assert {"not_understood", "same_person", "password_short"} <= {code for _, code in PROBLEMS}
    assert {"file_empty", "customer_not_found"} <= {code for code, _ in raised()}
    assert {"held", "not_held", "enough", "below", "amount_unknown"} <= WHYS
    assert {"fixed", "by_age", "living_cost", "debts", "income", "premium_share"} <= TERMS
    assert {"monthly_income", "dependants", "driving", "end_on", "policy_name"} <= MISSING
    assert {"savings", "other_kind", "other_currency", "premium_unknown"} <= NOT_COUNTED
    assert {"rule_twice_on_a_day", "too_many_rules", "bands_in_order"} <= RULE_PROBLEMS
    assert {("coverage", "coverage_taken"), ("rule_note", "missing")} <= set(PROBLEMS)
    assert "coverage_unknown" in NOTES
    assert {("status", "active_but_over"), ("outcome", "missing")} <= set(PROBLEMS)
    assert {("policy_number", "policy_number_taken"), ("basis", "too_long")} <= set(PROBLEMS)


@pytest.mark.parametrize(
    ("code", "given"),
    sorted(
        {(code, frozenset(given)) for _, code, given in problems_in_source()}
        | {(check.code, frozenset({"text"})) for check in CHECKS},
        key=str,
    ),
)
def test_a_problem_of_a_form_is_told_with_all_that_its_sentence_needs(code, given):
    assert placeholders(wording.catalogue("en")[f"problem.{code}"]) <= given


def test_an_error_that_has_no_code_of_its_own_can_be_said():
    days = {"withdrawn_on": "2026-11-22", "destroy_by": "2026-12-02"}
    told = {
        language: [
            wording.say_error(language, errors.ConsentWithdrawn(**days)),
            wording.say_error(language, errors.EditedMeanwhile([], 2)),
            wording.say_error(language, errors.InvalidInput([("status", "active_but_over", {})])),
        ]
        for language in wording.LANGUAGES
    }
    assert all("2026-12-02" in sentences[0] for sentences in told.values())
    assert told["ko"] != told["en"]


TYPED = [
    "x", "\0", "a\x1bb", "\ud800", "1e999", "-", "9" * 30, "9" * 5000, "1.5", "NaN", "2026-13-01",
    "2026-01-01T10:00", "1억", "true",
]  # fmt: skip


def faults_of(form: type[models.Input], text: str) -> list[dict]:
    """What is wrong where this is typed into every field of a form that takes a text."""
    try:
        form(**{field: text for field in form.model_fields if field != "consent_kinds"})
    except ValidationError as error:
        return error.errors()
    return []


@pytest.mark.parametrize("form", FORMS)
def test_what_is_wrong_in_a_form_has_its_words(form):
    faults = [fault for text in TYPED for fault in faults_of(form, text)]
    assert {"control_character", "enum"} <= {fault["type"] for fault in faults}
    for fault in faults:
        field = str(fault["loc"][0])
        for language in wording.LANGUAGES:
            assert wording.say_problem(language, field, fault["type"], fault.get("ctx", {}))
