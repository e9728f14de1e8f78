"""What the names of products and occupations tell: data/fact_words.toml.

All rows of customer_row are made by one content of the file, which the table good_file holds. A
changed file counts once customer_rows.roll_forward has made all rows anew by it; one that has a
fault is not taken.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from fpcore.config import config_files
from fpcore.config.paths import DATA
from fpcore.errors import InvalidSettings
from fpcore.models import OCCUPATION_CLASSES, is_shown
from fpcore.store import good_files
from fpcore.store.connecting import quoted
from fpcore.store.database import Cursor, Database

FILE = DATA / "fact_words.toml"

_STRICT = ConfigDict(extra="forbid", frozen=True)


def _shown(name: str) -> str:
    if not is_shown(name):
        raise PydanticCustomError("control_character", "control character")
    return name


Names = tuple[Annotated[str, Field(min_length=1), AfterValidator(_shown)], ...]


class ProductWords(BaseModel):
    """Words in the name of a product that tell it apart within its type."""

    model_config = _STRICT

    indemnity: Names
    driver: Names
    savings: Names


class Occupations(BaseModel):
    """The occupations of each accident risk class (상해급수)."""

    model_config = _STRICT

    low: Names = Field(default=(), alias="1")
    medium: Names = Field(default=(), alias="2")
    high: Names = Field(default=(), alias="3")

    def by_class(self) -> dict[int, Names]:
        """Give the names by class, from 1 to 3."""
        return dict(zip(OCCUPATION_CLASSES, (self.low, self.medium, self.high), strict=True))


class OccupationClasses(BaseModel):
    """Which occupations have which class, and who says so."""

    model_config = _STRICT

    source: str
    grade: Literal["A", "B", "C", "D"]
    classes: Occupations


class Replacement(BaseModel):
    """How many months may lie between a policy's end and the beginning of what replaces it."""

    model_config = _STRICT

    months: Annotated[int, Field(strict=True, ge=1, le=120)]
    source: str
    grade: Literal["A", "B", "C", "D"]


class FactWords(BaseModel):
    """The whole file. A text that is not listed tells nothing: it is never guessed."""

    model_config = _STRICT

    product: ProductWords
    occupation_class: OccupationClasses
    replacement: Replacement


def in_use(read: good_files.Read) -> FactWords:
    """Give the words by which rows are made; those of the file where none were kept yet.

    Errors: InvalidSettings where that has a fault.
    """
    return parsed(good_files.content(read, FILE.name))


def of_rows(db: Database) -> FactWords:
    """As `in_use`, looked up once a version of the database."""
    return db.remembered("fact words", lambda: in_use(db.read))


def parsed(kept: str | None) -> FactWords:
    """Read what was kept of the file; the file itself where nothing was. Errors: as `in_use`."""
    text = config_files.content(FILE) if kept is None else kept
    return config_files.parsed(FILE.name, text, FactWords)


def fault() -> InvalidSettings | None:
    """Give what is wrong with the file, None where nothing is: the last good one is used."""
    try:
        config_files.load(FILE, FactWords)
    except InvalidSettings as error:
        return error
    return None


def newer(read: good_files.Read) -> str | None:
    """Give what the file says, where it has no fault and tells something else than what is kept."""
    try:
        text = config_files.content(FILE)
        kept = good_files.content(read, FILE.name)
        tells_the_same = kept is not None and _tells(kept) == parsed(text)
    except InvalidSettings:
        return None
    return None if tells_the_same else text


def take(cursor: Cursor, text: str) -> None:
    """Let all rows be made by this content of the file from here on."""
    good_files.put(cursor, FILE.name, text)


def _tells(kept: str) -> FactWords | None:
    """Read what was kept; None where an earlier version of the program kept it otherwise."""
    try:
        return parsed(kept)
    except InvalidSettings:
        return None


def file_state() -> tuple:
    """Tell the file from what it was: it is read anew where this differs."""
    return config_files.state(FILE)


def has_one_of(text: str, words: Sequence[str]) -> str:
    """The SQL that is true of a text with one of these words in it, whatever its case."""
    pattern = "|".join(
        f"(?i:{re.escape(word)})" if word.isascii() else re.escape(word) for word in words
    )
    return f"regexp_matches({text}, {quoted(pattern)})" if words else "false"
