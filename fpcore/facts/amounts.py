"""Amounts as people write them: 1억 5,000만, ₩187,150, 1.234,56. Forms and imports read alike."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path

from fpcore.errors import InvalidInput
from fpcore.facts import policy_key
from fpcore.store import database
from fpcore.store.database import Database

_NUMBER = r"[\d,]*\.?\d+"
_FILLED_IN = {
    "KOREAN_AMOUNT": rf"^(?:({_NUMBER})억)?"
    rf"(?:(?:(\d)천)?(?:(\d)백)?(?:(\d)십)?({_NUMBER})?만)?({_NUMBER})?$",
    "NUMBER": _NUMBER,
    "NARROW": policy_key.narrow("t"),
}


@cache
def macros() -> str:
    """The SQL that defines plain_number, korean_number, amount_text and amount(text, unit)."""
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for name, value in _FILLED_IN.items():
        text = text.replace(f"@{name}@", value)
    return text


def read(db: Database, texts: Mapping[str, str]) -> dict[str, Decimal]:
    """Read amounts that somebody typed, by field.

    Errors: InvalidInput with every field that cannot be understood.
    """
    with db.reading() as cursor:
        cursor.execute(macros())
        amounts = {
            field: database.value(cursor, "select amount($text, 1)", {"text": text})
            for field, text in texts.items()
        }
    if unread := [field for field, amount in amounts.items() if amount is None]:
        raise InvalidInput(
            [(field, "not_understood", {"text": texts[field][:60]}) for field in unread]
        )
    return amounts
