"""What the rightsholders of a recording let be made of it, as their forms say."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, select

from lms.infra.db import db
from lms.kernel.clock import day_in
from lms.rights.models import Agreement
from lms.rights.rules.adapting import SignedTerms, sum_up_makings
from lms.rights.rules.consent import ConsentTerms

#: What stands of a signed form in a row; see `makings_of`.
SIGNED_FORM: Final = (
    Agreement.id, Agreement.lineage, Agreement.signed_at, Agreement.answers,
)  # fmt: skip
#: The signed agreements for the whole of a recording. A third party's part is left out here:
#: whether it is shown at all is the decision's.
IS_SIGNED: Final = and_(
    Agreement.scope == "whole", Agreement.status == "signed", Agreement.signed_at.is_not(None)
)


def find_makings(recording_id: str, at: datetime) -> frozenset[str]:
    """Return which of `rules.adapting.MAKINGS` all rightsholders of the whole allow. One query."""
    rows = db.session.execute(
        select(*SIGNED_FORM).where(Agreement.recording_id == recording_id, IS_SIGNED)
    )
    return makings_of((tuple(row) for row in rows), at)


def makings_of(rows: Iterable[Sequence[Any]], at: datetime) -> frozenset[str]:
    """Return what signed forms allow together, from rows of `SIGNED_FORM` (None: none)."""
    signed = []
    for key, lineage, signed_at, answers in rows:
        said = (answers or {}).get("given") or (answers or {}).get("asked")
        if said:
            signed.append(SignedTerms(lineage, signed_at, ConsentTerms.from_json(said), key))
    return sum_up_makings(signed, day_in(at))


def may_make(recording_id: str, making: str, at: datetime) -> bool:
    """Whether all rightsholders who answered a form allow one of MAKINGS. One query."""
    return making in find_makings(recording_id, at)


def list_signed_answers(recording_id: str) -> list[tuple[str, dict[str, Any]]]:
    """Return (name of the rightsholder, answers) of all signed agreements, oldest first."""
    rows = db.session.execute(
        select(Agreement.holder_name, Agreement.answers)
        .where(Agreement.recording_id == recording_id, Agreement.status == "signed")
        .order_by(Agreement.created_at, Agreement.id)
    )
    return [(name, answers or {}) for name, answers in rows]
