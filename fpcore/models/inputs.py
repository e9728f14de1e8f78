"""What people type."""

import unicodedata
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from fpcore.models.kinds import (
    WON,
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
)
from fpcore.models.records import Record


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


class NewContact(Input):
    """What a person types of a contact; `next_contact_on` is kept with the customer."""

    contacted_on: date | None = None
    channel: ContactChannel | None = None
    outcome: ContactOutcome | None = None
    notes: Text | None = None
    next_contact_on: date | None = None


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
