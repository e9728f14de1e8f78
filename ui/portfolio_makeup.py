"""What the whole book is made of: ages by gender and coverage, and insurers."""

from collections.abc import Mapping
from datetime import date

import pandas as pd
import streamlit as st

from fpcore.measures import COLUMNS
from fpcore.models import Account, Gender, RowKind
from fpcore.portfolio_makeup import MODERATE_FROM, MODERATE_TO, Insurers
from fpcore.row_kinds import UNKNOWN_ROW
from fpcore.rule_words import TOTAL
from ui import (
    address,
    map_cells,
    portfolio_charts,
    portfolio_lists,
    portfolio_map,
    queries,
    session,
    tables,
)
from ui.charts import CONFIG, LABEL_INKS
from ui.text import Text, is_unknown, safe

INSURERS_DRAWN = 20
"""So many insurers have a bar of their own; the others have one together."""
SIDES = (Gender.M, Gender.F)


def draw_ages(account: Account, text: Text, today: date) -> None:
    """Draw the age pyramid with the holders of a type; a click leads to the customers."""
    team = portfolio_lists.team(account, text)
    found = queries.age_pyramid(account, today, team)
    if found.empty:
        portfolio_map.draw_empty(text)
        return
    of = address.choice(
        "of", text("ages.of"), [TOTAL, *(one for one in COLUMNS if one != TOTAL)],
        lambda column: map_cells.column_name(column, text), segmented=True,
    )  # fmt: skip
    st.subheader(text("ages.title"), help=safe(text("ages.how")))
    drawn = _sides(found, of, text)
    figure = portfolio_charts.pyramid(
        drawn, text("gender.M"), text("gender.F"), _holding(of, text), LABEL_INKS[session.theme()]
    )
    clicked = _draw_figure(figure, f"ages {address.here()}", text("ages.alt"))
    with st.expander(text("portfolio.table")):
        st.dataframe(_ages_table(found, of, text), hide_index=True, height="content")
    clicked = clicked or _draw_other_genders(found, of, text)
    if clicked:
        row, gender, holding = clicked
        band = {"row_kind": RowKind.AGE_BAND.value, "row": row} if row else {}
        portfolio_lists.show(team, **band, gender=gender, **_holders(holding))


def draw_insurers(account: Account, text: Text, today: date) -> None:
    """Draw how much of the premiums each insurer has; a click leads to the customers."""
    team = portfolio_lists.team(account, text)
    with st.spinner(text("insurers.adding_up")):
        found = queries.insurers(account, today, team)
    if not found.cells["policies"].any():
        portfolio_map.draw_empty(text)
        return
    _draw_concentration(found, text)
    st.subheader(text("insurers.title"), help=safe(text("insurers.how", most=INSURERS_DRAWN)))
    figure = portfolio_charts.shares(_parts(found.cells, text), LABEL_INKS[session.theme()])
    clicked = _draw_figure(figure, f"insurers {address.here()}", text("insurers.alt"))
    st.caption(text("insurers.hint"))
    row = tables.clicked_row(
        _insurers_table(found.cells, text),
        f"insurers table {address.here()}",
        column_config={text("insurers.share"): tables.percent()},
    )
    insurer = found.cells["insurer"].iloc[row] if row is not None else (clicked or [None])[0]
    if insurer == UNKNOWN_ROW:
        portfolio_lists.show(team, unknown="insurer")
    elif insurer:
        portfolio_lists.show(team, row_kind=RowKind.INSURER.value, row=insurer)


def _draw_figure(figure, key: str, alt: str) -> list | None:
    event = st.plotly_chart(
        figure, config=CONFIG, on_select="rerun", selection_mode="points", key=key, alt=alt
    )
    return event.selection.points[0]["customdata"] if event.selection.points else None


def _holders(of: str) -> dict[str, str]:
    """The part of an address that asks for who holds a type, or any; nothing without one."""
    if of == TOTAL:
        return {"behind": "holding", "of": TOTAL}
    return {"holding": of} if of else {}


def _holding(of: str, text: Text) -> str:
    return text("behind_total.holding" if of == TOTAL else "behind.holding",
                type=map_cells.column_name(of, text))  # fmt: skip


def _sides(found: pd.DataFrame, of: str, text: Text) -> pd.DataFrame:
    """Give portfolio_charts.pyramid its frame: a row for each age and side, even of nobody."""
    counted = {(row["row"], row["gender"]): row for row in found.to_dict("records")}
    nobody = {"customers": 0, of: 0}
    rows = []
    for band in dict.fromkeys(found["row"].tolist()):
        for gender in SIDES:
            row = counted.get((band, gender), nobody)
            label = tables.row_label(band, RowKind.AGE_BAND, {}, text)
            counts = {"customers": f"{row['customers']:,}", "holders": f"{row[of]:,}"}
            rows.append(
                {
                    "label": label,
                    "side": gender.value,
                    "everybody": row["customers"],
                    "holders": row[of],
                    "hover": f"{label} · {text(f'gender.{gender}')}<br>"
                    + text("ages.hover", **counts, holding=_holding(of, text)),
                    "key": [band, gender.value, ""],
                    "holders_key": [band, gender.value, of],
                }
            )
    return pd.DataFrame(rows)


def _ages_table(found: pd.DataFrame, of: str, text: Text) -> pd.DataFrame:
    return pd.DataFrame(
        {
            text("row_kind.age_band"): [
                tables.row_label(row, RowKind.AGE_BAND, {}, text) for row in found["row"]
            ],
            text("field.gender"): [text(f"gender.{one}") for one in found["gender"]],
            text("figures.customers"): found["customers"].tolist(),
            _holding(of, text): found[of].tolist(),
        }
    )


def _draw_other_genders(found: pd.DataFrame, of: str, text: Text) -> list | None:
    """Draw those who stand on neither side; whose row was clicked."""
    others = found[~found["gender"].isin([one.value for one in SIDES])]
    if others.empty:
        return None
    by_gender = others.groupby("gender", sort=False)[["customers", of]].sum()
    st.caption(text("ages.others"))
    shown = pd.DataFrame(
        {
            text("field.gender"): [text(f"gender.{one}") for one in by_gender.index],
            text("figures.customers"): by_gender["customers"].tolist(),
            _holding(of, text): by_gender[of].tolist(),
        }
    )
    row = tables.clicked_row(shown, f"other genders {address.here()}")
    return None if row is None else ["", by_gender.index[row], ""]


def _draw_concentration(found: Insurers, text: Text) -> None:
    known = found.cells[found.cells["insurer"] != UNKNOWN_ROW]
    largest = known.iloc[0] if len(known) else None
    share = float("nan") if largest is None else largest["share"]
    first, second, third = st.columns(3)
    first.metric(text("insurers.number"), f"{len(known):,}", help=text("insurers.number_how"))
    second.metric(
        text("insurers.largest"), text.share(share), help=safe(text("insurers.largest_how")),
        delta=None if largest is None else safe(largest["insurer"]), delta_color="off",
        delta_arrow="off",
    )  # fmt: skip
    edges = {"low": f"{MODERATE_FROM:,}", "high": f"{MODERATE_TO:,}"}
    third.metric(
        text("insurers.index"), "?" if found.index is None else f"{found.index:,.0f}",
        help=safe(text("insurers.index_how", **edges)),
    )  # fmt: skip
    if found.level:
        st.markdown(text(f"concentration.{found.level}"))


def _parts(cells: pd.DataFrame, text: Text) -> pd.DataFrame:
    """Give portfolio_charts.shares its frame: the largest, the others together, the unknown."""
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
            text("figures.customers"): cells["customers"].tolist(),
        }
    )
