"""What is told of an import: every row with one outcome, and all that a person should know."""

from dataclasses import dataclass, field
from uuid import UUID

from fpcore.importing.book_file import BookFile
from fpcore.importing.headers import Columns
from fpcore.importing.matching import QUESTIONS

MOST_HELD_BACK = 100_000
"""So many of the rows that are held back are given with their cells; all are counted."""
MOST_LISTED = 200


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be taken: the field, a code and the text found there."""

    field: str
    code: str
    text: str | None


@dataclass(frozen=True)
class RejectedRow:
    """A row that was not taken: its line in the file, its cells, and every reason."""

    line: int
    cells: list[str]
    problems: list[Problem]

    @property
    def is_question(self) -> bool:
        """Whether answers would let the row in."""
        return all(problem.code in QUESTIONS for problem in self.problems)


@dataclass(frozen=True)
class Change:
    """What an update changes: a field of a customer or of a policy, before and after."""

    record: str
    customer: str
    policy: str | None
    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class KeptEdit:
    """A field that stays as a person wrote it, although the file says something else."""

    record: str
    customer: str
    policy: str | None
    field: str


@dataclass(frozen=True)
class GonePolicy:
    """A policy of an earlier import that this file no longer has."""

    customer_id: UUID
    customer: str
    insurer: str | None
    policy: str | None


@dataclass(frozen=True)
class UnknownWord:
    """A text that no table knows, and how many rows have it."""

    field: str
    text: str
    rows: int


@dataclass(frozen=True)
class Doubt:
    """A column that can be read in two ways (`unit_unclear`, `date_unclear`), with examples."""

    field: str
    code: str
    rows: int
    samples: list[str]


@dataclass(frozen=True)
class ImportReport:
    """What became, or would become, of a file.

    Rows: `rows` = `created` + `updated` + `unchanged` + `rejected` + `questions`; the latter two
    are held back. `batch` is None for a preview. `notes` are (code, count): what was understood
    without being said in the file, and what of it may not be kept. `samples` are (line, cells) of
    the first rows that are created, updated and unchanged. The lists hold the first of what is
    counted beside them.
    """

    batch: UUID | None
    file: BookFile
    columns: Columns
    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    questions: int
    customers_created: int
    policies_created: int
    notes: list[tuple[str, int]]
    doubts: list[Doubt]
    unknown_words: list[UnknownWord]
    samples: dict[str, list[tuple[int, list[str]]]] = field(repr=False)
    changes: list[Change] = field(repr=False)
    kept: list[KeptEdit] = field(repr=False)
    gone: list[GonePolicy] = field(repr=False)
    gone_count: int
    rejects: list[RejectedRow] = field(repr=False)

    @property
    def taken(self) -> int:
        """The rows that are, or would be, in the database afterwards."""
        return self.created + self.updated + self.unchanged

    @property
    def held_back(self) -> int:
        """The rows that are not taken: faulty ones and questions."""
        return self.rejected + self.questions
