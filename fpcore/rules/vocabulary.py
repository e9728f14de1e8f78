"""The closed vocabulary of gap rules: coverages, conditions and needs.

Each word has two duties: its SQL over the columns of `customer_fact`, and its words, which stand
in data/locales under `coverage_kind.<code>`, `condition.<word>`, `need.<word>` and, for the parts
of an amount, `term.<code>`. Whatever a rule says is checked here, so that its numbers can stand in
the SQL as they are.

A condition's SQL is true, false or NULL (not known). Amounts are in won, all of them whole.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from fpcore.facts.ages import born_by
from fpcore.facts.policies import KINDS
from fpcore.facts.types import TOTAL, number_of
from fpcore.models import OCCUPATION_CLASSES, Driving, GapState, Housing, PolicyType

OLDEST = 120
LARGEST_NEED = 1_000_000_000_000
DIGIT = {state: digit for digit, state in enumerate(GapState)}
"""The number that stands for a state in SQL and in customer_row.states."""

Grade = Literal["A", "B", "C", "D"]
Won = Annotated[int, Field(gt=0, le=LARGEST_NEED)]
Age = Annotated[int, Field(ge=0, le=OLDEST)]


class Coverage(NamedTuple):
    """What a rule is about: the type under which it is shown, the columns `<prefix>_policies` (and
    `_coverage`, `_unknown` where it has an amount). `is_held`: policies are what it is made of."""

    type: str
    prefix: str
    has_amount: bool
    is_held: bool = True

    def counts(self, type_: str, product: str | None) -> bool:
        """Say whether a policy in force of this type and product counts for it."""
        if self.prefix in KINDS:
            of_type, of_product = KINDS[self.prefix]
            return product == of_product and of_type in (None, type_)
        return self.is_held and self.prefix in (TOTAL, type_)


COVERAGES = {
    **{kind.value: Coverage(kind, kind, True) for kind in PolicyType},
    TOTAL: Coverage(TOTAL, TOTAL, True),
    "death": Coverage("life", "death", True),
    "diagnosis": Coverage("health", "diagnosis", True),
    "injury": Coverage("accident", "injury", True),
    "driver": Coverage("accident", "driver", False),
    "vehicle": Coverage("car", "vehicle", False),
    "indemnity": Coverage("health", "indemnity", False),
    "premium": Coverage(TOTAL, TOTAL, False, False),
    "replacement": Coverage(TOTAL, TOTAL, False, False),
}
"""Every coverage that a rule can be about; on one day at most one rule is about each."""

_OWN_CAR, _DRIVES = number_of(Driving.OWN_CAR), number_of(Driving.DRIVES)


class Word(BaseModel):
    """A word of the vocabulary with its values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def values(self) -> dict[str, Any]:
        """Give the values that the word's sentence needs, by name."""
        return self.model_dump(exclude={"word"})

    def ages(self) -> list[int]:
        """Give the ages at which the word begins to say something else."""
        return []


# ---- conditions: for whom a rule is ----


class DependantsOrDebts(Word):
    """Somebody depends on the customer, or they owe something."""

    word: Literal["dependants_or_debts"] = "dependants_or_debts"

    def sql(self, day: date) -> str:
        return """case
            when dependants > 0 then true when dependants = 0 then debts > 0
            when debts > 0 then true end"""  # as `or`, which takes longer

    def missing(self, fact: Mapping) -> list[str]:
        is_so = fact["dependants"] or fact["debts"]
        return [] if is_so else _none_of(fact, "dependants", "debts")


class AgeBetween(Word):
    """The customer's age lies between two, both included; `to_age` None: no end."""

    word: Literal["age_between"] = "age_between"
    from_age: Age
    to_age: Age | None = None

    @model_validator(mode="after")
    def _in_order(self):
        if self.to_age is not None and self.to_age < self.from_age:
            raise PydanticCustomError("ages_in_order", "`to_age` lies before `from_age`")
        return self

    def sql(self, day: date) -> str:
        oldest = "" if self.to_age is None else f" and born_on > {born_by(day, self.to_age + 1)}"
        return f"(born_on <= {born_by(day, self.from_age)}{oldest})"

    def missing(self, fact: Mapping) -> list[str]:
        return ["birth_date"] if fact["born_on"] is None else []

    def ages(self) -> list[int]:
        return [self.from_age, *([] if self.to_age is None else [self.to_age + 1])]


class HousingIs(Word):
    """The customer lives in one of these ways."""

    word: Literal["housing_is"] = "housing_is"
    housing: tuple[Housing, ...] = Field(min_length=1)

    def sql(self, day: date) -> str:
        return _one_of("housing", [number_of(one) for one in self.housing])

    def missing(self, fact: Mapping) -> list[str]:
        return _none_of(fact, "housing")


