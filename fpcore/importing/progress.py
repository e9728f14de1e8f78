"""Follow a running import from another thread, and stop it."""

import threading
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager

from fpcore.errors import ImportCancelled
from fpcore.store import database
from fpcore.store.connecting import Interrupted
from fpcore.store.database import Cursor


class Progress:
    """How far an import is. The importing thread calls `begin`, `watch`, `step`, `done` and
    `last_step`; any other reads `step_name` and `share`, and may `cancel`.

    A step is called `name` or `name:part`; the parts of a name are one step to people.
    """

    def __init__(self) -> None:
        self.is_cancelled = False
        self._lock = threading.Lock()
        self._weights: dict[str, float] = {}
        self._followed: frozenset[str] = frozenset()
        self._step = ""
        self._done = 0.0
        self._cursor: Cursor | None = None

    def begin(self, weights: Mapping[str, float], followed: Iterable[str] = ()) -> None:
        """Name the steps to come, each with its weight in time.

        `followed` are steps of one statement: DuckDB says how far it is.
        """
        self._weights, self._followed = dict(weights), frozenset(followed)
        self.step(next(iter(weights)))

    def watch(self, cursor: Cursor) -> None:
        """Follow the statements of this cursor."""
        database.follow(cursor)
        with self._lock:
            self._cursor = cursor

    def step(self, name: str) -> None:
        """Enter a step. Errors: ImportCancelled."""
        self._step, self._done = name, 0.0
        if self.is_cancelled:
            raise ImportCancelled()

    def last_step(self, name: str) -> None:
        """Enter a step that is carried through: a commit that is interrupted may have been done.

        Errors: ImportCancelled.
        """
        with self._lock:
            self.step(name)
            self._cursor = None

    def done(self, share: float) -> None:
        """Say how much of the step is done. Errors: ImportCancelled."""
        self._done = share
        if self.is_cancelled:
            raise ImportCancelled()

    @property
    def step_name(self) -> str:
        """The step that runs."""
        return self._step.partition(":")[0]

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1: by the weights of the steps and the share of this one."""
        names = list(self._weights)
        if self._step not in names:
            return 0.0
        before = sum(self._weights[name] for name in names[: names.index(self._step)])
        within = self._of_statement() if self._step in self._followed else self._done
        return (before + self._weights[self._step] * within) / sum(self._weights.values())

    def _of_statement(self) -> float:
        with self._lock:
            percent = self._cursor.query_progress() if self._cursor is not None else -1
        return min(max(percent, 0.0), 100.0) / 100

    def cancel(self) -> None:
        """Stop the import as soon as may be: nothing of it is stored."""
        with self._lock:
            self.is_cancelled = True
            if self._cursor is not None:
                self._cursor.interrupt()

    @contextmanager
    def cancellable(self) -> Generator[None]:
        """Turn an interrupted statement into ImportCancelled; nothing is interrupted afterwards."""
        try:
            yield
        except Interrupted as error:
            raise ImportCancelled() from error
        finally:
            with self._lock:
                self._cursor = None
