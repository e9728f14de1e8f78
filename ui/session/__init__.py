"""Who sits before the browser, in which language, on which day, and the database they look at."""

from ui.session.process import database
from ui.session.sign_in import account, choose_language, sign_in_form, sign_out, signed_in
from ui.session.visitor import (
    draft,
    forget_draft,
    language,
    show,
    shown,
    theme,
    today,
)

__all__ = [
    "account",
    "choose_language",
    "database",
    "draft",
    "forget_draft",
    "language",
    "show",
    "shown",
    "sign_in_form",
    "sign_out",
    "signed_in",
    "theme",
    "today",
]
