"""The fields that a column of a book can mean."""

from fpcore.models import POLICY_AMOUNTS, circumstances

CIRCUMSTANCES = (*circumstances.NAMES, "annual_income")
"""What few books tell of a customer; `annual_income` only stands for the income a month."""

CUSTOMER_FIELDS = (
    "source_key", "name", "birth_date", "birth_year", "gender", "phone", "email", "occupation",
    "last_contact_on", "notes", *CIRCUMSTANCES,
)  # fmt: skip
POLICY_FIELDS = (
    "insurer", "policy_number", "policy_name", "type", "coverage_amount", "premium_amount",
    "premium_cycle", "currency", "start_date", "end_date", "status",
)  # fmt: skip
FIELDS = (*CUSTOMER_FIELDS, "consent", "owner", *POLICY_FIELDS)
AMOUNTS_OF_CUSTOMER = ("annual_income", *circumstances.AMOUNTS)
AMOUNTS = (*POLICY_AMOUNTS, *AMOUNTS_OF_CUSTOMER)
RESIDENT_NUMBER = "resident_number"
