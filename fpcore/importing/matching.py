"""Match a book with what is there: its rows -> persons and policies, known ones and new ones.

All in SQL over the temporary tables of one import: persons and contracts hold the steps.
"""

from collections.abc import Mapping
from uuid import UUID

from fpcore.importing import contracts, edits, persons
from fpcore.importing.headers import Columns
from fpcore.importing.stored import customer_values
from fpcore.models import Account
from fpcore.store.database import Cursor

QUESTIONS = frozenset(
    {
        "which_person",
        "customer_differs",
        "same_person",
        "customer_number_unknown",
        "same_row_again",
        "number_of_another",
        "number_twice",
        "which_policy",
        "unit_unclear",
        "date_unclear",
        "not_among",
        "type_missing",
        "owner_unknown",
    }
)
"""The problems that a person can answer; every other one is a fault in the row."""


def match(
    cursor: Cursor,
    account: Account,
    columns: Columns,
    owner_id: UUID | None,
    owner_words: Mapping[str, str],
    take_twins: bool,
) -> None:
    """Make `book_problem` (what is held back), `book_person` (customers to store),
    `book_new_policy` and `book_policy` (known ones) from `book_customer` and `book_contract`.

    `owner_id` and `owner_words` say whose customers they are (persons.find_owners). `take_twins`
    is the uploader's word that rows alike in everything are contracts of their own.
    """
    persons.find_owners(cursor, account, owner_id, owner_words)
    persons.note_problems(cursor)
    persons.find_persons(cursor)
    persons.ask_about_persons(cursor)
    contracts.find_contracts(cursor)
    contracts.ask_about_contracts(cursor, take_twins)
    persons.refuse_nameless(cursor)
    edits.find_edits(cursor)
    persons.choose_persons(cursor, customer_values(columns))
    contracts.choose_contracts(cursor)
