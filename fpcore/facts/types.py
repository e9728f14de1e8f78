"""The six types of policies as sets of bits, and all of them together."""

from fpcore.models import PolicyType

TOTAL = "total"
"""The column of all types together, beside the six."""

BIT = {kind: 1 << place for place, kind in enumerate(PolicyType)}
"""The bit of each type in `held`, `spans` and the other sets of types."""
ALL_TYPES = 1 << len(BIT)
"""The bit of all types together, in the sets that have it."""


def bits(condition: str) -> str:
    """The SQL of the set of the types of which a condition on `{}` is true: their bits."""
    each = " | ".join(f"if({condition.format(kind)}, {bit}, 0)" for kind, bit in BIT.items())
    return f"({each})::utinyint"
