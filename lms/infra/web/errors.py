"""Answers to what went wrong: a sentence and a way on; JSON for programs."""

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, current_app, jsonify, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from lms.infra.db import db
from lms.infra.storage import StorageError
from lms.infra.web.access import ask_to_sign_in, current_actor, in_signed_in_area
from lms.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError, RefusedError

log = structlog.get_logger()

RefusalText = Callable[[RefusedError | ForbiddenError | InvalidInputError], str | None]
_refusal_texts: list[RefusalText] = []


def add_refusal_text(text: RefusalText) -> None:
    """Register a feature's sentence for its own refusals (None: not mine)."""
    if text not in _refusal_texts:
        _refusal_texts.append(text)


def refusal_sentence(error: RefusedError | ForbiddenError | InvalidInputError) -> str:
    """Return the sentence for a refusal in the language in force."""
    for text in _refusal_texts:
        sentence = text(error)
        if sentence:
            return str(sentence)
    return str(_("That is not possible here."))


def _sentence(status: int) -> str:
    sentences = {
        400: _("This request could not be read."),
        401: _("Please sign in."),
        403: _("You may not do this."),
        404: _("There is nothing at this address."),
        405: _("This address does not take that kind of request."),
        409: _("That is not possible here."),
        413: _("What you sent is too large."),
        415: _("This kind of data is not read here."),
        422: _("Something in the form does not fit."),
        429: _("Too many attempts. Please wait a little."),
    }
    return str(
        sentences.get(status) or _("Something went wrong on our side. Please try again later.")
    )


def error_answer(status: int, sentence: str | None = None, code: str = "") -> Any:
    """Answer with a page, or JSON under /api/ and /media/."""
    text = sentence or _sentence(status)
    if request.path.startswith(("/api/", "/media/")):
        answer = jsonify(error=code or str(status), message=text)
        answer.status_code = status
        return answer
    page = render_template("errors/error.html", status=status, sentence=text)
    return page, status


_STATUS: dict[type[Exception], int] = {
    ForbiddenError: 403,
    RefusedError: 409,
    InvalidInputError: 422,
}


def _status_of(error: Exception) -> int:
    return next(status for kind, status in _STATUS.items() if isinstance(error, kind))


def _refused(error: Any) -> Any:
    db.session.rollback()
    return error_answer(_status_of(error), refusal_sentence(error), error.code)


def _missing(_error: Exception) -> Any:
    return _not_found()


def _unstorable(_error: Exception) -> Any:
    """Answer input that no table can hold (a NUL in a text, a number out of all range)."""
    if request.method == "GET":
        return _not_found()
    db.session.rollback()
    return error_answer(422)


def _without_token(_error: Exception) -> Any:
    sentence = _("This page was open for too long. Please go back and try again.")
    return error_answer(400, sentence, "csrf")


def _http(error: HTTPException) -> Any:
    if error.code == 404:  # noqa: PLR2004 - the status itself
        return _not_found()
    if error.code is None or error.response is not None or error.code < 400:  # noqa: PLR2004 - redirects pass
        return error
    return error_answer(error.code, code=str(error.code))


def _store_away(error: Exception) -> Any:
    """Answer that stored files cannot be reached now; which and why is for the log."""
    db.session.rollback()
    log.error("store_away", endpoint=request.endpoint, sentence=str(error))
    return error_answer(503, _("Files cannot be reached at the moment. Please try again soon."))


def _crashed(error: Exception) -> Any:
    db.session.rollback()
    if current_app.testing:
        raise error
    log.error("request_failed", endpoint=request.endpoint, exc_info=error)
    return error_answer(500)


def install_errors(app: Flask) -> None:
    """Register the handlers."""
    for kind in _STATUS:
        app.register_error_handler(kind, _refused)
    app.register_error_handler(NotFoundError, _missing)
    app.register_error_handler(DataError, _unstorable)
    app.register_error_handler(CSRFError, _without_token)
    app.register_error_handler(StorageError, _store_away)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _crashed)


def _not_found() -> Any:
    db.session.rollback()
    if not current_actor().signed_in and in_signed_in_area(request.path):
        return ask_to_sign_in()
    return error_answer(404, code="not_found")
