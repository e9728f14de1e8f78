"""How columns of heatmaps, and who is behind their cells, are called."""

from fpcore.facts.types import TOTAL
from ui.text import Text


def column_name(column: str, text: Text) -> str:
    """Name a column: one of the six types, or all of them."""
    return text("map.all_types") if column == TOTAL else text(f"type.{column}")


def behind(measure: str, column: str, since: object, text: Text) -> str:
    """Say who is behind the cells of a measure and column."""
    if column == TOTAL:
        return text(f"behind_total.{measure}", since=since)
    return text(f"behind.{measure}", type=column_name(column, text), since=since)
