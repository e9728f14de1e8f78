"""Recognize the columns of a book: header -> field, with the unit of an amount column."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fpcore.book_file import fold
from fpcore.errors import UnreadableFile

WORDS = Path(__file__).resolve().parent.parent / "data" / "book_words.toml"

CUSTOMER_FIELDS = (
    "source_key", "name", "birth_date", "birth_year", "gender", "phone", "email", "occupation",
    "last_contact_on", "notes",
)  # fmt: skip
POLICY_FIELDS = (
    "insurer", "policy_number", "policy_name", "type", "coverage_amount", "premium_amount",
    "premium_cycle", "currency", "start_date", "end_date", "status",
)  # fmt: skip
FIELDS = (*CUSTOMER_FIELDS, "consent", "owner", *POLICY_FIELDS)
RESIDENT_NUMBER = "resident_number"

_UNITS = {"원": 1, "천원": 1_000, "만원": 10_000, "백만원": 1_000_000, "억원": 100_000_000}
_UNIT_IN_HEADER = re.compile(r"[(\[（]\s*(?:단위\s*[:：]?\s*)?(\w+)\s*[)\]）]\s*$")


@dataclass(frozen=True)
class Column:
    """A column of the file: its place, its header, and what it is taken as.

    `field` is None for a column that is not used; `dropped` for one that may not be kept.
    `unit` is what a plain number in it stands for, in units of its currency.
    """

    position: int
    header: str
    field: str | None
    dropped: bool = False
    unit: int = 1


@dataclass(frozen=True)
class Columns:
    """All columns of a file, in their order, and what their headers say of every row."""

    all: tuple[Column, ...]
    premium_cycle: str | None = None

    def of(self, field: str) -> Column | None:
        """Find the column taken as this field."""
        return next((column for column in self.all if column.field == field), None)

    @property
    def kept(self) -> tuple[Column, ...]:
        """The columns that may be shown, stored or written to a file."""
        return tuple(column for column in self.all if not column.dropped)


@cache
def book_words() -> dict:
    """Read the table of headers and words, data/book_words.toml."""
    with open(WORDS, "rb") as file:
        return tomllib.load(file)


def recognize(header: list[str]) -> Columns:
    """Take each header as the field that it means; the more usual word wins where two mean one.

    Errors: UnreadableFile where no column gives the customer's name.
    """
    named = [_split_unit(text) for text in header]
    taken: dict[int, str] = {}
    for field, aliases in book_words()["columns"].items():
        position = _first(aliases, [fold(name) for name, _ in named])
        if position is not None:
            taken.setdefault(position, field)
    columns = tuple(
        Column(i, header[i], RESIDENT_NUMBER, dropped=True)
        if _means(name, RESIDENT_NUMBER)
        else Column(i, header[i], taken.get(i), _means(name, "other"), unit)
        for i, (name, unit) in enumerate(named)
    )
    result = Columns(columns, _premium_cycle(columns))
    if result.of("name") is None:
        accepted = book_words()["columns"]["name"]
        raise UnreadableFile(
            "file_no_name_column",
            found=", ".join(column.header for column in result.kept if column.header)[:200],
            accepted=", ".join([*accepted[:4], *accepted[-3:]]),
        )
    return result


def _split_unit(header: str) -> tuple[str, int]:
    """Part `보험료(만원)` into its name and what 1 stands for."""
    text = unicodedata.normalize("NFKC", header)
    found = _UNIT_IN_HEADER.search(text)
    if found and found.group(1) in _UNITS:
        return text[: found.start()], _UNITS[found.group(1)]
    return text, 1


def _first(aliases: list[str], names: list[str]) -> int | None:
    for alias in aliases:
        if fold(alias) in names:
            return names.index(fold(alias))
    return None


def _means(name: str, kind: str) -> bool:
    """Say whether a header names a column of this kind that may not be kept."""
    return fold(name) in map(fold, book_words()["dropped_columns"][kind])


def _premium_cycle(columns: tuple[Column, ...]) -> str | None:
    """Say how often premiums are paid where the header of the premium column tells."""
    premium = next((column for column in columns if column.field == "premium_amount"), None)
    if premium is None:
        return None
    name = fold(_split_unit(premium.header)[0])
    for cycle, headers in book_words()["premium_cycle_of_header"].items():
        if name in map(fold, headers):
            return cycle
    return None
