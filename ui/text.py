"""Say things to people: words, amounts and days in their language; what they typed, safely."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from typing_extensions import TypeIs

from fpcore import wording
from fpcore.models import WHOLE_LIFE, WON

MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&=@/])")
INVISIBLE = re.compile("[\u0000-\u0008\u000b-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

Amount = Decimal | float | int | None


def safe(text: str | None) -> str:
    """Escape what people typed, for every place where Streamlit reads Markdown."""
    return MARKDOWN.sub(r"\\\1", INVISIBLE.sub("", text or ""))


class Text:
    """The words of one language: `text("page.customers")`, and amounts as it writes them."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, **particulars: object) -> str:
        """Give the text of a key of data/locales."""
        return wording.say(self.language, key, **particulars)

    def of(self, section: str) -> Callable[[object], str]:
        """Give what turns a code into its word of a section, for `format_func`."""
        return lambda code: self(f"{section}.{code}")

    def amount(self, amount: Amount, currency: str = WON) -> str:
        """Write an amount in full: 1억 5,000만원, ₩150,000,000, USD 1,200; or "unknown"."""
        if is_unknown(amount):
            return self("amount.unknown")
        if currency != WON:
            return f"{currency} {amount:,.2f}".removesuffix(".00")
        whole = round(amount)
        return f"{_korean(whole)}원" if self.language == "ko" else f"₩{whole:,}"

    def plain_amount(self, amount: Amount) -> str:
        """Write an amount in digits, as it stands in a field to type into; unknown is ""."""
        return "" if is_unknown(amount) else f"{amount:,.2f}".removesuffix(".00")

    def short_amount(self, amount: Amount, currency: str = WON) -> str:
        """Write an amount in a few signs, for a cell: 12.3억, 5,000만, ₩1.2B."""
        if is_unknown(amount):
            return "?"
        units = _SHORT["ko" if self.language == "ko" and currency == WON else "en"]
        for size, unit in units:
            if abs(amount) >= size:
                number = float(amount) / size
                return (
                    f"{number:,.0f}{unit}"
                    if number >= 100
                    else f"{number:.1f}".removesuffix(".0") + unit
                )
        return f"{amount:,.0f}"

    def share(self, share: Amount) -> str:
        """Write a share as a whole percentage; "?" where it is unknown."""
        return "?" if is_unknown(share) else f"{share:.0%}"

    def day(self, day: date | None) -> str:
        """Write a day; a policy's whole-life end as such, an unknown day as a dash."""
        if day is None or day != day:
            return "–"
        return self("amount.whole_life") if day == WHOLE_LIFE else day.isoformat()


_SHORT = {
    "ko": ((10**12, "조"), (10**8, "억"), (10**4, "만")),
    "en": ((10**9, "B"), (10**6, "M"), (10**3, "K")),
}


def is_unknown(amount: Amount) -> TypeIs[None]:
    """Say whether an amount is None or NaN."""
    return amount is None or amount != amount


def _korean(whole: int) -> str:
    """Write a whole number with 조, 억 and 만; below a million, as premiums are, in digits."""
    if abs(whole) < 1_000_000:
        return f"{whole:,}"
    rest, parts = abs(whole), []
    for size, unit in ((10**12, "조"), (10**8, "억"), (10**4, "만"), (1, "")):
        part, rest = divmod(rest, size)
        if part:
            parts.append(f"{part:,}{unit}")
    return ("-" if whole < 0 else "") + (" ".join(parts) or "0")
