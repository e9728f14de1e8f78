"""The records of the domain, as frozen pydantic models, and the words they are made of."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, Field, StringConstraints
from pydantic_core import PydanticCustomError


class Role(StrEnum):
    """What an account may see: an FP their own customers, a manager their team's, an admin all."""

    FP = "fp"
    MANAGER = "manager"
    ADMIN = "admin"


class Gender(StrEnum):
    M = "M"
    F = "F"
    O = "O"  # noqa: E741


class PolicyType(StrEnum):
    """The six types of coverage, in the order in which screens show them."""

    LIFE = "life"
    HEALTH = "health"
    CAR = "car"
    HOME = "home"
    ACCIDENT = "accident"
    OTHER = "other"


class PolicyStatus(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    PENDING = "pending"


class PremiumCycle(StrEnum):
    """How often a premium is paid; `paid_up` means that nothing more is due."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMIANNUAL = "semiannual"
    ANNUAL = "annual"
    SINGLE = "single"
    PAID_UP = "paid_up"


PAYMENTS_PER_YEAR = {
    PremiumCycle.MONTHLY: 12,
    PremiumCycle.QUARTERLY: 4,
    PremiumCycle.SEMIANNUAL: 2,
    PremiumCycle.ANNUAL: 1,
    PremiumCycle.SINGLE: 0,
    PremiumCycle.PAID_UP: 0,
}
"""Payments in a year of what is still being paid: a single payment is not a yearly burden."""


class GapState(StrEnum):
    """Where a customer stands against one rule; unknown is a state of its own, never "no gap"."""

    NOT_NEEDED = "not_needed"
    COVERED = "covered"
    PARTIAL = "partial"
    GAP = "gap"
    UNKNOWN = "unknown"


class RowKind(StrEnum):
    """What the rows of a heatmap are."""

    AGE_BAND = "age_band"
    FP = "fp"
    TEAM = "team"
    GENDER = "gender"
    OCCUPATION = "occupation"


class Measure(StrEnum):
    """What a heatmap shows."""

    HOLDING = "holding"
    LACKING = "lacking"
    COVERAGE = "coverage"
    PREMIUM = "premium"


WON = "KRW"
WHOLE_LIFE = date(9999, 12, 31)
LONGEST_NAME = 100
LONGEST_TEXT = 2000
EARLIEST_BIRTH_YEAR = 1900
LARGEST_AMOUNT = Decimal("9999999999999")


class Record(BaseModel):
    """A row as the rest of the program sees it: read-only."""

    model_config = ConfigDict(frozen=True)


class Account(Record):
    """A person who signs in. `team_id` and `team` are None for whoever is in no team."""

    id: UUID
    username: str
    name: str
    role: Role
    team_id: UUID | None = None
    team: str | None = None
    language: Literal["ko", "en"] | None = None


class Customer(Record):
    """A customer. `phone` is masked; `ver` counts the changes made to the row.

    `age` is in full years on the day the customer was read for; from the birth year alone where
    no birth date is known.
    """

    id: UUID
    owner_id: UUID
    owner: str
    source_key: str | None
    name: str
    birth_year: int | None
    birth_date: date | None
    age: int | None
    gender: Gender | None
    phone: str | None
    email: str | None
    occupation: str | None
    last_contact_on: date | None
    notes: str | None
    consent_basis: str | None
    consent_given_on: date | None
    ver: int
    created_at: datetime
    updated_at: datetime


def _no_control_characters(text: str) -> str:
    if any((ord(c) < 32 and c not in "\n\t") or 0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise PydanticCustomError("control_character", "control character")
    return text


def _text(longest: int, shortest: int = 0) -> type:
    return Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=shortest, max_length=longest),
        AfterValidator(_no_control_characters),
    ]


class NewCustomer(Record):
    """What a person types to add a customer; `birth_year` follows from `birth_date` if given.

    `phone` is the full number: it is stored masked, with a keyed hash. `consent_basis` says how
    the customer agreed to the collection and use of these facts; without it nobody is stored.
    """

    name: _text(LONGEST_NAME, shortest=1)
    birth_year: int | None = Field(default=None, ge=EARLIEST_BIRTH_YEAR)
    birth_date: date | None = None
    gender: Gender | None = None
    phone: _text(40) | None = None
    email: EmailStr | None = None
    occupation: _text(LONGEST_NAME) | None = None
    last_contact_on: date | None = None
    notes: _text(LONGEST_TEXT) | None = None
    consent_basis: _text(LONGEST_TEXT, shortest=1)


class Policy(Record):
    """A customer's policy. Amounts are in `currency`; None is unknown, never zero.

    `in_force` and `why_not` are as of the day the policy was read for: `why_not` is None, or the
    reason why the policy does not count as cover (a code such as `cancelled` or `ended`).
    """

    id: UUID
    customer_id: UUID
    name: str | None
    insurer: str | None
    policy_number: str | None
    type: PolicyType
    coverage_amount: Decimal | None
    premium_amount: Decimal | None
    currency: str
    premium_cycle: PremiumCycle | None
    start_date: date | None
    end_date: date | None
    status: PolicyStatus
    in_force: bool
    why_not: str | None
    ver: int
