"""Asking a service over HTTP: JSON in and out, with a limit of time, and no redirects followed."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from typing_extensions import override

from lms.kernel import clock
from lms.sessions.providers.interface import (
    ServiceFault,
    ServiceRefusedError,
    ServiceUnavailableError,
)

MOST = 20_000_000
"""Bytes of an answer that are read."""

_BUSY, _UNAUTHORISED, _FORBIDDEN, _MISSING, _SERVER = 429, 401, 403, 404, 500


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A service that sends elsewhere is not the one that was set up: its answer is refused."""

    @override
    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


@dataclass(frozen=True, slots=True)
class Request:
    """One question. `body` is sent as it is, with the type that `headers` name."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


def ask(request: Request, timeout: float) -> dict[str, Any]:
    """Send a request and return the object that was answered ({} for an empty answer).

    Raises ServiceUnavailableError (no connection, no answer in `timeout` seconds, 429, 5xx, an
    answer that is no JSON object) and ServiceRefusedError (every other answer than 2xx).
    """
    if not request.url.startswith(("https://", "http://")):
        raise ValueError("A service has an address of the web.")
    sent = urllib.request.Request(  # noqa: S310 - looked at just above
        request.url, request.body, dict(request.headers), method=request.method
    )
    try:
        with _OPENER.open(sent, timeout=timeout) as answer:
            return _read(answer.read(MOST))
    except urllib.error.HTTPError as error:
        raise _fault(error) from None
    except (OSError, http.client.HTTPException):
        raise ServiceUnavailableError(ServiceFault.UNREACHABLE) from None


def _read(data: bytes) -> dict[str, Any]:
    if not data.strip():
        return {}
    try:
        found = json.loads(data)
    except ValueError:
        raise ServiceUnavailableError(ServiceFault.DOWN) from None
    if not isinstance(found, dict):
        raise ServiceUnavailableError(ServiceFault.DOWN)
    return found


def _fault(error: urllib.error.HTTPError) -> ServiceUnavailableError | ServiceRefusedError:
    with error:
        pause = pause_of(error.headers.get("Retry-After", ""), clock.now())
        if error.code == _BUSY:
            return ServiceUnavailableError(ServiceFault.BUSY, pause)
        if error.code >= _SERVER:
            return ServiceUnavailableError(ServiceFault.DOWN, pause)
        try:
            code = _read(error.read(MOST)).get("code", 0)
        except (ServiceUnavailableError, OSError, http.client.HTTPException):
            code = 0
    kinds = {
        _UNAUTHORISED: ServiceFault.CREDENTIALS,
        _FORBIDDEN: ServiceFault.CREDENTIALS,
        _MISSING: ServiceFault.MISSING,
    }
    fault = kinds.get(error.code, ServiceFault.REFUSED)
    return ServiceRefusedError(fault, error.code, code if isinstance(code, int) else 0)


def pause_of(text: str, at: datetime) -> timedelta | None:
    """Return the pause that `Retry-After` names: seconds, a date of HTTP, or one of ISO 8601.

    None where it names none that is to come (RFC 9110, 10.2.3).
    """
    text = text.strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 7 * 86_400))
    until = _moment(text)
    return until - at if until is not None and until > at else None


def _moment(text: str) -> datetime | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text)
        except ValueError:
            continue
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return None
