"""What may be known of how a customer lives: one record each, read by everything that handles it.

Forms, imports, facts, exports and questions go by these records. docs/recipes.md says what else a
new one needs. None is ever guessed: an empty one is unknown, not zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from fpcore.models import OCCUPATION_CLASSES, Driving, Housing, IncomeBasis


@dataclass(frozen=True)
class Circumstance:
    """A column of the table of customers.

    `sql_type` is its type there. `words` are what it can be, where it is one of few.
    `small_amount` makes it an amount of whole won: a column of a book whose usual number is smaller
    may count in thousands. `in_facts`: customer_fact has it, for rules to ask. `is_missed`: the
    whole book counts of how many customers it is not known. `says_none`: zero has words of its own.
    """

    name: str
    sql_type: str
    words: Sequence[StrEnum | int] = ()
    small_amount: int | None = None
    in_facts: bool = True
    is_missed: bool = True
    says_none: bool = False

    @property
    def fact(self) -> str:
        """The SQL of its value in customer_fact, of a customer `c`: words are numbers from 1."""
        column = f"c.{self.name}"
        if self.small_amount:
            return f"{column}::bigint"
        if self.sql_type == "varchar":
            numbers = " ".join(f"when '{w}' then {n}" for n, w in enumerate(self.words, start=1))
            return f"case {column} {numbers} end"
        return column


AMOUNT = "decimal(18, 2)"

CIRCUMSTANCES = (
    Circumstance("monthly_income", AMOUNT, small_amount=100_000),
    Circumstance(
        "income_basis", "varchar", words=tuple(IncomeBasis), in_facts=False, is_missed=False
    ),
    Circumstance("living_cost", AMOUNT, small_amount=100_000, is_missed=False),
    Circumstance("dependants", "smallint", says_none=True),
    Circumstance("debts", AMOUNT, small_amount=1_000_000, says_none=True),
    Circumstance("housing", "varchar", words=tuple(Housing)),
    Circumstance("driving", "varchar", words=tuple(Driving)),
    Circumstance("occupation_class", "tinyint", words=OCCUPATION_CLASSES),
)
NAMES = tuple(each.name for each in CIRCUMSTANCES)
SMALL_AMOUNTS = {each.name: each.small_amount for each in CIRCUMSTANCES if each.small_amount}
AMOUNTS = tuple(SMALL_AMOUNTS)
FACTS = tuple(each.name for each in CIRCUMSTANCES if each.in_facts)
WORDS = {each.name: each.words for each in CIRCUMSTANCES if each.words}
"""By name, what one of few can be."""
