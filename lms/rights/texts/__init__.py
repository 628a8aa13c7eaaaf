"""Codes and enums of rights -> sentences. `codes` needs no Flask, `desk` speaks in a request."""

from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError
from lms.rights.texts.codes import (
    CHANGE_TEXTS,
    DETAIL_TEXTS,
    STAFF_TEXTS,
    VIEWER_TEXTS,
    change_sentence,
    message_of,
    staff_sentence,
    viewer_sentence,
)

__all__ = [
    "CHANGE_TEXTS",
    "DETAIL_TEXTS",
    "STAFF_TEXTS",
    "VIEWER_TEXTS",
    "change_sentence",
    "message_of",
    "refusal_text",
    "staff_sentence",
    "viewer_sentence",
]


def refusal_text(error: RefusedError | ForbiddenError | InvalidInputError) -> str | None:
    """Return the sentence for a refusal of this feature, or None."""
    from lms.rights.texts.backlog import shelf_sentence_of  # noqa: PLC0415 - as below
    from lms.rights.texts.consent import consent_refusal_of  # noqa: PLC0415 - as below
    from lms.rights.texts.desk import refusal_sentence_of  # noqa: PLC0415 - commands need no Flask
    from lms.rights.texts.segments import segment_refusal_of  # noqa: PLC0415 - as above

    return (
        refusal_sentence_of(error)
        or segment_refusal_of(error)
        or consent_refusal_of(error)
        or shelf_sentence_of(error)
    )
