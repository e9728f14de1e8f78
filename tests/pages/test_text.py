"""Amounts as each language writes them."""

from decimal import Decimal

import pytest

from ui.text import Text

SHORT = [
    (None, "?", "?"),
    (float("nan"), "?", "?"),
    (0, "0", "0"),
    (950, "950", "950"),
    (9_999, "9,999", "10K"),
    (10_000, "1만", "10K"),
    (12_345, "1.2만", "12.3K"),
    (50_000_000, "5,000만", "50M"),
    (Decimal(123_456_789), "1.2억", "123M"),
    (1_230_000_000.0, "12.3억", "1.2B"),
    (150_000_000_000, "1,500억", "150B"),
    (1_500_000_000_000, "1.5조", "1,500B"),
]


@pytest.mark.parametrize(("amount", "korean", "english"), SHORT)
def test_a_cell_holds_an_amount_in_a_few_signs(amount, korean, english):
    assert Text("ko").short_amount(amount) == korean
    assert Text("en").short_amount(amount) == english


def test_other_currencies_are_counted_as_english_does():
    assert Text("ko").short_amount(12_345, "USD") == "12.3K"


@pytest.mark.parametrize(
    ("amount", "korean", "english"),
    [(150_000_000, "1억 5,000만원", "₩150,000,000"), (90_000, "90,000원", "₩90,000"),
     (-1_500_000, "-150만원", "₩-1,500,000"), (1_0000_0001, "1억 1원", "₩100,000,001")],
)  # fmt: skip
def test_an_amount_in_full(amount, korean, english):
    assert Text("ko").amount(amount) == korean
    assert Text("en").amount(amount) == english
