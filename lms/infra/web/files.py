"""Stored files as answers."""

from typing import cast

from flask import Response, make_response, redirect, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from lms.infra.current import current_settings, current_storage


def stored_answer(key: str, mimetype: str, *, download_name: str | None = None) -> Response:
    """Answer with a stored file from any store, Range requests included.

    With `download_name` it is to be kept under that name. Raises FileNotFoundError.
    """
    storage = current_storage()
    size, file = storage.size(key), storage.open(key)
    try:
        answer = send_file(
            file, mimetype=mimetype, as_attachment=download_name is not None,
            download_name=download_name, conditional=False, etag=False,
        )  # fmt: skip
        answer.content_length = size
        return cast(
            "Response", answer.make_conditional(request, accept_ranges=True, complete_length=size)
        )
    except RequestedRangeNotSatisfiable:
        file.close()
        raise


def leaving_answer(key: str, mimetype: str) -> Response:
    """Answer with a stored file that is worth nothing without its key, sent by others than us.

    The proxy before us sends it, or the store under an address that works for a minute; where
    there is neither we do. What may be read by whoever has it never goes this way.
    """
    prefix = current_settings().accel_prefix
    if prefix:
        answer = make_response(b"")
        answer.headers["X-Accel-Redirect"] = f"{prefix.rstrip('/')}/{key}"
        answer.mimetype = mimetype
        return answer
    address = current_storage().signed_address(key, mimetype)
    if address is None:
        return stored_answer(key, mimetype)
    return cast("Response", redirect(address, 302))
