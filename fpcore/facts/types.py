"""How types, consents and other words stand in customer_fact: as bits and numbers."""

from enum import StrEnum

from fpcore.models import ConsentKind, PolicyType

TOTAL = "total"
"""The column of all types together, beside the six."""

BIT = {kind: 1 << place for place, kind in enumerate(PolicyType)}
"""The bit of each type in `held`, `spans` and the other sets of types."""
ALL_TYPES = 1 << len(BIT)
"""The bit of all types together, in the sets that have it."""


def bit_of(column: str) -> str:
    """The SQL of the bit of the type in a column."""
    cases = " ".join(f"when '{kind}' then {bit}" for kind, bit in BIT.items())
    return f"(case {column} {cases} end)::utinyint"


def bits(condition: str) -> str:
    """The SQL of the set of the types of which a condition on `{}` is true: their bits."""
    each = " | ".join(f"if({condition.format(kind)}, {bit}, 0)" for kind, bit in BIT.items())
    return f"({each})::utinyint"


def number_of(word: StrEnum) -> int:
    """The number that stands for a word in customer_fact: from 1, in the order of the words."""
    return list(type(word)).index(word) + 1


CONSENT_BIT = {kind: 1 << place for place, kind in enumerate(ConsentKind)}
"""The bit of each kind in `consents`: what a customer agreed to and did not withdraw."""

CONSENTS = f"""
    bit_or(case s.kind {" ".join(f"when '{kind}' then {bit}" for kind, bit in CONSENT_BIT.items())}
        end)::utinyint as consents
"""
"""The bits of several consents `s`."""


def agreed_to(kind: ConsentKind) -> str:
    """The SQL over customer_fact that is true of who agreed to something."""
    return f"(consents & {CONSENT_BIT[kind]}) <> 0"
