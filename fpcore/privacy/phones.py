"""Keep phone numbers masked, and know them again by a keyed hash.

The key of the hash is the database's secret, which is not in its file.
"""

import hashlib
import hmac
import re

import phonenumbers

HOME_REGION = "KR"

SURELY_A_PHONE = (
    r"[가-힣() ]{0,10}(?:"
    r"(?:\+82[- ]?0?|0?)10[-. )]?(?:[0-46-9][0-9]{3}|5[0-8][0-9]{2}|59[0-6][0-9])"
    r"|0(?:2|3[1-3]|[46][1-4]|5[1-5])[-. )]?[1-9][0-9]{2,3}"
    r")[-. ]?[0-9]{4}[가-힣() ]{0,10}"
)
"""Texts that `phone_digits` is sure to understand, for SQL. Of the others it must be asked."""

_LABEL = re.compile(r"[가-힣()（）\[\]]+")


def phone_digits(text: str) -> str | None:
    """Read a phone number as its national digits (a foreign one: + and all); None if it is none.

    Words beside it (집, 본인) and an extension are passed over; a masked number is none.
    """
    if "*" in text or "＊" in text:
        return None
    try:
        number = phonenumbers.parse(_LABEL.sub(" ", text), HOME_REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    number.extension = None
    if number.country_code != phonenumbers.country_code_for_region(HOME_REGION):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return re.sub(r"\D", "", national)


def masked_phone(digits: str) -> str:
    """Hide the middle of a number: 01012345678 -> 010-****-5678."""
    area = 2 if digits.startswith("02") else 3
    return f"{digits[:area]}-{'*' * (len(digits) - area - 4)}-{digits[-4:]}"


def phone_hash(secret: bytes, digits: str) -> str:
    """Make the HMAC-SHA256 (hex) by which the same number is known again."""
    return hmac.new(_phone_key(secret), digits.encode(), hashlib.sha256).hexdigest()


def phone_hash_pads(secret: bytes) -> dict[str, bytes]:
    """Give HMAC's two key pads (RFC 2104), so that SQL can make the same hash over a column."""
    key = _phone_key(secret).ljust(64, b"\0")
    return {
        "inner_pad": bytes(byte ^ 0x36 for byte in key),
        "outer_pad": bytes(byte ^ 0x5C for byte in key),
    }


def _phone_key(secret: bytes) -> bytes:
    return hmac.new(secret, b"phone", hashlib.sha256).digest()
