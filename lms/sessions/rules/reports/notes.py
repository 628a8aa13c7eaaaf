"""Doubts about a report, those of one kind told together."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from lms.sessions.rules.reports.report import ReportWarning, Warned

_TOLD: Final = 10  # rows or names that a warning names
_LONGEST: Final = 80  # characters of a text that a warning repeats
_MORE: Final = "\u2026"


@dataclass(slots=True)
class _Note:
    rows: set[int] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    params: dict[str, str | int] = field(default_factory=dict)


class Notes:
    """Takes doubts in, gives warnings out."""

    def __init__(self) -> None:
        """Begin without any."""
        self._notes: dict[Warned, _Note] = {}

    def warn(
        self,
        code: Warned,
        *,
        rows: Iterable[int] = (),
        names: Iterable[str] = (),
        **params: str | int,
    ) -> None:
        """Note a doubt; those of one kind are told together."""
        note = self._notes.setdefault(code, _Note())
        note.rows.update(rows)
        note.names.extend(names)
        for name, value in params.items():
            note.params.setdefault(name, value[:_LONGEST] if isinstance(value, str) else value)

    def warnings(self) -> tuple[ReportWarning, ...]:
        """Return one warning for each kind of doubt."""
        return tuple(
            ReportWarning(code, _params(self._notes[code]))
            for code in Warned
            if code in self._notes
        )


def _params(note: _Note) -> dict[str, str | int]:
    """Return what fills the sentence of a doubt."""
    params = dict(note.params)
    if note.rows:
        rows = sorted(note.rows)
        shown = ", ".join(map(str, rows[:_TOLD])) + (f", {_MORE}" if len(rows) > _TOLD else "")
        params |= {"count": len(rows), "rows": shown}
    if note.names:
        names = list(dict.fromkeys(name[:_LONGEST] for name in note.names))
        shown = "; ".join(names[:_TOLD]) + (f"; {_MORE}" if len(names) > _TOLD else "")
        params |= {"count": len(names), "names": shown}
    return params
