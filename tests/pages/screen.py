"""What a person reads on a page that AppTest ran."""

import plotly.graph_objects as go
from agency import TODAY

from fpcore import wording
from fpcore.access import accounts
from fpcore.models import ConsentKind
from fpcore.portfolio import customer_list
from fpcore.portfolio.filters import CustomerFilter

FOLDS = [
    "gaps unknown", "gaps fine", "gaps history", "add contact", "earlier contacts", "ended",
    "export", "delete", "saved filters",
    *(f"{word} consent {kind}" for word in ("give", "withdraw") for kind in ConsentKind),
    *(f"why {key.removeprefix('rule.')}" for key in wording.catalogue("ko") if key[:5] == "rule."),
]  # fmt: skip
"""What is folded away on the pages of customers: the tests see it open."""


def texts(at) -> str:
    """Everything that a page says in words, tables and charts left out."""
    kinds = (
        at.title,
        at.subheader,
        at.markdown,
        at.caption,
        at.info,
        at.success,
        at.error,
        at.metric,
    )
    return "\n".join(f"{getattr(e, 'label', '')} {e.value}" for kind in kinds for e in kind)


def listed(at) -> list[str]:
    """The names in the customer list."""
    return at.dataframe[0].value.iloc[:, 0].tolist() if at.dataframe else []


def id_of(db, name: str) -> str:
    found = customer_list.find(db, accounts.OPERATOR, CustomerFilter(search=name), TODAY)
    return str(found.rows["id"][0])


def parsed(figure: go.Figure) -> go.Figure:
    """A figure as Plotly reads it."""
    return go.Figure(figure.to_dict(), _validate=False)
