"""What the pages of courses share."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint

from lms.courses.models import Edition, Lesson, Part, Programme
from lms.courses.policy import (
    may_manage_edition,
    may_manage_programme,
)
from lms.courses.queries import (
    find_edition,
    find_lesson,
    find_part,
    find_programme,
)
from lms.courses.texts import (
    fault_text,
)
from lms.infra.db import unit_of_work
from lms.infra.web.access import current_actor, found
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.forms import TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel.errors import InvalidInputError, RefusedError

blueprint = Blueprint("courses", "lms.courses", template_folder="templates")


def own_edition(edition_id: str) -> Edition:
    """Return an edition that the actor looks after, or answer 404."""
    edition: Edition = found(find_edition(edition_id))
    found(may_manage_edition(current_actor(), edition) or None)
    return edition


def own_programme(programme_id: str) -> Programme:
    """Return a programme that the actor looks after, or answer 404."""
    programme: Programme = found(find_programme(programme_id))
    found(may_manage_programme(current_actor(), programme.id) or None)
    return programme


def own_part(part_id: str) -> Part:
    """Return a part of an edition that the actor looks after, or answer 404."""
    part: Part = found(find_part(part_id))
    own_edition(part.edition_id)
    return part


def own_lesson(lesson_id: str) -> tuple[Lesson, Part]:
    """Return a lesson with its part where the actor looks after both, or answer 404."""
    lesson: Lesson = found(find_lesson(lesson_id))
    return lesson, own_part(lesson.part_id)


def sent(form: TomoniForm, act: Callable[[], Any]) -> tuple[Any, int]:
    """Do an act with what a form gave: its result and 303, or the fault told and its status."""
    if not form.validate_on_submit():
        return None, 422
    try:
        with unit_of_work():
            return act(), 303
    except InvalidInputError as error:
        name = error.field if error.field in form else f"{error.field}_{ui_language()}"
        form.refuse(name, fault_text(error) or refusal_sentence(error))
        return None, 422
    except RefusedError as error:
        form.refuse("", refusal_sentence(error))
        return None, 409
