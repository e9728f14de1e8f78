"""How the store writes SQL."""


def quoted(text: str, mark: str = "'") -> str:
    """Quote text as SQL does: a value with ', the name of a table or column with "."""
    return mark + text.replace(mark, mark * 2) + mark
