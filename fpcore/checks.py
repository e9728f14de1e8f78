"""What a customer or a policy must be like: one list for forms, import and commands.

A check is an SQL condition, true where something is wrong. The import runs all checks over all
rows of a book in one query; a form runs the same ones over the one record that was typed.
Conditions read the columns of the tables by their names, `policy_name` for a policy's name,
`email_is_well_formed` (a verdict of the function of that name), and `today`.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from email_validator import EmailNotValidError, validate_email

from fpcore.models import (
    EARLIEST_BIRTH_YEAR,
    LARGEST_AMOUNT,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_DEPENDANTS,
    OCCUPATION_CLASSES,
    POLICY_AMOUNTS,
    WON,
    circumstances,
)
from fpcore.store.calculator import calculator

LONGEST_QUOTE = 60

Problem = tuple[str, str, dict[str, Any]]
"""(field, code, particulars): fpcore.wording makes a sentence of it."""


class Check(NamedTuple):
    """Field and code of a problem, and the condition under which it is one.

    Quoted is what the field says, or the first of the fields `quoted` that says something.
    """

    field: str
    code: str
    wrong_if: str
    quoted: tuple[str, ...] = ()


def _at_most(longest: int, *fields: str) -> tuple[Check, ...]:
    return tuple(Check(field, "too_long", f"length({field}) > {longest}") for field in fields)


def _amounts(*fields: str, won_if: str = "true") -> tuple[Check, ...]:
    return tuple(
        check
        for field in fields
        for check in (
            Check(field, "negative", f"{field} < 0"),
            Check(field, "too_large", f"{field} > {LARGEST_AMOUNT}"),
            Check(field, "not_whole_won", f"{won_if} and {field} <> trunc({field})"),
        )
    )


LONGEST_EMAIL = 254
SURELY_AN_EMAIL = (
    r"[A-Za-z0-9_+-]{1,32}(?:\.[A-Za-z0-9_+-]{1,31})?"
    r"@(?:[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20})?\.){1,3}(?:[A-Za-z]{2,3}|info)"
)
"""Addresses that `email_is_well_formed` is sure to accept, for SQL. Of the others it must be asked:
a longer top-level domain may be one that is for nobody's mail, such as .test."""

CUSTOMER = (
    Check("name", "missing", "coalesce(trim(name), '') = ''"),
    *_at_most(LONGEST_NAME, "name", "occupation"),
    *_at_most(LONGEST_EMAIL, "email"),
    *_at_most(LONGEST_TEXT, "notes"),
    Check(
        "birth_date",
        "birth_out_of_range",
        f"birth_year not between {EARLIEST_BIRTH_YEAR} and year(today) or birth_date > today",
        quoted=("birth_date", "birth_year"),
    ),
    Check("birth_year", "birth_disagrees", "birth_year <> year(birth_date)"),
    Check("last_contact_on", "in_future", "last_contact_on > today"),
    Check(
        "email", "not_understood", f"length(email) <= {LONGEST_EMAIL} and not email_is_well_formed"
    ),
    *_amounts(*circumstances.AMOUNTS),
    Check(
        "dependants",
        "dependants_out_of_range",
        f"dependants not between 0 and {MOST_DEPENDANTS}",
    ),
    Check(
        "occupation_class", "class_out_of_range", f"occupation_class not in {OCCUPATION_CLASSES}"
    ),
)
POLICY = (
    Check("type", "missing", "type is null"),
    *_at_most(LONGEST_NAME, "insurer", "policy_number"),
    *_at_most(LONGEST_NAME * 2, "policy_name"),
    *_amounts(*POLICY_AMOUNTS, won_if=f"currency = '{WON}'"),
    *(
        Check(field, "too_fine", f"currency <> '{WON}' and {field} <> round({field}, 2)")
        for field in POLICY_AMOUNTS
    ),
    Check(
        "currency",
        "currency_unclear",
        "not coalesce(regexp_full_match(currency, '[A-Z]{3}'), false)",
    ),
    Check("end_date", "end_before_start", "start_date > end_date"),
)
POLICY_STATUS = (
    Check("status", "missing", "status is null"),
    Check("status", "active_but_over", "status = 'active' and end_date < today"),
    Check("status", "expired_but_running", "status = 'expired' and end_date > today"),
)
"""Status against dates: for whoever types it. A book is taken as it is; a policy that is over
does not count as cover, and the screens say why."""


def problems(checks: Iterable[Check], values: Mapping[str, Any], today: date) -> list[Problem]:
    """Run the checks over one record; what is wrong with it, in their order."""
    checks = list(checks)
    email = values.get("email")
    record = {
        **values, "email_is_well_formed": email and email_is_well_formed(email), "today": today
    }  # fmt: skip
    columns = ", ".join(f"${name}::{_type_of(name)} as {name}" for name in record)
    verdicts = ", ".join(
        f"coalesce({check.wrong_if}, false) as wrong_{number}"
        for number, check in enumerate(checks)
    )
    found = calculator.row(
        f"select {verdicts} from (select {columns})",
        {name: (_type_of(name), value) for name, value in record.items()},
    )
    return [
        (check.field, check.code, {"text": _quoted(check, values)})
        for check, is_wrong in zip(checks, found.values(), strict=True)
        if is_wrong
    ]


def _quoted(check: Check, values: Mapping[str, Any]) -> str:
    said = [values.get(field) for field in check.quoted or (check.field,)]
    value = next((value for value in said if value is not None), "")
    return (f"{value:f}" if isinstance(value, Decimal) else str(value))[:LONGEST_QUOTE]


def email_is_well_formed(text: str) -> bool:
    """Say whether mail could be sent to an address written like this, without asking anybody."""
    if len(text) > LONGEST_EMAIL:
        return False
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


_DATES = ("birth_date", "last_contact_on", "next_contact_on", "start_date", "end_date")
_SQL_TYPE = {
    **dict.fromkeys(_DATES, "date"),
    **dict.fromkeys((*POLICY_AMOUNTS, *circumstances.AMOUNTS), "double"),  # has room for all typed
    **dict.fromkeys(("birth_year", "dependants", "occupation_class"), "double"),
    "email_is_well_formed": "boolean",
    "today": "date",
}


def _type_of(field: str) -> str:
    return _SQL_TYPE.get(field, "varchar")
