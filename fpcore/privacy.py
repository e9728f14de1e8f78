"""Keep phone numbers masked, and know them again by a keyed hash; drop what may not be kept.

Sources: Personal Information Protection Act §24-2 (resident registration numbers may not be
processed on consent alone). The key is the database's secret, which is not in its file.
"""

import hashlib
import hmac
import re

import phonenumbers

HOME_REGION = "KR"
REMOVED = "******-*******"

_BIRTH_DATE = r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
RESIDENT_NUMBER_WITH_DASH = r"\b\d{6}\s?[-–]\s?\d[\d*]{6}"
RESIDENT_NUMBER = rf"{RESIDENT_NUMBER_WITH_DASH}|\b{_BIRTH_DATE}\s?\d[\d*]{{6}}"
"""A resident registration number, masked or not: six digits of birth, then seven or stars.

Without a dash it must begin with a date, so that other long numbers are left alone.
"""
SHORTEST_FORBIDDEN = 13
CARD_NUMBER = r"\b\d{4}[- ]?\d{4}[- ]?\d{4}[- ]?\d{4}\b"
FORBIDDEN = f"{RESIDENT_NUMBER}|{CARD_NUMBER}"
WIDE_DIGITS, NARROW_DIGITS = "０１２３４５６７８９－", "0123456789-"
_FORBIDDEN = re.compile(FORBIDDEN)
_NARROW = str.maketrans(WIDE_DIGITS, NARROW_DIGITS)


def without_forbidden_numbers(text: str) -> str:
    """Blot out resident registration and card numbers in free text, full-width ones too."""
    narrow = text.translate(_NARROW)
    return _FORBIDDEN.sub(REMOVED, narrow) if _FORBIDDEN.search(narrow) else text


def phone_digits(text: str) -> str | None:
    """Read a phone number as its national digits (a foreign one: + and all); None if it is none."""
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
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
