"""The words that records are made of: kinds, states and channels, and the limits of values."""

from datetime import date
from decimal import Decimal
from enum import StrEnum


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
