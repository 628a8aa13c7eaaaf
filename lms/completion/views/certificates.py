"""Certificates to fetch, and the public page that verifies one."""

import hashlib
import io
import json
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import quote

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _

from lms.completion.errors import CompletionRefusedError
from lms.completion.models import Certificate
from lms.completion.operations import print_certificate
from lms.completion.operations.printing import TEMPLATE
from lms.completion.policy import may_fetch_certificate
from lms.completion.queries import find_certificate, find_certificate_by_code
from lms.completion.rules import masked_name
from lms.completion.texts import certificate_file_name, certificate_words
from lms.completion.views.blueprint import blueprint
from lms.infra.current import current_settings, current_storage
from lms.infra.db import db
from lms.infra.i18n import LANGUAGES
from lms.infra.site import read_site
from lms.infra.web.access import PUBLIC, SIGNED_IN, access, current_actor, found
from lms.infra.web.locale import ui_language
from lms.kernel.localized import pick


@blueprint.get("/my/certificates/<certificate_id>.pdf")
@access(SIGNED_IN)
def certificate_pdf(certificate_id: str) -> Any:
    """Give the certificate as PDF, in the language asked for, else the reader's."""
    certificate: Certificate = found(find_certificate(certificate_id))
    found(may_fetch_certificate(current_actor(), certificate) or None)
    if certificate.revoked_at is not None:
        raise CompletionRefusedError("certificate_revoked")
    language = request.args.get("lang", "")
    language = language if language in LANGUAGES else ui_language()
    pdf = _pdf(certificate, language)
    name = quote(certificate_file_name(certificate, language))
    plain = f"certificate-{certificate.number}.pdf"
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f"inline; filename=\"{plain}\"; filename*=UTF-8''{name}"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _pdf(certificate: Certificate, language: str) -> bytes:
    """Return the PDF, made once for the same words and the same look."""
    words = certificate_words(certificate, language, read_site().accent_hex)
    address = f"{current_settings().base_url}/verify/{certificate.code}"
    state = json.dumps([words, address], sort_keys=True).encode() + TEMPLATE.read_bytes()
    digest = hashlib.sha256(state).hexdigest()[:24]
    key = f"certificates/{certificate.id}/{language}-{digest}.pdf"
    issued = datetime.combine(certificate.issued_on, time(), UTC)
    db.session.rollback()  # no transaction stays open while the pages are set
    storage = current_storage()
    if storage.exists(key):
        stored: bytes = storage.read(key)
        return stored
    pdf = print_certificate(words, address, issued)
    storage.put(key, io.BytesIO(pdf))
    return pdf


@blueprint.get("/verify/<code>")
@access(PUBLIC)
def verify(code: str) -> Any:
    """Tell whoever holds the paper whether it is valid, with the least that this takes."""
    certificate = find_certificate_by_code(code)
    page = render_template(
        "completion/verify.html",
        certificate=certificate,
        holder=masked_name(pick(certificate.names, ui_language()).text) if certificate else "",
        title=_("Verify a certificate"),
    )
    answer = make_response(page, 200 if certificate else 404)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
