"""The age pyramid of the whole book: who holds a type, by age and gender, and who does not."""

from datetime import date

import pandas as pd
import streamlit as st

from fpcore.facts.types import TOTAL
from fpcore.models import Account, Gender, Measure, RowKind
from fpcore.portfolio.measures import COLUMNS
from ui import address, queries, session, tables
from ui.charts import LABEL_INKS
from ui.portfolio import bar_charts, lists, phrases
from ui.text import Text, safe

SIDES = (Gender.M, Gender.F)
PARTS = (Measure.HOLDING, Measure.LACKING)
"""The parts of a bar, as measures of who is behind them."""


def draw(account: Account, text: Text, today: date) -> None:
    """Draw the age pyramid, who holds a type and who does not; a click leads to the customers."""
    team = lists.team(account, text)
    found = queries.age_pyramid(account, today, team)
    if found.empty:
        lists.draw_empty(text)
        return
    of = address.choice(
        "of", text("ages.of"), [TOTAL, *(one for one in COLUMNS if one != TOTAL)],
        lambda column: phrases.column_name(column, text), segmented=True,
    )  # fmt: skip
    st.subheader(text("ages.title"), help=safe(text("ages.how")))
    figure = bar_charts.pyramid(
        _sides(found, of, text), text("gender.M"), text("gender.F"),
        *(_behind(part, of, text) for part in PARTS), ink=LABEL_INKS[session.theme()],
    )  # fmt: skip
    clicked = lists.clicked(figure, f"ages {address.here()}", text("ages.alt"))
    clicked = clicked or _draw_ages_table(found, of, text) or _draw_other_genders(found, of, text)
    if clicked:
        row, gender, part = clicked
        band = {"row_kind": RowKind.AGE_BAND.value, "row": row} if row else {}
        in_part = lists.of_measure(Measure(part), of) if part else {}
        lists.show(team, **band, gender=gender, **in_part)


def _behind(part: str, of: str, text: Text) -> str:
    return phrases.behind(part, of, None, text)


def _sides(found: pd.DataFrame, of: str, text: Text) -> pd.DataFrame:
    """Give bar_charts.pyramid its frame: a row for each age and side, even of nobody."""
    counted = {(row["row"], row["gender"]): row for row in found.to_dict("records")}
    nobody = {"customers": 0, of: 0}
    rows = []
    for band in dict.fromkeys(found["row"].tolist()):
        for gender in SIDES:
            row = counted.get((band, gender), nobody)
            holders, others = row[of], row["customers"] - row[of]
            label = tables.row_label(band, RowKind.AGE_BAND, {}, text)
            rows.append(
                {
                    "label": label,
                    "side": gender.value,
                    "holders": holders,
                    "others": others,
                    "hover": _hover(
                        f"{label} · {text(f'gender.{gender}')}", holders, others, of, text
                    ),
                    "holders_key": [band, gender.value, Measure.HOLDING.value],
                    "others_key": [band, gender.value, Measure.LACKING.value],
                }
            )
    return pd.DataFrame(rows)


def _hover(title: str, holders: int, others: int, of: str, text: Text) -> str:
    """Say of a bar how many customers it is, and of each part how many and which share."""
    everybody = holders + others
    lines = [title, text("ages.hover", customers=f"{everybody:,}")]
    for part, n in zip(PARTS, (holders, others), strict=True):
        share = text.share(n / everybody if everybody else float("nan"))
        said = _behind(part, of, text)
        lines.append(text("ages.hover_part", part=said, n=f"{n:,}", share=share))
    return "<br>".join(lines)


def _draw_ages_table(found: pd.DataFrame, of: str, text: Text) -> list | None:
    """Draw the counts as a table, for those who read tables and for screen readers; whose row was
    clicked."""
    ages = [tables.row_label(row, RowKind.AGE_BAND, {}, text) for row in found["row"]]
    shown = pd.DataFrame({text("row_kind.age_band"): ages, **_counts(found, of, text)})
    with st.expander(text("portfolio.table")):
        row = tables.clicked_row(shown, f"ages table {address.here()}")
    return None if row is None else [*found[["row", "gender"]].iloc[row], ""]


def _counts(found: pd.DataFrame, of: str, text: Text) -> dict[str, list]:
    """The columns of a table that count by gender who holds a type and who does not."""
    parts = (found[of], found["customers"] - found[of])
    return {
        text("field.gender"): [text(f"gender.{one}") for one in found["gender"]],
        text("figures.customers"): found["customers"].tolist(),
        **{
            _behind(part, of, text): counts.tolist()
            for part, counts in zip(PARTS, parts, strict=True)
        },
    }


def _draw_other_genders(found: pd.DataFrame, of: str, text: Text) -> list | None:
    """Draw those who stand on neither side; whose row was clicked."""
    others = found[~found["gender"].isin([one.value for one in SIDES])]
    if others.empty:
        return None
    by_gender = others.groupby("gender", sort=False, as_index=False)[["customers", of]].sum()
    st.caption(text("ages.others"))
    shown = pd.DataFrame(_counts(by_gender, of, text))
    row = tables.clicked_row(shown, f"other genders {address.here()}")
    return None if row is None else ["", by_gender["gender"].iloc[row], ""]
