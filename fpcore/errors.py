"""What can go wrong, one class a cause.

An error carries a code and its particulars, not a sentence: `fpcore.wording` turns both into one,
in the reader's language.
"""

from typing import TypeVar

T = TypeVar("T")


class FpError(Exception):
    """The base of every error that a person is told about."""

    code = "error"

    def __init__(self, code: str | None = None, **particulars: object) -> None:
        self.code = code or type(self).code
        self.particulars = particulars
        super().__init__(self.code, particulars)


class DatabaseBusy(FpError):
    """Another process holds the database file (particulars: path, pid)."""

    code = "database_busy"


class DatabaseMissing(FpError):
    """There is no database file yet (particulars: path)."""

    code = "database_missing"


class DatabaseUnusable(FpError):
    """The file is not a database this program can open (particulars: path)."""

    code = "database_unusable"


class DatabaseNewer(FpError):
    """A newer version of this program made the file (particulars: path)."""

    code = "database_newer"


class DatabaseNotCopied(FpError):
    """The copy that must be there before tables are changed could not be made (particulars:
    path); nothing was changed."""

    code = "database_not_copied"


class NotFound(FpError):
    """No such record, or none that this account may see: the two read the same."""

    code = "not_found"


class NotAllowed(FpError):
    """The account may see the record but not do this to it."""

    code = "not_allowed"


class InvalidInput(FpError):
    """Some fields cannot be taken; `problems` is a list of (field, code, particulars)."""

    code = "invalid_input"

    def __init__(self, problems: list[tuple[str, str, dict]]) -> None:
        self.problems = problems
        super().__init__(fields=", ".join(field for field, _, _ in problems))


class UnreadableFile(FpError):
    """The uploaded file cannot be read as a book; the code says why."""

    code = "file_unreadable"


class InvalidSettings(FpError):
    """A file that people edit cannot be taken (particulars: file, field). `problem` is the code of
    what is wrong, with `given`: its words stand with those of the problems of fields."""

    code = "settings_invalid"

    def __init__(
        self,
        file: str,
        field: str,
        problem: str,
        given: dict[str, str] | None = None,
        **particulars: object,
    ) -> None:
        self.problem = problem
        self.given = given or {}
        super().__init__(None, file=file, field=field, **particulars)


class InvalidRules(InvalidSettings):
    """A gap rule cannot be taken (particulars: file, rule, field)."""

    code = "rules_invalid"

    def __init__(
        self, file: str, rule: str, field: str, problem: str, given: dict[str, str] | None = None
    ) -> None:
        super().__init__(file, field, problem, given, rule=rule)


class ConsentWithdrawn(FpError):
    """The customer withdrew the consent to collection: nothing of them is shown any more
    (particulars: withdrawn_on, destroy_by). `is_masked`: the account has no right to their name,
    so that there is nothing it may do for them."""

    code = "consent_withdrawn"

    def __init__(self, is_masked: bool = False, **particulars: object) -> None:
        self.is_masked = is_masked
        super().__init__(None, **particulars)


class EditedMeanwhile(FpError):
    """Somebody changed the record since it was read: `changes` says what, by whom and when.

    `ver` is the version of the record now; whoever saves over it says that version.
    """

    code = "edited_meanwhile"

    def __init__(self, changes: list, ver: int) -> None:
        self.changes = changes
        self.ver = ver
        super().__init__()


class ErasureUnfinished(FpError):
    """The person is deleted, but the file still holds their bytes: it could not be rewritten.
    The next opening does it."""

    code = "erasure_unfinished"


class UndoNotPossible(FpError):
    """Only an import that is done can be undone (particulars: state)."""

    code = "undo_not_possible"


class ImportCancelled(FpError):
    """Somebody stopped the import; nothing of it is stored."""

    code = "import_cancelled"


def certain(value: T | None) -> T:
    """Give a value that is there, for a reason that its type does not tell."""
    if value is None:
        raise AssertionError("a value is missing that is always there")
    return value
