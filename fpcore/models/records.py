"""What is stored, as the rest of the program sees it: read-only."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from fpcore.models.kinds import (
    ConsentChannel,
    ConsentKind,
    ContactChannel,
    ContactOutcome,
    Driving,
    Gender,
    Housing,
    IncomeBasis,
    PolicyStatus,
    PolicyType,
    PremiumCycle,
    Role,
)


class Record(BaseModel):
    """A row as the rest of the program sees it: read-only."""

    model_config = ConfigDict(frozen=True)


class Account(Record):
    """A person who signs in. `team_id` and `team` are None for whoever is in no team;
    `sees_names`: the right to the names of customers who are somebody else's."""

    id: UUID
    username: str
    name: str
    role: Role
    team_id: UUID | None = None
    team: str | None = None
    language: Literal["ko", "en"] | None = None
    sees_names: bool = True


class Customer(Record):
    """A customer. `phone` is masked; `ver` counts the changes made to the row.

    `age` is in full years on the day the customer was read for; from the birth year alone where
    no birth date is known. `insurance_age` (보험나이) rounds half a year up and goes up on
    `insurance_age_changes_on` (상령일); None without a birth date. `withdrawn_on` and `destroy_by`
    are None while the consent to collection holds. Amounts are in won; None is unknown,
    as it is of `dependants`, never zero. `occupation_class` is one of OCCUPATION_CLASSES.

    `is_masked`: read for an account without the right to this name, which is masked; then
    `source_key`, `birth_date`, `phone`, `email` and `notes` are None, whatever is known, and `age`
    is that of the birth year.
    """

    id: UUID
    owner_id: UUID
    owner: str
    source_key: str | None
    name: str
    birth_year: int | None
    birth_date: date | None
    age: int | None
    insurance_age: int | None
    insurance_age_changes_on: date | None
    gender: Gender | None
    phone: str | None
    email: str | None
    occupation: str | None
    last_contact_on: date | None
    next_contact_on: date | None
    notes: str | None
    monthly_income: Decimal | None
    income_basis: IncomeBasis | None
    living_cost: Decimal | None
    dependants: int | None
    debts: Decimal | None
    housing: Housing | None
    driving: Driving | None
    occupation_class: int | None
    withdrawn_on: date | None
    destroy_by: date | None
    ver: int
    created_at: datetime
    updated_at: datetime
    is_masked: bool


class Consent(Record):
    """A consent of a customer: to what, by which version of the text, how and when.

    `withdrawn_on` and `withdrawn_channel` are None while it holds; `basis` is for an account
    without the right to the customer's name.
    """

    id: UUID
    customer_id: UUID
    kind: ConsentKind
    basis: str | None
    text_version: str | None
    channel: ConsentChannel
    given_on: date
    withdrawn_on: date | None
    withdrawn_channel: ConsentChannel | None


class Contact(Record):
    """An entry of the contact log. `recorded_by` is the name of the account that wrote it; `notes`
    is None for an account without the right to the customer's name."""

    id: UUID
    customer_id: UUID
    contacted_on: date
    channel: ContactChannel
    outcome: ContactOutcome
    notes: str | None
    recorded_by: str


class Policy(Record):
    """A customer's policy. Amounts are in `currency`; None is unknown, never zero.

    `in_force` and `why_not` are as of the day the policy was read for: `why_not` is None, or the
    reason why the policy does not count as cover (a code such as `cancelled` or `ended`).
    `policy_name` and `policy_number` are None for an account without the right to the customer's
    name.
    """

    id: UUID
    customer_id: UUID
    policy_name: str | None
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
