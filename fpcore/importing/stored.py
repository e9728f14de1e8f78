"""What an import stores of customers and of policies."""

from fpcore.importing.headers import Columns

CUSTOMER_VALUES = (
    "source_key", "name", "birth_year", "birth_date", "gender", "phone", "phone_hash", "email",
    "occupation", "last_contact_on", "notes",
)  # fmt: skip
"""What every book may say of a customer; `customer_values` are those of one book."""

POLICY_VALUES = (
    "policy_name", "insurer", "policy_number", "type", "coverage_amount", "premium_amount",
    "currency", "premium_cycle", "start_date", "end_date", "status",
)  # fmt: skip


def customer_values(columns: Columns) -> tuple[str, ...]:
    """The columns of the table of customers that a book with these columns may fill."""
    return (*CUSTOMER_VALUES, *columns.circumstances)
