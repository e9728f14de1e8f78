"""What a rule can be about."""

from typing import NamedTuple

from fpcore.facts.policies import KINDS
from fpcore.facts.types import TOTAL
from fpcore.models import PolicyType


class Coverage(NamedTuple):
    """What a rule is about: the type under which it is shown, the columns `<prefix>_policies` (and
    `_coverage`, `_unknown` where it has an amount). `is_held`: policies are what it is made of."""

    type: str
    prefix: str
    has_amount: bool
    is_held: bool = True

    def counts(self, type_: str, product: str | None) -> bool:
        """Say whether a policy in force of this type and product counts for it."""
        if self.prefix in KINDS:
            of_type, of_product = KINDS[self.prefix]
            return product == of_product and of_type in (None, type_)
        return self.is_held and self.prefix in (TOTAL, type_)


COVERAGES = {
    **{kind.value: Coverage(kind, kind, True) for kind in PolicyType},
    TOTAL: Coverage(TOTAL, TOTAL, True),
    "death": Coverage("life", "death", True),
    "diagnosis": Coverage("health", "diagnosis", True),
    "injury": Coverage("accident", "injury", True),
    "driver": Coverage("accident", "driver", False),
    "vehicle": Coverage("car", "vehicle", False),
    "indemnity": Coverage("health", "indemnity", False),
    "premium": Coverage(TOTAL, TOTAL, False, False),
    "replacement": Coverage(TOTAL, TOTAL, False, False),
}
"""Every coverage that a rule can be about; on one day at most one rule is about each."""
