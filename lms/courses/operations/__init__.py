"""Writes of courses."""

from lms.courses.operations.cloning import ClonedEdition, clone_edition
from lms.courses.operations.drafting import draft_edition
from lms.courses.operations.editions import (
    EditionDays,
    EditionSettings,
    cancel_edition,
    close_edition,
    publish_edition,
    put_off_edition,
    unpublish_edition,
    update_edition,
)
from lms.courses.operations.parts import (
    LessonTexts,
    add_lesson,
    add_part,
    move_lesson,
    move_part,
    remove_lesson,
    remove_part,
    update_lesson,
    update_part,
)
from lms.courses.operations.programmes import (
    ProgrammeTexts,
    archive_programme,
    restore_programme,
    search_key_of,
    update_programme,
)

__all__ = [
    "ClonedEdition",
    "EditionDays",
    "EditionSettings",
    "LessonTexts",
    "ProgrammeTexts",
    "add_lesson",
    "add_part",
    "archive_programme",
    "cancel_edition",
    "clone_edition",
    "close_edition",
    "draft_edition",
    "move_lesson",
    "move_part",
    "publish_edition",
    "put_off_edition",
    "remove_lesson",
    "remove_part",
    "restore_programme",
    "search_key_of",
    "unpublish_edition",
    "update_edition",
    "update_lesson",
    "update_part",
    "update_programme",
]
