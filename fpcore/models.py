"""The records of the domain, as frozen pydantic models, and the words they are made of."""

import unicodedata
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, field_validator
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
    """Where a customer stands against one rule; unknown is a state of its own, never "no gap".

    Their order is that of the digits in customer_row.states.
    """

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
    OCCUPATION_CLASS = "occupation_class"
    INSURER = "insurer"
    SINCE = "since"


class Measure(StrEnum):
    """What a heatmap shows of a type: the share who hold it; customers without it; the median of
    the holders' cover and its sum; the share who hold as much as is recommended; what all are short
    of that; the premium a month; the share of holders of whom some amount is not known; by how much
    the share who hold it changed since a day."""

    HOLDING = "holding"
    LACKING = "lacking"
    MEDIAN = "median"
    COVERAGE = "coverage"
    ADEQUACY = "adequacy"
    SHORTFALL = "shortfall"
    PREMIUM = "premium"
    UNKNOWN = "unknown"
    CHANGE = "change"


class Gone(StrEnum):
    """How long ago the last policy of a type ended that somebody once held: less than a year, less
    than three, three or more; or nobody knows."""

    UNDER_1_YEAR = "under_1_year"
    UNDER_3_YEARS = "under_3_years"
    LONGER = "longer"
    UNKNOWN = "unknown"


class Concentration(StrEnum):
    """How much of something a few have, by the Herfindahl index of their shares in percent: below
    1,000, up to 1,800, above (US Merger Guidelines of 2023)."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class ConsentKind(StrEnum):
    """What a customer can agree to, each apart from the others (PIPA §15, §17, §23, §22)."""

    COLLECTION = "collection"
    THIRD_PARTY = "third_party"
    HEALTH = "health"
    MARKETING = "marketing"


class ConsentChannel(StrEnum):
    """How a consent was given or withdrawn. `form`: entered by hand, not said how."""

    PAPER = "paper"
    ELECTRONIC = "electronic"
    PHONE = "phone"
    IN_PERSON = "in_person"
    FORM = "form"
    IMPORT = "import"


class IncomeBasis(StrEnum):
    """Whether an income is before or after taxes and social insurance."""

    GROSS = "gross"
    NET = "net"


class Housing(StrEnum):
    """How a customer lives: in a home of their own, in a rented one (전세, 월세), otherwise."""

    OWN = "own"
    RENT = "rent"
    OTHER = "other"


class Driving(StrEnum):
    """Whether a customer has a car, drives without having one, or does not drive."""

    OWN_CAR = "own_car"
    DRIVES = "drives"
    NONE = "none"


class ContactChannel(StrEnum):
    PHONE = "phone"
    MESSAGE = "message"
    EMAIL = "email"
    VISIT = "visit"
    OTHER = "other"


class ContactOutcome(StrEnum):
    """What came of a contact; one that reached nobody does not count as the last contact."""

    REACHED = "reached"
    APPOINTMENT = "appointment"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"


NOBODY_REACHED = (ContactOutcome.NO_ANSWER, ContactOutcome.WRONG_NUMBER)

WON = "KRW"
WHOLE_LIFE = date(9999, 12, 31)
LONGEST_NAME = 100
LONGEST_TEXT = 2000
EARLIEST_BIRTH_YEAR = 1900
LARGEST_AMOUNT = Decimal("9999999999999")
MOST_DEPENDANTS = 20
OCCUPATION_CLASSES = (1, 2, 3)
"""Accident risk classes (상해급수): 1 low, 2 medium, 3 high risk."""

POLICY_AMOUNTS = ("coverage_amount", "premium_amount")


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


def is_shown(text: str) -> bool:
    """Say whether a screen can show a text: no control characters, no lone surrogates."""
    return not any((ord(c) < 32 and c not in "\n\t") or 0xD800 <= ord(c) <= 0xDFFF for c in text)


def _shown(text: str) -> str:
    if not is_shown(text):
        raise PydanticCustomError("control_character", "control character")
    return text


def _empty_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _composed(text: str) -> str:
    """Write Hangul as whole syllables: some systems send 한 as three signs."""
    return unicodedata.normalize("NFC", text)


Text = Annotated[
    str, StringConstraints(strip_whitespace=True), AfterValidator(_shown), AfterValidator(_composed)
]


class Input(Record):
    """What a person typed. The types are checked here, the values by fpcore.checks.

    An empty text is None. Of a `…Changes` only the fields that were given are changed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _none_if_empty(cls, value: object) -> object:
        return _empty_is_none(value)

    def given(self) -> dict[str, Any]:
        """Give the fields that were given, None for those that were emptied."""
        return self.model_dump(exclude_unset=True)


class CustomerChanges(Input):
    """What to change of a customer. `phone` is the full number: it is stored masked, with a keyed
    hash; the masked form that is stored already changes nothing. Amounts are in won;
    None is unknown, never zero."""

    name: Text | None = None
    birth_date: date | None = None
    birth_year: int | None = None
    gender: Gender | None = None
    phone: Text | None = None
    email: Text | None = None
    occupation: Text | None = None
    last_contact_on: date | None = None
    next_contact_on: date | None = None
    notes: Text | None = None
    monthly_income: Decimal | None = None
    income_basis: IncomeBasis | None = None
    living_cost: Decimal | None = None
    dependants: int | None = None
    debts: Decimal | None = None
    housing: Housing | None = None
    driving: Driving | None = None
    occupation_class: int | None = None


class NewCustomer(CustomerChanges):
    """What a person types to add a customer; `birth_year` follows from `birth_date` if given.

    `consent_basis` says how the customer agreed, by `consent_channel`, on `consent_given_on`
    (None: today), to each of `consent_kinds`; without a consent to the collection and use of
    these facts nobody is stored.
    """

    consent_basis: Text | None = None
    consent_channel: ConsentChannel = ConsentChannel.FORM
    consent_given_on: date | None = None
    consent_kinds: frozenset[ConsentKind] = frozenset({ConsentKind.COLLECTION})


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


class NewContact(Input):
    """What a person types of a contact; `next_contact_on` is kept with the customer."""

    contacted_on: date | None = None
    channel: ContactChannel | None = None
    outcome: ContactOutcome | None = None
    notes: Text | None = None
    next_contact_on: date | None = None


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


class PolicyChanges(Input):
    """What to change of a policy. Amounts are in `currency`; None is unknown, never zero."""

    type: PolicyType | None = None
    policy_name: Text | None = None
    insurer: Text | None = None
    policy_number: Text | None = None
    coverage_amount: Decimal | None = None
    premium_amount: Decimal | None = None
    premium_cycle: PremiumCycle | None = None
    currency: Text | None = None
    start_date: date | None = None
    end_date: date | None = None
    status: PolicyStatus | None = None


class NewPolicy(PolicyChanges):
    """What a person types to add a policy: in won and active, unless said otherwise."""

    currency: Text | None = WON
    status: PolicyStatus | None = PolicyStatus.ACTIVE
