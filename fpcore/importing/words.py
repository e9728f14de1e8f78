"""The words of people's books, data/book_words.toml, and how words are compared.

Where the file has a fault, the last one without a fault is used, and `fault` says what is wrong.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from fpcore.config import config_files
from fpcore.config.paths import DATA
from fpcore.errors import InvalidSettings
from fpcore.importing.fields import FIELDS
from fpcore.models import (
    OCCUPATION_CLASSES,
    Driving,
    Gender,
    Housing,
    IncomeBasis,
    PolicyStatus,
    PolicyType,
    PremiumCycle,
    is_shown,
)
from fpcore.store import good_files
from fpcore.store.database import Database

BOOK_WORDS = DATA / "book_words.toml"
LONGEST_WORD = 100


def fold(text: str) -> str:
    """Reduce a header or a word to what is compared: no case, blanks, punctuation or width."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def _one_line(word: str) -> str:
    if not is_shown(word) or "\t" in word or word.splitlines() != [word]:
        raise PydanticCustomError("control_character", "control character")
    if not fold(word):
        raise PydanticCustomError("word_without_letters", "no letter or digit")
    return word


Word = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=LONGEST_WORD),
    AfterValidator(_one_line),
]
Words = Annotated[tuple[Word, ...], Field(min_length=1)]
Lists = dict[str, Words]


def _without_others(lists: Lists, names: tuple[str, ...]) -> Lists:
    for name in lists:
        if name not in names:
            given = {"name": name, "accepted": ", ".join(names)}
            raise PydanticCustomError("name_unknown", "no name of ours", given)
    return lists


def _only(*names: str) -> AfterValidator:
    """Refuse a table with other names than these."""

    return AfterValidator(lambda lists: _without_others(lists, names))


def _each(*names: str) -> AfterValidator:
    """Refuse a table without one of these names, or with others."""

    def check(lists: Lists) -> Lists:
        if lacking := [name for name in names if name not in lists]:
            given = {"lacking": ", ".join(lacking)}
            raise PydanticCustomError("names_lacking", "names are lacking", given)
        return _without_others(lists, names)

    return AfterValidator(check)


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DroppedColumns(_Table):
    """Headers of columns that may not be kept."""

    resident_number: Words
    other: Words


class Listed(_Table):
    """Words that all mean one thing."""

    words: Words


class Insurers(_Table):
    """Names of insurers: `known` tell a column of them, `names` say nothing of a policy's type."""

    known: Words
    names: Words


class Values(_Table):
    """What cells mean: value -> words, by field."""

    gender: Annotated[Lists, _each(*Gender)]
    income_basis: Annotated[Lists, _each(*IncomeBasis)]
    housing: Annotated[Lists, _each(*Housing)]
    driving: Annotated[Lists, _each(*Driving)]
    occupation_class: Annotated[Lists, _each(*map(str, OCCUPATION_CLASSES))]
    consent: Annotated[Lists, _each("yes", "no")]
    status: Annotated[Lists, _each(*PolicyStatus)]
    premium_cycle: Annotated[Lists, _each(*PremiumCycle)]
    type: Annotated[Lists, _each(*PolicyType)]


class BookWords(_Table):
    """What headers and cells of people's books mean, as data/book_words.toml has it."""

    columns: Annotated[Lists, _each(*FIELDS)]
    dropped_columns: DroppedColumns
    premium_cycle_of_header: Annotated[Lists, _only(*PremiumCycle)]
    unknown: Listed
    values: Values
    paid_up: Listed
    totals: Listed
    insurers: Insurers

    @cached_property
    def headers(self) -> frozenset[str]:
        """All headers, folded."""
        dropped = self.dropped_columns
        lists = [*self.columns.values(), dropped.resident_number, dropped.other]
        return frozenset(fold(word) for words in lists for word in words)

    @cached_property
    def insurers_known(self) -> frozenset[str]:
        """The names that tell a column of insurers, folded."""
        return frozenset(map(fold, self.insurers.known))

    @cached_property
    def value_of(self) -> Mapping[tuple[str, str], str]:
        """What a cell means: (field, folded word) -> value."""
        return {
            (field, fold(word)): value
            for field, lists in _tables(self.values)
            for value, words in lists.items()
            for word in words
        }


@cache
def parsed(name: str, content: str) -> BookWords:
    """Read and check the content of a file of words.

    Errors: InvalidSettings with file, field and what is accepted.
    """
    words = config_files.parsed(name, content, BookWords)
    for group in _groups(words):
        _refuse_two_meanings(name, group)
    return words


def book_words(db: Database) -> BookWords:
    """Give the words in use: those of the file or, where it has a fault, the last good ones.

    Errors: InvalidSettings where the file has a fault and no earlier one is known.
    """
    return good_files.last_good(db.read, BOOK_WORDS, parsed)


def fault() -> InvalidSettings | None:
    """Give what is wrong with the file, None where nothing is: an earlier one is used."""
    try:
        parsed(BOOK_WORDS.name, config_files.content(BOOK_WORDS))
    except InvalidSettings as error:
        return error
    return None


def file_state() -> tuple:
    """Tell the file from what it was: it is kept anew where this differs."""
    return config_files.state(BOOK_WORDS)


def keep_good_file(db: Database) -> None:
    """Keep the file for the day when it has a fault; one that has a fault is not kept."""
    good_files.keep(db, BOOK_WORDS, parsed)


def _tables(table: BaseModel) -> Iterator[tuple[str, Any]]:
    for name in type(table).model_fields:
        yield name, getattr(table, name)


def _groups(words: BookWords) -> Iterator[Lists]:
    """Give the lists of which no word may be in two, by their place in the file."""
    dropped = dict(_tables(words.dropped_columns))
    yield {**_placed("columns", words.columns), **_placed("dropped_columns", dropped)}
    yield _placed("premium_cycle_of_header", words.premium_cycle_of_header)
    for field, lists in _tables(words.values):
        yield _placed(f"values.{field}", lists)


def _placed(section: str, lists: Lists) -> Lists:
    return {f"{section}.{name}": words for name, words in lists.items()}


def _refuse_two_meanings(name: str, lists: Lists) -> None:
    places: dict[str, str] = {}
    for place, words in lists.items():
        for word in words:
            other = places.setdefault(fold(word), place)
            if other != place:
                raise InvalidSettings(name, place, "word_twice", {"text": word, "other": other})
