"""The browser's session: begun anew at sign-in, emptied at sign-out."""

from flask import session


def begin_session(person_id: str, epoch: int) -> None:
    """Sign the browser in. Nothing of the session before it lives on but a chosen language."""
    language = session.get("language")
    session.clear()
    session["person"] = person_id
    session["epoch"] = epoch
    if language:
        session["language"] = language
    session.permanent = True


def end_session() -> None:
    """Sign the browser out."""
    session.clear()
