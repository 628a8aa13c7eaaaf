"""Telling rightsholders: the letter with its link, the code, the copy. They need no account."""

from typing import Any

from lms.infra.mail.outbox import Recipient, queue_mail
from lms.notifications import queries
from lms.notifications.operations.telling import tell_staff
from lms.rights.events import (
    ConsentAnswered,
    ConsentAsked,
    ConsentCodeAsked,
    ConsentDocumented,
    WithdrawalReceived,
)


def _write(
    request_id: str, template: str, key: str, params: dict[str, Any], secrets: dict[str, str]
) -> None:
    words = queries.consent_words(request_id)
    if words is None:
        return
    told = {
        **words.params,
        **params,
        "on_behalf_of": "",
        "reader_zone": "Asia/Tokyo",
        **({"secrets": secrets} if secrets else {}),
    }
    recipient = Recipient(
        address=words.address,
        name=words.name,
        language=words.language,
        person_id=words.person_id,
    )
    queue_mail(recipient, template, told, dedup_key=f"{template}:{request_id}:{key}")


def tell_consent_asked(event: ConsentAsked) -> None:
    """Send the letter with its link; or a reminder, which has no link of its own."""
    if event.days is None:
        key = event.at.isoformat(timespec="microseconds")
        _write(event.request_id, "consent_request", key, {}, {"link": event.secret})
    else:
        params = {"days": event.days}
        _write(event.request_id, "consent_reminder", str(event.days), params, {})


def tell_consent_code(event: ConsentCodeAsked) -> None:
    """Send the code to the address the federation has, wherever the link went."""
    key = event.at.isoformat(timespec="microseconds")
    _write(event.request_id, "consent_code", key, {}, {"code": event.code})


def tell_consent_copy(event: ConsentDocumented) -> None:
    """Send the receipt: what was answered, and the fingerprint of the copy."""
    key = event.at.isoformat(timespec="microseconds")
    secrets = {"link": event.secret} if event.secret else {}
    _write(event.request_id, "consent_receipt", key, {}, secrets)


def tell_withdrawal(event: WithdrawalReceived) -> None:
    """Send the receipt of a withdrawal to the rightsholder, with an account or without."""
    words = queries.withdrawal_words(event.agreement_id)
    if words is None:
        return
    params = {
        **words.params,
        "receipt": event.withdrawal_id,
        "actions": list(event.actions),
        "at": event.at.isoformat(),
        **({"secrets": {"link": event.secret}} if event.secret else {}),
    }
    key = f"{event.agreement_id}:{event.withdrawal_id}"
    if not words.address and words.person_id:
        tell_staff([words.person_id], "consent_withdrawn", params, key=key)
        return
    queue_mail(
        Recipient(words.address, words.name, words.language, person_id=words.person_id),
        "consent_withdrawn",
        {**params, "on_behalf_of": "", "reader_zone": "Asia/Tokyo"},
        dedup_key=f"consent_withdrawn:{key}",
    )


def tell_staff_of_answer(event: ConsentAnswered) -> None:
    """Tell who asked, or else those who look after the recordings, that an answer came."""
    words = queries.consent_words(event.request_id)
    if words is not None:
        params = {**words.params, "holder": words.holder}
        key = f"{event.request_id}:{event.at.isoformat(timespec='microseconds')}"
        tell_staff(queries.consent_staff_ids(event.request_id), "consent_answered", params, key=key)
