"""The closed vocabulary of gap rules: coverages, conditions and needs.

Each word has two duties: its SQL over the columns of `customer_fact`, and its words, which stand
in data/locales under `coverage_kind.<code>`, `condition.<word>`, `need.<word>` and, for the parts
of an amount, `term.<code>`. Whatever a rule says is checked here, so that its numbers can stand in
the SQL as they are.

A condition's SQL is true, false or NULL (not known). Amounts are in won, all of them whole.
"""

from typing import Annotated

from pydantic import Field

from fpcore.rules.amounts import ByAge, ByOccupationClass, Dime, Fixed, IncomeMultiple, LivingCost
from fpcore.rules.conditions import (
    AgeBetween,
    DependantsOrDebts,
    Drives,
    HousingIs,
    OccupationClassIs,
    OwnsCar,
)
from fpcore.rules.holdings import AtMostOne, Holds, NoReplacement, PremiumShare

Wanted = Annotated[
    Holds | AtMostOne | Fixed | ByAge | ByOccupationClass | LivingCost | IncomeMultiple | Dime
    | PremiumShare | NoReplacement,
    Field(discriminator="word"),
]  # fmt: skip

NEEDS = (
    Holds, AtMostOne, Fixed, ByAge, ByOccupationClass, LivingCost, IncomeMultiple, Dime,
    PremiumShare, NoReplacement,
)  # fmt: skip

Condition = Annotated[
    DependantsOrDebts | AgeBetween | HousingIs | Drives | OwnsCar | OccupationClassIs,
    Field(discriminator="word"),
]

CONDITIONS = (DependantsOrDebts, AgeBetween, HousingIs, Drives, OwnsCar, OccupationClassIs)
