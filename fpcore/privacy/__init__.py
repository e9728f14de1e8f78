"""What may not be kept or not be shown of a person: numbers, phones, names."""

from fpcore.privacy.names import MASKED_NAME, masked_name
from fpcore.privacy.numbers import (
    NUMBER_FIELDS,
    REMOVED,
    SUSPICIOUS,
    SUSPICIOUS_NUMBER,
    holds_forbidden,
    scrubbed,
)
from fpcore.privacy.phones import (
    HOME_REGION,
    SURELY_A_PHONE,
    masked_phone,
    phone_digits,
    phone_hash,
    phone_hash_pads,
)

__all__ = [
    "HOME_REGION",
    "MASKED_NAME",
    "NUMBER_FIELDS",
    "REMOVED",
    "SURELY_A_PHONE",
    "SUSPICIOUS",
    "SUSPICIOUS_NUMBER",
    "holds_forbidden",
    "masked_name",
    "masked_phone",
    "phone_digits",
    "phone_hash",
    "phone_hash_pads",
    "scrubbed",
]