class Drives(Word):
    """The customer drives: as entered, or shown by car insurance in force."""

    word: Literal["drives"] = "drives"

    def sql(self, day: date) -> str:
        return f"if(vehicle_policies > 0, true, {_one_of('driving', [_OWN_CAR, _DRIVES])})"

    def missing(self, fact: Mapping) -> list[str]:
        return [] if fact["vehicle_policies"] else _none_of(fact, "driving")


class OwnsCar(Word):
    """The customer has a car: as entered, or shown by car insurance in force."""

    word: Literal["owns_car"] = "owns_car"

    def sql(self, day: date) -> str:
        return f"if(vehicle_policies > 0, true, driving = {_OWN_CAR})"

    def missing(self, fact: Mapping) -> list[str]:
        return [] if fact["vehicle_policies"] else _none_of(fact, "driving")


class OccupationClassIs(Word):
    """The customer's occupation has one of these accident risk classes."""

    word: Literal["occupation_class_is"] = "occupation_class_is"
    classes: tuple[Literal[OCCUPATION_CLASSES], ...] = Field(min_length=1)

    def sql(self, day: date) -> str:
        return _one_of("occupation_class", list(self.classes))

    def missing(self, fact: Mapping) -> list[str]:
        return _none_of(fact, "occupation_class")


Condition = Annotated[
    DependantsOrDebts | AgeBetween | HousingIs | Drives | OwnsCar | OccupationClassIs,
    Field(discriminator="word"),
]


# ---- needs: what a rule wants ----


class Term(NamedTuple):
    """A part of a recommended amount: its code, the SQL of the amount, and from which values it
    comes, by name: `parts` are SQL, `values` the rule's own."""

    code: str
    amount: str
    parts: dict[str, str] = {}  # noqa: RUF012 - never changed
    values: dict[str, int] = {}  # noqa: RUF012


class AgeAmount(Word):
    """An amount from an age on; with a source of its own where it is not the rule's."""

    from_age: Age
    amount: Won
    source: str | None = None
    grade: Grade | None = None


