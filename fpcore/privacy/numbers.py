"""Blot out numbers that may not be kept, mask mobile phone numbers.

Sources: Personal Information Protection Act §24-2 (resident registration numbers may not be
processed on consent alone), and the standard of safety measures under it, §7 (card and account
numbers).

Numbers are told by their form alone. Check digits prove nothing: resident registration numbers
have had none since October 2020, and a card number with one wrong digit is still nearly a card's.
"""

import re
from collections.abc import Callable

from fpcore.privacy.phones import masked_phone, phone_digits

REMOVED = "******-*******"
NUMBER_FIELDS = frozenset({"policy_number", "source_key", "owner"})
"""Fields that hold long numbers by right: only what is surely something else is taken out."""

_DIGIT, _OTHER = "[0-9０-９]", "[^0-9０-９]"
SUSPICIOUS_NUMBER = rf"{_DIGIT}{{6}}{_OTHER}{{1,8}}{_DIGIT}[0-9０-９*＊]{{6}}"
SUSPICIOUS = rf"(?:{_DIGIT}{_OTHER}*){{10}}|{_DIGIT}{{6}}{_OTHER}{{0,8}}{_DIGIT}[0-9０-９*＊]{{6}}"
"""What a text must hold for `scrubbed` to change it, for SQL: in NUMBER_FIELDS and elsewhere."""

_DASHES = "-‐‑‒–—―−﹣－ーㅡ"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_PLAIN = str.maketrans(
    f"０１２３４５６７８９＋＊．（）{_DASHES}{_INVISIBLE}",
    f"0123456789+*.(){'-' * len(_DASHES)}{' ' * len(_INVISIBLE)}",
)
"""One sign for one, so that a place in the plain text is the same place in the text."""

_DASH = r"\s{0,3}-{1,2}\s{0,3}"
_GAP = r"[\s.-]{0,3}"
_MONTH, _DAY = "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])"
_YEAR = "(?:19|20|99)[0-9]{2}"
_DATE = rf"(?:{_YEAR}|[0-9]{{2}}){_DASH}{_MONTH}{_DASH}{_DAY}"
_FIXED_PHONE = rf"0[0-9]{{1,3}}{_DASH}[0-9]{{3,4}}{_DASH}[0-9]{{4}}"
_NO_ADDRESS = r"(?![\w.+-]{0,64}@)"  # an e-mail address may begin with any number
_RESIDENT_WITH_DASH = rf"(?<![0-9])[0-9]{{6}}{_DASH}[0-9][0-9*]{{6}}[0-9]*"
_RESIDENT = (
    r"(?<![0-9])[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"[\s./·_-]{0,3}[0-9][0-9*]{6}(?![0-9])"
)
_CARD = (
    r"(?<![0-9])(?:[0-9]{16}|(?:[0-9]{4}[\s.-]{1,3}){3}[0-9]{4}"
    rf"|3[47][0-9]{{2}}{_GAP}[0-9]{{6}}{_GAP}[0-9]{{5}})(?![0-9])"
)
# not within a longer chain of groups, which is an account
_MOBILE = (
    r"(?<![0-9])(?<![0-9]-)(?:\+?82[\s.)-]{0,3}(?:\(?0\)?)?|\(?0)\s?1[016789][\s.)-]{0,3}"
    rf"[0-9]{{3,4}}{_GAP}[0-9]{{4}}(?![0-9]|-[0-9]){_NO_ADDRESS}"
)
# takes in the sign of an e-mail address instead of looking ahead for it: linear in any text
_GROUPS = r"(?<![0-9])\+?[0-9]+(?:\s?-\s?[0-9]+){2,}(?:[\w.+-]{0,64}@)?"
_AFTER_BANK = (
    r"(?:계좌|통장|은행|뱅크|카뱅|신협|수협|농협(?!생명|손해|손보)|account|acct|a/c|iban).{0,12}?"
    rf"(?<![0-9])(?P<number>[0-9](?:[\s-]{{0,3}}[0-9]){{9,}}){_NO_ADDRESS}"
)
_BUSINESS_NUMBER = "[1-9][0-9]{2}-[0-9]{2}-[0-9]{5}"
_NO_ACCOUNT = re.compile(
    rf"{_DATE}(?:{_DASH}(?:{_DATE}|[0-9]{{1,4}}))?|{_BUSINESS_NUMBER}"
    rf"|{_YEAR}{_DASH}{_MONTH}{_DASH}{_YEAR}{_DASH}{_MONTH}"
)
_DATE_OR_PHONE = re.compile(
    rf"(?<![0-9])(?:{_DATE}|{_YEAR}[01][0-9][0-3][0-9]|{_FIXED_PHONE})(?![0-9])"
)
Rule = tuple[re.Pattern[str], Callable[[str], str]]
"""A form of number (the group `number`, or all that is found), and what is put in its place."""


def scrubbed(text: str, field: str | None = None) -> str:
    """Blot out resident registration, card and account numbers; mask mobile phone numbers.

    `field` says where the text stands, if it is not free text: the field `phone` keeps phones,
    and of NUMBER_FIELDS only resident registration numbers with their dash are taken out.
    """
    plain = text.translate(_PLAIN)
    for pattern, put in _rules(field):
        group = "number" if "number" in pattern.groupindex else 0
        for match in reversed(list(pattern.finditer(plain))):
            begin, end = match.span(group)
            if (clean := put(match[group])) != match[group]:
                text = text[:begin] + clean + text[end:]
                plain = plain[:begin] + clean + plain[end:]
    return text


def holds_forbidden(text: str, clean: str) -> bool:
    """Say whether `scrubbed` blotted something out of a text, not only masked a phone."""
    return clean.count(REMOVED) > text.count(REMOVED)


def _rules(field: str | None) -> tuple[Rule, ...]:
    if field in NUMBER_FIELDS:
        return _IN_NUMBERS
    return _EVERYWHERE if field == "phone" else (*_EVERYWHERE, *_IN_FREE_TEXT)


def _removed(_: str) -> str:
    return REMOVED


def _masked_mobile(number: str) -> str:
    digits = re.sub("[^0-9]", "", number)
    return masked_phone(re.sub("^820?", "0", digits))


def _account_removed(number: str) -> str:
    """Blot out groups of digits, unless they are a date, a period, a phone or a firm's number, or
    an e-mail address begins with them."""
    is_phone = number.startswith("+") or re.fullmatch(_FIXED_PHONE, number)
    if number.endswith("@") or _digits(number) < 10 or _NO_ACCOUNT.fullmatch(number):
        return number
    return number if is_phone and phone_digits(number) else REMOVED


def _account_after_bank_removed(number: str) -> str:
    return REMOVED if _digits(_DATE_OR_PHONE.sub(" ", number)) >= 10 else number


def _digits(text: str) -> int:
    return len(re.findall("[0-9]", text))


_IN_NUMBERS: tuple[Rule, ...] = ((re.compile(_RESIDENT_WITH_DASH), _removed),)
_EVERYWHERE: tuple[Rule, ...] = (
    (re.compile(f"{_RESIDENT_WITH_DASH}|{_RESIDENT}|{_CARD}"), _removed),
)
_IN_FREE_TEXT: tuple[Rule, ...] = (
    (re.compile(_MOBILE), _masked_mobile),
    (re.compile(_GROUPS), _account_removed),
    (re.compile(_AFTER_BANK, re.IGNORECASE | re.DOTALL), _account_after_bank_removed),
)
