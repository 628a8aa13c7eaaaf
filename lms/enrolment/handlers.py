"""What enrolment does when an edition changes; in the same transaction."""

from collections.abc import Callable, Mapping
from typing import Any

from lms.courses.events import (
    EditionCancelled,
    EditionChanged,
    EditionPublished,
    EditionUnpublished,
)
from lms.enrolment import operations
from lms.kernel.actor import SYSTEM


def settle(event: EditionChanged) -> None:
    """Let the list move: there may be more seats, another day, another approval."""
    operations.settle_edition_change(event.edition_id, actor=SYSTEM, at=event.at)


def move_list(event: EditionPublished) -> None:
    """Serve the waiting list first when an edition opens again."""
    operations.promote_waiting(event.edition_id, actor=SYSTEM, at=event.at)


def refuse_unpublishing(event: EditionUnpublished) -> None:
    """Keep the page of a course in which people have a seat."""
    operations.refuse_unpublishing(event.edition_id, actor=SYSTEM, at=event.at)


def cancel_all(event: EditionCancelled) -> None:
    """End every enrolment in what will not take place."""
    operations.cancel_enrolments(event.edition_id, actor=SYSTEM, at=event.at)


HANDLERS: Mapping[type, tuple[Callable[[Any], None], ...]] = {
    EditionChanged: (settle,),
    EditionPublished: (move_list,),
    EditionUnpublished: (refuse_unpublishing,),
    EditionCancelled: (cancel_all,),
}
