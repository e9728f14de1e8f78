"""Tables as people read them: columns, formats, and which row was clicked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from fpcore import privacy, wording
from fpcore.customers.consents import Withdrawn
from fpcore.facts.groups import ALL_ROWS, UNKNOWN_ROW
from fpcore.importing.headers import Columns
from fpcore.importing.report import RejectedRow
from fpcore.models import Account, Policy, RowKind
from fpcore.portfolio.customer_list import CustomerPage
from ui.text import Text, is_unknown, safe


def customers(
    rows: pd.DataFrame, currency: str, owner_names: Mapping[str, str], text: Text, key: str
) -> str | None:
    """Draw a page of customers, amounts in `currency`; the id of the one whose row was clicked.

    Whose customer each is stands in the list where there is more than one owner.
    """
    known_part = [
        _known_part(text, amount, unknown, currency)
        for amount, unknown in zip(rows["coverage"], rows["unknown"], strict=True)
    ]
    premiums = [
        _known_part(text, amount, unknown, currency)
        for amount, unknown in zip(rows["premium"], rows["premium_unknown"], strict=True)
    ]
    shown = pd.DataFrame(
        {
            text("field.name"): rows["name"],
            text("field.gender"): [_gender(text, gender) for gender in rows["gender"]],
            text("field.age"): rows["age"],
            text("field.policies"): rows["policies"],
            text("customers.coverage"): known_part,
            text("customers.premium"): premiums,
            text("customers.last_contact"): [
                text.day(_day(day)) for day in rows["last_contact_on"]
            ],
            text("field.next_contact_on"): [text.day(_day(day)) for day in rows["next_contact_on"]],
            text("field.next_end_on"): [text.day(_day(day)) for day in rows["next_end_on"]],
            text("consent_kind.marketing"): [
                text("customers.yes") if allowed else None for allowed in rows["marketing"]
            ],
            text("field.phone"): rows["phone"],
            text("field.email"): rows["email"],
            text("field.occupation"): rows["occupation"],
        }
    )
    if len(owner_names) > 1:
        shown.insert(6, text("field.owner"), rows["owner"].map(owner_names))
    row = clicked_row(
        shown,
        key,
        column_config={
            text("field.name"): st.column_config.TextColumn(width="small"),
            **{
                text(name): st.column_config.TextColumn(alignment="right", width=130)
                for name in ("customers.coverage", "customers.premium")
            },
        },
    )
    return None if row is None else str(rows["id"].iloc[row])


def shown_of(found: CustomerPage, text: Text) -> str:
    """Say how many customers are shown of how many, and why not all."""
    counts = {"shown": len(found.rows), "matching": found.matching, "in_scope": found.in_scope}
    counts["hidden"] = found.in_scope - found.withdrawn - found.matching
    key = "customers.shown_filtered" if counts["hidden"] else "customers.shown"
    said = text(key, **{name: f"{count:,}" for name, count in counts.items()})
    if not found.withdrawn:
        return said
    return f"{said} · {text('customers.withdrawn', count=f'{found.withdrawn:,}')}"


def withdrawn(listed: Sequence[Withdrawn], text: Text) -> None:
    """Draw who withdrew the consent, names masked, with the way to their destruction."""
    with st.expander(text("customers.withdrawn_list", count=len(listed))):
        for one in listed:
            st.page_link(
                "../pages/customer.py",
                label=f"{safe(one.masked_name)} · {text('field.destroy_by')} "
                f"{text.day(one.destroy_by)}",
                query_params={"id": str(one.id)},
                icon=":material/person_off:",
            )


def coverage(rows: Sequence[Mapping[str, str | None]]) -> None:
    """Draw one customer's cover by type: recommended, held, short, state and why."""
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", placeholder="–")


def policies(listed: Sequence[Policy], text: Text, with_reason: bool, key: str) -> str | None:
    """Draw the policies of one customer; the id of the one whose row was clicked."""
    shown = pd.DataFrame(
        [
            {
                text("field.type"): text(f"type.{policy.type}"),
                text("field.policy_name"): policy.policy_name,
                text("field.insurer"): policy.insurer,
                text("field.coverage_amount"): text.amount(policy.coverage_amount, policy.currency),
                text("field.premium_amount"): _premium(text, policy),
                text("field.start_date"): text.day(policy.start_date),
                text("field.end_date"): text.day(policy.end_date),
                text("field.policy_number"): policy.policy_number,
            }
            | ({text("customer.why_not"): text(f"status.{policy.why_not}")} if with_reason else {})
            for policy in listed
        ]
    )
    row = clicked_row(shown, key)
    return None if row is None else str(listed[row].id)


