"""Handing a message over: to an SMTP server, or in the demo to a folder."""

import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path

from lms.config import Settings

_TIMEOUT_SECONDS = 30
_OUR_OWN_FAULT = frozenset({530, 534, 535, 538})  # sign-in to the server: an operator mends it


class TemporaryMailError(Exception):
    """Not now: the server is away or busy. `code` says why."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class PermanentMailError(Exception):
    """Never: the other side refuses this mail. `code` says why."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


def deliver(message: EmailMessage, name: str, settings: Settings) -> None:
    """Hand the message over. `name` is the same for the same mail at every attempt.

    Raises TemporaryMailError or PermanentMailError.
    """
    if settings.mail_folder is not None:
        _drop(message, name, settings.mail_folder)
    elif settings.smtp_host:
        _send(message, settings)
    else:
        raise TemporaryMailError("no_mail_server_set")


def _drop(message: EmailMessage, name: str, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{name}.part"
        part.write_bytes(message.as_bytes())
        part.replace(folder / f"{name}.eml")
    except OSError as error:
        raise TemporaryMailError(f"folder: {error.strerror}") from error


def _send(message: EmailMessage, settings: Settings) -> None:
    try:
        with smtplib.SMTP(
            settings.smtp_host, settings.smtp_port, timeout=_TIMEOUT_SECONDS
        ) as server:
            if settings.smtp_starttls:
                server.starttls(context=ssl.create_default_context())
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise _fault(code, text) from error
    except smtplib.SMTPResponseException as error:
        raise _fault(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPNotSupportedError as error:
        raise TemporaryMailError(f"server lacks: {error}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise TemporaryMailError(f"{type(error).__name__}") from error


def _fault(code: int, text: bytes | str) -> TemporaryMailError | PermanentMailError:
    told = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    line = f"{code} {' '.join(told.split())}"[:200]
    if code >= 500 and code not in _OUR_OWN_FAULT:  # noqa: PLR2004 - SMTP: 5xx is for good
        return PermanentMailError(line)
    return TemporaryMailError(line)
