"""What stands around a map in words: its heading, what a click does, how it was made."""

import streamlit as st

from fpcore.config import settings
from fpcore.models import RowKind
from fpcore.portfolio.measures import Unit
from ui.portfolio.map_contents import Asked, Map
from ui.text import Text, safe


def hint(asked: Asked, text: Text) -> str:
    """Say what a click does, and what the small number is."""
    behind = text(f"behind.{asked.measure}", type=text("behind.any"), since=asked.since)
    return safe(text("map.hint", behind=behind))


def heading(asked: Asked, text: Text) -> str:
    """Name a map: measure, team and day."""
    return text(
        "map.heading",
        measure=text(f"measure.{asked.measure}"),
        team=asked.team or text("map.everybody"),
        day=text.day(asked.valued_on),
    )


def draw_how(book_map: Map, key: str, text: Text) -> None:
    """Draw the (i) that says how the numbers were made, and who was left out."""
    with st.popover("", icon=":material/info:", type="tertiary", help=text("map.how"), key=key):
        st.markdown(f"**{safe(text(f'measure.{book_map.asked.measure}'))}**")
        st.markdown("\n".join(f"* {safe(note)}" for note in how(book_map, text)))


def how(book_map: Map, text: Text) -> list[str]:
    """Say in words how the numbers of a map were made."""
    asked, day = book_map.asked, text.day(book_map.asked.valued_on)
    notes = [
        text(f"how.{asked.measure}", since=asked.since),
        text("map.how_customers", customers=f"{book_map.customers:,}", day=day),
        left_out(book_map, text),
    ]
    if book_map.unit is Unit.AMOUNT:
        notes.append(text("map.how_currency", currency=asked.currency))
    if asked.rows is RowKind.INSURER:
        notes.append(text("map.how_rows_overlap"))
    if book_map.has_totals:
        notes.append(text("map.how_totals"))
    notes.append(text("map.how_small", smallest=settings.current().smallest_group))
    return [*notes, text("map.how_signs"), text("map.how_withdrawn")]


def left_out(book_map: Map, text: Text) -> str:
    """Say of how many customers something is not known, column by column, and why they count."""
    if not book_map.left_out:
        return text("map.how_nobody_left_out")
    counts = ", ".join(
        f"{name} {text('map.count', n=f'{count:,}')}".strip()
        for name, count in book_map.left_out.items()
    )
    return text("map.how_left_out", why=text(f"how_left_out.{book_map.asked.measure}"), list=counts)


def for_sheet(book_map: Map, text: Text) -> list[tuple[str, str]]:
    """Say how a map was made in the lines above its table: what each is about, and the words."""
    asked = book_map.asked
    customers = text("map.customers", customers=f"{book_map.customers:,}")
    notes = [
        (text("map.note_day"), text.day(asked.valued_on)),
        (text("map.note_scope"), f"{asked.team or text('map.everybody')}, {customers}"),
    ]
    if asked.since:
        notes.append((text("map.note_since"), text.day(asked.since)))
    notes.append((text("map.note_how"), text(f"how.{asked.measure}", since=asked.since)))
    if book_map.unit is Unit.AMOUNT:
        notes.append(("", text("map.how_currency", currency=asked.currency)))
    return [*notes, (text("map.note_left_out"), left_out(book_map, text))]