class Asked(NamedTuple):
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
        """The SQL of a state's digit for whom the rule is; of those of whom that is not known the
        state is not either."""
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

    `asks_for_more`: a gap is closed by more cover. `unknown_field` is what is not known of the
    policies that keep a state unknown, `unknown_why` that as a code of `why`; `whys` are the other
    reasons of its states, `never` are states that it does not have.
    """

    asks_for_more: ClassVar[bool] = True
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

    def terms(self, day: date) -> list[Term]:
        """Give the parts of the recommended amount; none where no amount is wanted."""
        return []

    def missing(self, fact: Mapping) -> list[str]:
        """Name the facts that the amount needs and nobody knows."""
        return []

    def state(self, asked: Asked) -> str:
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


class Holds(Need):
    """At least one policy in force."""

    word: Literal["holds"] = "holds"
    never: ClassVar = frozenset({GapState.PARTIAL})
    whys: ClassVar = {**Need.whys, GapState.COVERED: "held", GapState.GAP: "not_held"}

    @classmethod
    def fits(cls, coverage: str) -> bool:
        return COVERAGES[coverage].is_held

    def state(self, asked: Asked) -> str:
        return f"""
        case
            {asked.unless}
            when {asked.prefix}_policies > 0 then {DIGIT[GapState.COVERED]}
            {asked.when_not_sure}
            else {DIGIT[GapState.GAP]}
        end"""

    def held(self, coverage: Coverage) -> str:
        return super().held(coverage) if coverage.has_amount else "null"

    def unknown(self, coverage: Coverage) -> str:
        return super().unknown(coverage) if coverage.has_amount else "0"


class AtMostOne(Need):
    """No second policy: indemnity policies share what is paid, the second premium is wasted.

    A health policy without a name may be one: it keeps the state unknown where it matters.
    """

    word: Literal["at_most_one"] = "at_most_one"
    never: ClassVar = frozenset({GapState.PARTIAL})
    asks_for_more: ClassVar = False
    unknown_field: ClassVar = "policy_name"
    unknown_why: ClassVar = "name_unknown"
    whys: ClassVar = {
        **Need.whys,
        GapState.NOT_NEEDED: "none_held",
        GapState.COVERED: "one_held",
        GapState.GAP: "held_twice",
    }

    @classmethod
    def fits(cls, coverage: str) -> bool:
        return coverage == "indemnity"

    def state(self, asked: Asked) -> str:
        return f"""
        case
            {asked.unless}
            when indemnity_policies > 1 then {asked.if_sure(GapState.GAP)}
            when indemnity_policies + unnamed_health_policies = 0 then {DIGIT[GapState.NOT_NEEDED]}
            when indemnity_policies + unnamed_health_policies = 1 then {DIGIT[GapState.COVERED]}
            else {DIGIT[GapState.UNKNOWN]}
        end"""

    def held(self, coverage: Coverage) -> str:
        return "null"

    def unknown(self, coverage: Coverage) -> str:
        return "unnamed_health_policies"


class Fixed(Need):
    """An amount that is the same for everybody."""

    word: Literal["fixed"] = "fixed"
    amount: Won

    def terms(self, day: date) -> list[Term]:
        return [Term("fixed", f"{self.amount}::bigint")]


class ByAge(Need):
    """An amount by age; below the first age nothing is wanted."""

    word: Literal["by_age"] = "by_age"
    amounts: tuple[AgeAmount, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self):
        return _ages_in_order(self, self.amounts)

    def terms(self, day: date) -> list[Term]:
        return [
            Term("by_age", _by_age(self.amounts, day), {"from_age": _age_of(self.amounts, day)})
        ]

    def missing(self, fact: Mapping) -> list[str]:
        return ["birth_date"] if fact["born_on"] is None else []

    def ages(self) -> list[int]:
        return [one.from_age for one in self.amounts]


class ByOccupationClass(Need):
    """An amount for each accident risk class (상해급수), 1 to 3."""

    word: Literal["by_occupation_class"] = "by_occupation_class"
    amounts: tuple[Won, Won, Won]

    def terms(self, day: date) -> list[Term]:
        cases = " ".join(
            f"when {number} then {amount}"
            for number, amount in zip(OCCUPATION_CLASSES, self.amounts, strict=True)
        )
        parts = {"occupation_class": "occupation_class"}
        return [Term("by_occupation_class", f"case occupation_class {cases} end", parts)]

    def missing(self, fact: Mapping) -> list[str]:
        return _none_of(fact, "occupation_class")


_DEBTS = Term("debts", "debts")


class LivingCost(Need):
    """The family's living cost for some years, and the debts.

    The cost a month is the one entered, else the statistics' for the age. Without dependants
    only the debts count.
    """

    word: Literal["living_cost"] = "living_cost"
    years: int = Field(ge=1, le=50)
    monthly: tuple[AgeAmount, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self):
        return _ages_in_order(self, self.monthly)

    def terms(self, day: date) -> list[Term]:
        monthly = f"coalesce(living_cost, {_by_age(self.monthly, day)})"
        months = self.years * 12
        living = f"""case
            when dependants > 0 then {monthly} * {months} when dependants = 0 then 0 end"""
        from_age = f"if(living_cost is null, {_age_of(self.monthly, day)}, null)"
        parts = {"monthly": monthly, "from_age": from_age}
        return [Term("living_cost", living, parts, {"months": months}), _DEBTS]

    def missing(self, fact: Mapping) -> list[str]:
        cost = ["birth_date"] if fact["living_cost"] is None and fact["born_on"] is None else []
        return _none_of(fact, "dependants", "debts") + ([] if fact["dependants"] == 0 else cost)

    def ages(self) -> list[int]:
        return [one.from_age for one in self.monthly]


def _income(times: int) -> Term:
    return Term(
        "income",
        f"(monthly_income * {12 * times})",
        {"yearly": "monthly_income * 12"},
        {"times": times},
    )


class IncomeMultiple(Need):
    """Some years' income."""

    word: Literal["income_multiple"] = "income_multiple"
    times: int = Field(ge=1, le=50)

    def terms(self, day: date) -> list[Term]:
        return [_income(self.times)]

    def missing(self, fact: Mapping) -> list[str]:
        return _none_of(fact, "monthly_income")


class Dime(Need):
    """Debts, income and mortgage (DIME); the education of children is not known and left out."""

    word: Literal["dime"] = "dime"
    times: int = Field(ge=1, le=50)

    def terms(self, day: date) -> list[Term]:
        return [_income(self.times), _DEBTS]

    def missing(self, fact: Mapping) -> list[str]:
        return _none_of(fact, "monthly_income", "debts")


