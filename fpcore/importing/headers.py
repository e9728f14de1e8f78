"""Say what the columns of a book mean: column -> field, by its header or else by its values.

What a person chose overrules both. Columns of resident registration, card and account numbers and
of medical history are dropped, whoever says what.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fpcore import checks, privacy
from fpcore.importing.book_file import BookFile
from fpcore.importing.fields import CIRCUMSTANCES, FIELDS, RESIDENT_NUMBER
from fpcore.importing.words import BookWords, fold

UNITS = {"원": 1, "천원": 1_000, "만원": 10_000, "백만원": 1_000_000, "억원": 100_000_000}
_UNIT_IN_HEADER = re.compile(r"[(\[（]\s*(?:단위[\s:：]*)?(\w+)\s*[)\]）]\s*$")

FEWEST_VALUES = 3  # of a column, before its values may say what it is
MOST_OF_THEM = 0.8
HALF_OF_THEM = 0.5
SAMPLES = 3


@dataclass(frozen=True)
class Column:
    """A column of the file: its place, its header, and what it is taken as.

    `field` is None for a column that is not used; `dropped` for one that may not be kept.
    `unit` is what a plain number in it stands for, in units of its currency, where the header
    says so. `filled` is the share of the first rows that have a value, `samples` some of them.
    """

    position: int
    header: str
    field: str | None
    dropped: bool = False
    unit: int | None = None
    filled: float = 0.0
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Columns:
    """All columns of a file, in their order, and what their headers say of every row."""

    all: tuple[Column, ...]
    premium_cycle: str | None = None

    def of(self, field: str) -> Column | None:
        """Find the column taken as this field."""
        return next((column for column in self.all if column.field == field), None)

    @property
    def circumstances(self) -> tuple[str, ...]:
        """What of CIRCUMSTANCES the file says, by the columns of the table of customers."""
        fields = {"monthly_income" if f == "annual_income" else f for f in self.fields}
        return tuple(field for field in CIRCUMSTANCES if field in fields)

    @property
    def kept(self) -> tuple[Column, ...]:
        """The columns that may be shown, stored or written to a file."""
        return tuple(column for column in self.all if not column.dropped)

    @property
    def fields(self) -> tuple[str | None, ...]:
        """What each column is taken as: what `recognize` takes as chosen."""
        return tuple(column.field for column in self.all)


def recognize(file: BookFile, chosen: Sequence[str | None] | None = None) -> Columns:
    """Take each column as the field that its header means, or else its values.

    Where two headers mean one field, the more usual one wins. `chosen` has a field or None for each
    column and overrules the rest; a field named twice goes to the first column.
    """
    values = _values(file)
    columns = [_by_header(i, header, file.words) for i, header in enumerate(file.header)]
    columns = [_by_values(column, values[column.position]) for column in columns]
    guess = chosen is None
    fields = _guessed(file, columns, values) if guess else _each_once(chosen, len(columns))
    known = tuple(
        replace(
            column,
            field=RESIDENT_NUMBER
            if column.field == RESIDENT_NUMBER
            else None
            if column.dropped
            else fields[column.position],
            filled=len(values[column.position]) / max(len(file.head), 1),
            samples=() if column.dropped else _samples(values[column.position]),
        )
        for column in columns
    )
    return Columns(known, _premium_cycle(known, file.words))


def _values(file: BookFile) -> list[list[str]]:
    """The cells of each column that say something, in the first records."""
    return [
        [cells[i].strip() for _, cells in file.head if i < len(cells) and cells[i].strip()]
        for i in range(len(file.header))
    ]


def _samples(values: list[str]) -> tuple[str, ...]:
    shown = [privacy.scrubbed(value)[:60] for value in dict.fromkeys(values)]
    return tuple(shown[:SAMPLES])


def _by_header(position: int, header: str, words: BookWords) -> Column:
    """Drop a column by its header, and read the unit there."""
    name, unit = _split_unit(header)
    if _is_one_of(name, words.dropped_columns.resident_number):
        return Column(position, header, RESIDENT_NUMBER, dropped=True)
    return Column(position, header, None, _is_one_of(name, words.dropped_columns.other), unit)


def _by_values(column: Column, values: list[str]) -> Column:
    """Drop a column whose values are what may not be kept, whatever it is called."""
    if column.dropped or len(values) < FEWEST_VALUES:
        return column
    if _share(values, _is_resident_number) >= HALF_OF_THEM:
        return replace(column, field=RESIDENT_NUMBER, dropped=True)
    if _share(values, _is_forbidden_number) >= HALF_OF_THEM:
        return replace(column, dropped=True)
    return column


def _guessed(file: BookFile, columns: list[Column], values: list[list[str]]) -> list:
    """Take columns by their headers, then the others by their values."""
    names = [fold(_split_unit(text)[0]) for text in file.header]
    fields: list[str | None] = [None] * len(file.header)
    for field, aliases in file.words.columns.items():
        position = _first(aliases, names)
        if position is not None and fields[position] is None:
            fields[position] = field
    for column in columns:
        position = column.position
        is_open = fields[position] is None and not column.dropped
        if is_open and len(values[position]) >= FEWEST_VALUES:
            fields[position] = next(
                (
                    field
                    for field, is_one in _told_by_values(file.words).items()
                    if field not in fields and _share(values[position], is_one) >= MOST_OF_THEM
                ),
                None,
            )
    return fields


def _each_once(chosen: Sequence[str | None], columns: int) -> list:
    fields: list[str | None] = []
    for field in [*chosen, *[None] * columns][:columns]:
        fields.append(field if field in FIELDS and field not in fields else None)
    return fields


def _share(values: list[str], is_one: Callable[[str], bool]) -> float:
    return sum(map(is_one, values)) / len(values)


def _is_resident_number(text: str) -> bool:
    plain = unicodedata.normalize("NFKC", text)
    number = re.fullmatch(r"\d{2}(\d{2})(\d{2})\s*-?\s*[0-9][\d*]{6}", plain)
    return bool(number) and 1 <= int(number[1]) <= 12 and 1 <= int(number[2]) <= 31


def _is_forbidden_number(text: str) -> bool:
    """Say whether a cell is nothing else: of notes that hold one, the rest is kept."""
    return privacy.scrubbed(text, "phone") == privacy.REMOVED


def _is_name(text: str) -> bool:
    return re.fullmatch("[가-힣]{2,4}", text) is not None and text[0] in _SURNAMES


_SURNAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류유홍전고문손양배백허남심노하곽성차주우구민진지엄채원천방"
    "공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예경봉사부황보남궁독고"
)


def _told_by_values(words: BookWords) -> dict[str, Callable[[str], bool]]:
    """Give the fields that values alone can tell; a date or an amount could be any of several."""
    return {
        "phone": lambda text: privacy.phone_digits(text) is not None,
        "email": lambda text: "@" in text and checks.email_is_well_formed(text),
        "insurer": lambda text: fold(text) in words.insurers_known,
        "status": lambda text: ("status", fold(text)) in words.value_of,
        "type": lambda text: ("type", fold(text)) in words.value_of,
        "name": _is_name,
    }


def _split_unit(header: str) -> tuple[str, int | None]:
    """Part `보험료(만원)` into its name and what 1 stands for."""
    text = unicodedata.normalize("NFKC", header)
    bracket = _UNIT_IN_HEADER.search(text)
    if bracket and bracket.group(1) in UNITS:
        return text[: bracket.start()], UNITS[bracket.group(1)]
    return text, None


def _first(aliases: Sequence[str], names: list[str]) -> int | None:
    for alias in aliases:
        if fold(alias) in names:
            return names.index(fold(alias))
    return None


def _is_one_of(name: str, words: Sequence[str]) -> bool:
    return fold(name) in map(fold, words)


def _premium_cycle(columns: tuple[Column, ...], words: BookWords) -> str | None:
    """Say how often premiums are paid where the header of the premium column tells."""
    premium = next((column for column in columns if column.field == "premium_amount"), None)
    if premium is None:
        return None
    name, _ = _split_unit(premium.header)
    cycles = words.premium_cycle_of_header.items()
    return next((cycle for cycle, headers in cycles if _is_one_of(name, headers)), None)
