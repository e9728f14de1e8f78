"""Where one customer stands against the rules of a day, and why: what `explanation` gives."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from fpcore.gaps.targets import Target
from fpcore.models import GapState
from fpcore.rules.records import Rule
from fpcore.rules.vocabulary import Wanted


@dataclass(frozen=True)
class Term:
    """A part of a recommended amount: `term.<code>` has its words. `amount` in won, None: not
    known; `parts` are the values from which it comes."""

    code: str
    amount: Decimal | None
    parts: dict[str, Any]


@dataclass(frozen=True)
class Way:
    """A way to find the amount: the rule's own need, or one of its choices."""

    need: Wanted
    source: str
    grade: str
    recommended: Decimal | None
    short: Decimal | None
    terms: tuple[Term, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class NotCounted:
    """A policy that does not count for a gap, and why: the codes of `status` or `not_counted`."""

    policy_id: UUID
    why: str


@dataclass(frozen=True)
class Gap:
    """Where one customer stands against one rule. Amounts in won; None: not known or not asked.

    `held` is the known cover, `policies` how many count, `policies_unknown` how many of them (or
    of those that may count) are not known well enough. `why` is a code of `why`; `missing` names
    the facts that keep the state unknown, as `field.<name>`. `ways` are the rule's own need and
    its choices, side by side. `is_costly`: more is recommended although the premium share of
    income is above the limit already.
    """

    rule: Rule
    state: GapState
    recommended: Decimal | None
    held: Decimal | None
    short: Decimal | None
    why: str
    missing: tuple[str, ...]
    policies: int
    policies_unknown: int
    ways: tuple[Way, ...]
    target: Target | None
    counted: tuple[UUID, ...]
    not_counted: tuple[NotCounted, ...]
    is_costly: bool


@dataclass(frozen=True)
class PremiumBurden:
    """What protection costs a month, in won, and its share of the income (0.1 is 10 %).

    `premium` is the known sum without savings; `unknown` policies are not in it, so that `share`
    is the least it can be. `share` is None where the income is not known or zero. `limit` is the
    share above which more premium is too much (the rule's band `high`), None without such a rule.
    """

    premium: Decimal | None
    unknown: int
    monthly_income: Decimal | None
    share: Decimal | None
    limit: Decimal | None

    @property
    def is_high(self) -> bool:
        """Whether the share is above the limit for sure."""
        return self.share is not None and self.limit is not None and self.share > self.limit


@dataclass(frozen=True)
class CustomerGaps:
    """A customer against all rules of a day: the worst gaps first."""

    valued_on: date
    gaps: tuple[Gap, ...]
    burden: PremiumBurden

    def of(self, code: str) -> Gap:
        """Give the gap of one rule. Errors: KeyError."""
        for gap in self.gaps:
            if gap.rule.code == code:
                return gap
        raise KeyError(code)
