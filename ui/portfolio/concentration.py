"""How much of the whole book each insurer has."""

from collections.abc import Mapping
from datetime import date

import pandas as pd
import streamlit as st

from fpcore.facts.groups import UNKNOWN_ROW
from fpcore.models import Account, RowKind
from fpcore.portfolio.makeup import LARGEST, MODERATE_FROM, MODERATE_TO, Insurers
from ui import address, queries, session, tables
from ui.charts import LABEL_INKS
from ui.portfolio import bar_charts, lists
from ui.text import Text, is_unknown, safe

INSURERS_DRAWN = 20
"""So many insurers have a bar of their own; the others have one together."""


def draw_insurers(account: Account, text: Text, today: date) -> None:
    """Draw how much of the premiums each insurer has; a click leads to the customers."""
    team = lists.team(account, text)
    with st.spinner(text("insurers.adding_up")):
        found = queries.insurers(account, today, team)
    if not found.cells["policies"].any():
        lists.draw_empty(text)
        return
    _draw_concentration(found, text)
    st.subheader(text("insurers.title"), help=safe(text("insurers.how", most=INSURERS_DRAWN)))
    figure = bar_charts.shares(_parts(found.cells, text), LABEL_INKS[session.theme()])
    clicked = lists.clicked(figure, f"insurers {address.here()}", text("insurers.alt"))
    st.caption(text("insurers.hint"))
    row = tables.clicked_row(
        _insurers_table(found.cells, text),
        f"insurers table {address.here()}",
        column_config={
            text(f"insurers.{share}"): tables.percent() for share in ("share", "policy_share")
        },
    )
    insurer = found.cells["insurer"].iloc[row] if row is not None else (clicked or [None])[0]
    if insurer == UNKNOWN_ROW:
        lists.show(team, unknown="insurer")
    elif insurer:
        lists.show(team, row_kind=RowKind.INSURER.value, row=insurer)


def _draw_concentration(found: Insurers, text: Text) -> None:
    known = found.cells[found.cells["insurer"] != UNKNOWN_ROW]
    largest = None if found.index is None else known.iloc[0]  # without premiums nobody is it
    share = float("nan") if largest is None else largest["share"]
    first, second, third, fourth = st.columns(4)
    first.metric(text("insurers.number"), f"{len(known):,}", help=text("insurers.number_how"))
    second.metric(
        text("insurers.largest"), text.share(share), help=safe(text("insurers.largest_how")),
        delta=None if largest is None else safe(largest["insurer"]), delta_color="off",
        delta_arrow="off",
    )  # fmt: skip
    by_policies = text.share(found.largest_policies)
    third.metric(
        text("insurers.three", n=LARGEST), text.share(found.largest),
        help=safe(text("insurers.three_how", n=LARGEST)),
        delta=text("insurers.of_policies", share=by_policies), delta_color="off",
        delta_arrow="off",
    )  # fmt: skip
    edges = {"low": f"{MODERATE_FROM:,}", "high": f"{MODERATE_TO:,}"}
    fourth.metric(
        text("insurers.index"), "?" if found.index is None else f"{found.index:,.0f}",
        help=safe(text("insurers.index_how", **edges)),
    )  # fmt: skip
    if found.level:
        st.markdown(text(f"concentration.{found.level}"))


def _parts(cells: pd.DataFrame, text: Text) -> pd.DataFrame:
    """Give bar_charts.shares its frame: the largest, the others together, the unknown."""
    known = cells[cells["insurer"] != UNKNOWN_ROW]
    parts = [_part(row, text) for row in known.head(INSURERS_DRAWN).to_dict("records")]
    rest = known.iloc[INSURERS_DRAWN:]
    if len(rest):
        sums = rest[["policies", "premium_unknown"]].sum()
        amounts = rest[["premium", "share"]].sum(min_count=1)
        named = {"insurer": text("insurers.others", n=f"{len(rest):,}"), "customers": None}
        parts.append({**_part({**sums, **amounts, **named}, text), "key": [None]})
    unknown = cells[cells["insurer"] == UNKNOWN_ROW].to_dict("records")
    return pd.DataFrame([*parts, *(_part(row, text) for row in unknown)])


def _part(row: Mapping, text: Text) -> dict:
    label = _insurer(row["insurer"], text)
    lines = [label, text("insurers.hover", policies=f"{row['policies']:,.0f}",
                         premium=text.amount(row["premium"]))]  # fmt: skip
    if row["customers"] is not None:
        lines.append(text("insurers.hover_customers", customers=f"{row['customers']:,}"))
    if row["premium_unknown"]:
        lines.append(text("insurers.hover_unknown", n=f"{row['premium_unknown']:,.0f}"))
    share = text.share(row["share"])
    return {
        "label": label,
        "share": row["share"],
        "text": f"{share} · {text.short_amount(row['premium'])}",
        "hover": "<br>".join(lines),
        "key": [row["insurer"]],
    }


def _insurer(insurer: str, text: Text) -> str:
    return text("insurers.unknown") if insurer == UNKNOWN_ROW else insurer


def _insurers_table(cells: pd.DataFrame, text: Text) -> pd.DataFrame:
    return pd.DataFrame(
        {
            text("field.insurer"): [_insurer(one, text) for one in cells["insurer"]],
            text("insurers.share"): (100 * cells["share"]).tolist(),
            text("figures.premium"): [
                text("amount.unknown") if is_unknown(one) else text.amount(one)
                for one in cells["premium"]
            ],
            text("insurers.premium_unknown"): cells["premium_unknown"].tolist(),
            text("field.policies"): cells["policies"].tolist(),
            text("insurers.policy_share"): (100 * cells["policy_share"]).tolist(),
            text("figures.customers"): cells["customers"].tolist(),
        }
    )
