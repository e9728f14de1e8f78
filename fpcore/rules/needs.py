"""What a need is: the amount that it recommends, the SQL of its states, and their reasons."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar, NamedTuple

from fpcore.facts.policies import KINDS
from fpcore.models import GapState
from fpcore.rules.coverages import COVERAGES, Coverage
from fpcore.rules.word import DIGIT, Word


class Term(NamedTuple):
    """A part of a recommended amount: its code, the SQL of the amount, and from which values it
    comes, by name: `parts` are SQL, `values` the rule's own."""

    code: str
    amount: str
    parts: dict[str, str] = {}  # noqa: RUF012 - never changed
    values: dict[str, int] = {}  # noqa: RUF012


class StateInputs(NamedTuple):
    """What a state is made of: the columns `<prefix>_…` of the rule's coverage, and the names of
    those that judging.judged makes: for whom the rule is (None: for everybody), the recommended
    amount (a target set by hand included) and what is held."""

    prefix: str
    day: date
    applies: str | None
    amount: str
    held: str

    @property
    def unless(self) -> str:
        """The branch of a `case` for whom the rule is not."""
        return f"when not {self.applies} then {DIGIT[GapState.NOT_NEEDED]}" if self.applies else ""

    @property
    def when_not_sure(self) -> str:
        """The branch of a `case` where nobody knows whether the rule is for them."""
        unknown = DIGIT[GapState.UNKNOWN]
        return f"when {self.applies} is null then {unknown}" if self.applies else ""

    def if_sure(self, state: GapState) -> str:
        """The SQL of a state's digit, for those whom the rule is for.

        Where nobody knows whether it is for them, the state is not known either."""
        digit = str(DIGIT[state])
        return (
            f"if({self.applies} is null, {DIGIT[GapState.UNKNOWN]}, {digit})"
            if self.applies
            else digit
        )

    @property
    def not_sure(self) -> list[str]:
        """The condition of that branch, if there can be one."""
        return [f"{self.applies} is null"] if self.applies else []


class Need(Word):
    """What a rule wants of its coverage.

    `asks_for_more`: a gap is closed by more cover. `amount_reads` are the columns of customer_fact
    that the recommended amount is made of. `unknown_field` is what is not known of the
    policies that keep a state unknown, `unknown_why` that as a code of `why`; `whys` are the other
    reasons of its states, `never` are states that it does not have.
    """

    asks_for_more: ClassVar[bool] = True
    amount_reads: ClassVar[tuple[str, ...]] = ()
    unknown_field: ClassVar[str] = "coverage_amount"
    unknown_why: ClassVar[str] = "amount_unknown"
    never: ClassVar[frozenset[GapState]] = frozenset()
    whys: ClassVar[dict[GapState, str]] = {
        GapState.NOT_NEEDED: "not_for_them",
        GapState.COVERED: "enough",
        GapState.PARTIAL: "below",
        GapState.GAP: "below",
        GapState.UNKNOWN: "fact_missing",
    }

    def why(self, state: GapState, missing: Sequence[str] = ()) -> str:
        """Give the reason of a state; `missing` are the facts that keep it unknown."""
        if state is GapState.UNKNOWN and list(missing) == [self.unknown_field]:
            return self.unknown_why
        return self.whys[state]

    @classmethod
    def fits(cls, coverage: str) -> bool:
        """Say whether a rule about this coverage can want this."""
        return COVERAGES[coverage].has_amount

    def reads(self, coverage: Coverage) -> tuple[str, ...]:
        """Name the columns of customer_fact that stand in `held`, `terms` and `state`."""
        return (f"{coverage.prefix}_coverage", f"{coverage.prefix}_unknown", *self.amount_reads)

    def terms(self, day: date) -> list[Term]:
        """Give the parts of the recommended amount; none where no amount is wanted."""
        return []

    def missing(self, fact: Mapping) -> list[str]:
        """Name the facts that the amount needs and nobody knows."""
        return []

    def state(self, asked: StateInputs) -> str:
        """The SQL of the state's digit."""
        unknown = [f"{asked.prefix}_unknown > 0", f"{asked.amount} is null"]
        return f"""
        case
            {asked.unless}
            when {asked.held} >= {asked.amount} then {DIGIT[GapState.COVERED]}
            when {" or ".join([*unknown, *asked.not_sure])}
                then if({asked.amount} = 0, {DIGIT[GapState.COVERED]}, {DIGIT[GapState.UNKNOWN]})
            when {asked.held} > 0 then {DIGIT[GapState.PARTIAL]}
            else {DIGIT[GapState.GAP]}
        end"""

    def held(self, coverage: Coverage) -> str:
        """The SQL of the known amount that is held, in whole won."""
        column = f"{coverage.prefix}_coverage"
        return column if coverage.prefix in KINDS else f"{column}::bigint"

    def unknown(self, coverage: Coverage) -> str:
        """The SQL of how many policies keep the state unknown."""
        return f"{coverage.prefix}_unknown"