def percent() -> Any:
    """Give the look of a column of shares from 0 to 100: a bar, and the number."""
    return st.column_config.ProgressColumn(
        format="%.1f%%", min_value=0, max_value=100, width="small"
    )


def clicked_row(shown: pd.DataFrame, key: str, **settings: Any) -> int | None:
    """Draw a table whose cells can be clicked; the place of the row that was, None for none.

    Whole numbers are printed as the browser's language does; `column_config` is of the others.
    """
    whole = {
        name: st.column_config.NumberColumn(format="localized")
        for name in shown.select_dtypes("integer").columns
    }
    look: dict[str, Any] = {"hide_index": True, "height": "content", "placeholder": "–", **settings}
    look["column_config"] = {**whole, **settings.get("column_config", {})}
    event = st.dataframe(shown, key=key, on_select="rerun", selection_mode="single-cell", **look)
    cells = event.selection.cells
    return cells[0][0] if cells else None


def rejects(rejected: Sequence[RejectedRow], columns: Columns, text: Text) -> None:
    """Draw rows that are held back, each with its line in the file, the reasons and its cells."""
    shown = {
        text("upload.line"): [row.line for row in rejected],
        text("upload.reason"): [wording.say_reasons(text.language, r.problems) for r in rejected],
    }
    for column in columns.kept:
        shown[f"{column.position + 1}. {column.header}"] = [
            privacy.scrubbed(row.cells[column.position], column.field) for row in rejected
        ]
    narrow = {text("upload.line"): st.column_config.NumberColumn(width="small")}
    st.dataframe(pd.DataFrame(shown), hide_index=True, column_config=narrow)


def cells(drawn: pd.DataFrame, row_title: str) -> None:
    """Draw a heatmap's cells as a table, for those who read tables and for screen readers."""
    wide = drawn.pivot(index="row", columns="column", values="text")
    wide = wide.loc[drawn["row"].unique(), drawn["column"].unique()]
    st.dataframe(wide.rename_axis(row_title), height="content")


def owner_names(owners: Sequence[Account]) -> dict[str, str]:
    """Give the name to show for each username: the person's, and both where two share it."""
    names = Counter(owner.name for owner in owners)
    return {
        owner.username: owner.name if names[owner.name] == 1 else f"{owner.name} ({owner.username})"
        for owner in owners
    }


def row_label(row: str, kind: str, owner_names: Mapping[str, str], text: Text) -> str:
    """Name a heatmap's row: what is a code in words, and what people typed as it is."""
    if row in (UNKNOWN_ROW, ALL_ROWS):
        return text(f"row.{row}")
    if kind == RowKind.SINCE:
        return text("row.since_first") if row == "0" else text("row.since", row=row)
    if kind == RowKind.OCCUPATION_CLASS and row in ("1", "2", "3"):
        return text(f"occupation_class.{row}")
    if kind == RowKind.FP:
        return owner_names.get(row, row)
    if kind == RowKind.AGE_BAND:
        return text("row.age_band", row=row)
    if kind == RowKind.GENDER:
        return text(f"gender.{row}")
    return f"“{row}”" if row in (text("row.unknown"), text("row.all")) else row


def _known_part(text: Text, amount: float, unknown: int, currency: str) -> str:
    if is_unknown(amount) or not unknown:
        return text.amount(amount, currency)
    return text("amount.at_least", amount=text.amount(amount, currency))


def _gender(text: Text, gender: str | None) -> str | None:
    return text(f"gender.{gender}") if isinstance(gender, str) else None


def _day(day: Any) -> date | None:
    if pd.isna(day):
        return None
    stamp: Any = pd.Timestamp(day)
    return stamp.date()


def _premium(text: Text, policy: Policy) -> str:
    amount = text.amount(policy.premium_amount, policy.currency)
    if policy.premium_amount is None or policy.premium_cycle is None:
        return amount
    return f"{amount} · {text(f'premium_cycle.{policy.premium_cycle}')}"
