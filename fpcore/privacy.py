"""Keep phone numbers masked, and know them again by a keyed hash; blot out what may not be kept.

Sources: Personal Information Protection Act §24-2 (resident registration numbers may not be
processed on consent alone), and the standard of safety measures under it, §7 (card and account
numbers). The key of the hash is the database's secret, which is not in its file.

Names are masked as is the custom in Korea (홍*동), for whoever has no right to them.

Numbers are told by their form alone. Check digits prove nothing: resident registration numbers
have had none since October 2020, and a card number with one wrong digit is still nearly a card's.
"""

import hashlib
import hmac
import re
from collections.abc import Callable

import phonenumbers

HOME_REGION = "KR"
REMOVED = "******-*******"
NUMBER_FIELDS = frozenset({"policy_number", "source_key", "owner"})
"""Fields that hold long numbers by right: only what is surely something else is taken out."""

SURELY_A_PHONE = (
    r"[가-힣() ]{0,10}(?:"
    r"(?:\+82[- ]?0?|0?)10[-. )]?(?:[0-46-9][0-9]{3}|5[0-8][0-9]{2}|59[0-6][0-9])"
    r"|0(?:2|3[1-3]|[46][1-4]|5[1-5])[-. )]?[1-9][0-9]{2,3}"
    r")[-. ]?[0-9]{4}[가-힣() ]{0,10}"
)
"""Texts that `phone_digits` is sure to understand, for SQL. Of the others it must be asked."""

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
_LABEL = re.compile(r"[가-힣()（）\[\]]+")

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


_BLANKS = "[ \t\n\r\f\v\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff]+"
_ONE_WORD = "[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7a3]+"

MASKED_NAME = f"""
case when regexp_full_match(regexp_replace({{0}}, '{_BLANKS}', '', 'g'), '{_ONE_WORD}')
    then list_transform([regexp_replace({{0}}, '{_BLANKS}', '', 'g')], lambda word:
        if(length(word) = 1, '*', left(word, 1) || repeat('*', greatest(length(word) - 2, 1))
            || if(length(word) > 2, right(word, 1), '')))[1]
    else array_to_string(list_transform(
        list_filter(regexp_split_to_array({{0}}, '{_BLANKS}'), lambda word: word <> ''),
        lambda word: if(length(word) = 1, '*', left(word, 1) || repeat('*', length(word) - 1))),
        ' ')
end
"""
"""The SQL of `masked_name`."""


def masked_name(name: str) -> str:
    """Hide a name as is the custom: 홍길동 -> 홍*동, 김철 -> 김*, 남궁민수 -> 남**수.

    Blanks within a name in Korean or Chinese signs do not count. Of every other one the first
    letter of each word stays: Gil Dong -> G** D***. A single letter is hidden.
    """
    whole = re.sub(_BLANKS, "", name)
    if re.fullmatch(_ONE_WORD, whole):
        last = whole[2:][-1:]
        return _stars(whole[: len(whole) - len(last)]) + last
    return " ".join(_stars(word) for word in re.split(_BLANKS, name) if word)


def _stars(word: str) -> str:
    return word[:1] + "*" * (len(word) - 1) if len(word) > 1 else "*"


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
