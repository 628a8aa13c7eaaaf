"""Lessons as safe HTML: Markdown, ruby, figures and checks (docs/content-format.md)."""

from lms.infra.markup.faults import Body, find_faults
from lms.infra.markup.lesson import LessonHtml, render_lesson

__all__ = ["Body", "LessonHtml", "find_faults", "render_lesson"]