class PremiumShare(Need):
    """Premiums of protection stay within bands of income, in percent; savings do not count.

    Above `high` it is partly too much, from `excessive` on wholly. `low` is where there is room.
    """

    word: Literal["premium_share"] = "premium_share"
    asks_for_more: ClassVar = False
    unknown_field: ClassVar = "premium_amount"
    unknown_why: ClassVar = "premium_unknown"
    whys: ClassVar = {
        **Need.whys,
        GapState.COVERED: "share_fine",
        GapState.PARTIAL: "share_high",
        GapState.GAP: "share_excessive",
    }
    low: int = Field(ge=1, le=100)
    high: int = Field(ge=1, le=100)
    excessive: int = Field(ge=1, le=100)

    @model_validator(mode="after")
    def _in_order(self):
        if not self.low < self.high < self.excessive:
            raise PydanticCustomError("bands_in_order", "bands must rise: low < high < excessive")
        return self

    @classmethod
    def fits(cls, coverage: str) -> bool:
        return coverage == "premium"

    def terms(self, day: date) -> list[Term]:
        share = f"monthly_income * {self.high} // 100"
        parts = {"monthly_income": "monthly_income"}
        return [Term("premium_share", share, parts, {"high": self.high})]

    def missing(self, fact: Mapping) -> list[str]:
        return _none_of(fact, "monthly_income")

    def state(self, asked: Asked) -> str:
        def above(percent: int, sign: str) -> str:
            share = f"monthly_income * {percent * 12}"
            return f"protection_premium > 0 and protection_premium * 100 {sign} {share}"

        unknown = "monthly_income is null or protection_premium_unknown > 0"
        return f"""
        case
            {asked.unless}
            when {above(self.excessive, ">=")} then {asked.if_sure(GapState.GAP)}
            when {unknown} then {DIGIT[GapState.UNKNOWN]}
            when {above(self.high, ">")} then {asked.if_sure(GapState.PARTIAL)}
            else {DIGIT[GapState.COVERED]}
        end"""

    def held(self, coverage: Coverage) -> str:
        return "protection_premium / 12"

    def unknown(self, coverage: Coverage) -> str:
        return "protection_premium_unknown"


class NoReplacement(Need):
    """No like policy was cancelled around the beginning of a new one, in the last months.

    How close is close enough stands in data/fact_words.toml. A cancelled policy whose last day is
    not known keeps the state unknown where a like one began in that time.
    """

    word: Literal["no_replacement"] = "no_replacement"
    never: ClassVar = frozenset({GapState.PARTIAL})
    asks_for_more: ClassVar = False
    unknown_field: ClassVar = "end_on"
    unknown_why: ClassVar = "end_unknown"
    whys: ClassVar = {**Need.whys, GapState.COVERED: "not_replaced", GapState.GAP: "replaced"}
    months: int = Field(ge=1, le=120)

    @classmethod
    def fits(cls, coverage: str) -> bool:
        return coverage == "replacement"

    def state(self, asked: Asked) -> str:
        since = f"date '{asked.day.isoformat()}' - to_months({self.months})"
        return f"""
        case
            {asked.unless}
            when replaced_on > {since} then {asked.if_sure(GapState.GAP)}
            when replacement_unclear_on > {since} then {DIGIT[GapState.UNKNOWN]}
            else {DIGIT[GapState.COVERED]}
        end"""

    def held(self, coverage: Coverage) -> str:
        return "null"

    def unknown(self, coverage: Coverage) -> str:
        return "(replacement_unclear_on is not null)::int"


Wanted = Annotated[
    Holds | AtMostOne | Fixed | ByAge | ByOccupationClass | LivingCost | IncomeMultiple | Dime
    | PremiumShare | NoReplacement,
    Field(discriminator="word"),
]  # fmt: skip

CONDITIONS = (DependantsOrDebts, AgeBetween, HousingIs, Drives, OwnsCar, OccupationClassIs)
NEEDS = (
    Holds, AtMostOne, Fixed, ByAge, ByOccupationClass, LivingCost, IncomeMultiple, Dime,
    PremiumShare, NoReplacement,
)  # fmt: skip


def _one_of(column: str, numbers: list[int]) -> str:
    """The SQL of "is one of these numbers"; a range is compared in half the time of a list."""
    first, last = min(numbers), max(numbers)
    if set(numbers) == set(range(first, last + 1)):
        return f"{column} between {first} and {last}"
    return f"{column} in ({', '.join(map(str, numbers))})"


def _none_of(fact: Mapping, *names: str) -> list[str]:
    return [name for name in names if fact[name] is None]


def _ages_in_order(word: Word, amounts: tuple[AgeAmount, ...]) -> Word:
    ages = [one.from_age for one in amounts]
    if ages != sorted(set(ages)):
        raise PydanticCustomError("ages_in_order", "ages must rise from line to line")
    return word


def _by_age(amounts: tuple[AgeAmount, ...], day: date) -> str:
    """The SQL of the amount for an age: 0 below the first one, NULL where no age is known."""
    return _case_of_age([(one.from_age, str(one.amount)) for one in amounts], day, "0")


def _age_of(amounts: tuple[AgeAmount, ...], day: date) -> str:
    """The SQL of the age from which the amount is that of the customer."""
    return _case_of_age([(one.from_age, str(one.from_age)) for one in amounts], day, "null")


def _case_of_age(pairs: list[tuple[int, str]], day: date, below: str) -> str:
    cases = " ".join(
        f"when born_on <= {born_by(day, age)} then {value}" for age, value in reversed(pairs)
    )
    return f"case {cases} when born_on is not null then {below} end"
