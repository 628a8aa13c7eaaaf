"""Rightsholders, and asking them: what is proposed, the letter, its link, reminders."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lms.infra.db import db, unit_of_work
from lms.infra.mail.models import OutboxMail
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.rights.errors import RightsRefusedError
from lms.rights.models import Agreement, ConsentItem, ConsentRequest, Rightsholder
from lms.rights.operations import (
    HolderDetails,
    add_rightsholder,
    ask_consent,
    cancel_request,
    change_rightsholder,
    drop_proposal,
    expire_requests,
    find_or_add_rightsholder,
    note_reminders,
    propose_agreement,
    resend_request,
)
from lms.rights.rules import Reach
from lms.rights.rules.consent import ConsentTerms
from tests.conftest import NOW, Cast
from tests.rights.conftest import Desk

TERMS = ConsentTerms(
    record=True,
    uses=frozenset({"play", "download"}),
    reach=Reach.AFFILIATE,
    first_on=date(2026, 11, 1),
    last_on=date(2027, 3, 31),
    portrait=True,
    captions=True,
)


def holder_of(desk: Desk, **more: Any) -> Rightsholder:
    values: dict[str, Any] = {"name": "白浜 汐里", "email": "shirahama@speaker.example", **more}
    with unit_of_work():
        return add_rightsholder(desk.actor, HolderDetails(**values), NOW)


def propose(desk: Desk, holder: Rightsholder, **more: Any) -> Agreement:
    recording_id = more.pop("recording_id", desk.course.recording_id)
    kind = more.pop("kind", "speaker")
    terms = more.pop("terms", TERMS)
    with unit_of_work():
        return propose_agreement(desk.actor, recording_id, holder.id, kind, terms, NOW, **more)


def ask_for(desk: Desk, holder: Rightsholder, *ids: str, at: datetime = NOW, **more: Any) -> Any:
    with unit_of_work():
        return ask_consent(desk.actor, holder.id, ids, at, **more)


def mails(template: str) -> list[OutboxMail]:
    db.session.rollback()
    return list(
        db.session.scalars(
            select(OutboxMail).order_by(OutboxMail.id).where(OutboxMail.template == template)
        )
    )


def test_a_rightsholder_is_kept_as_typed_and_written_to_cleanly(desk: Desk) -> None:
    holder = holder_of(desk, name=" 髙森\u3000夏子 ", kana="たかもり なつこ", email="Ｎ@Ｘ.example")
    assert (holder.name, holder.kana, holder.email) == (
        "髙森\u3000夏子",
        "タカモリ ナツコ",
        "n@x.example",
    )


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "x", "kana": "漢字"}, "kana"),
        ({"name": "x", "email": "no address"}, "email"),
        ({"name": "x", "person_id": "0" * 26}, "person_id"),
    ],
)
def test_what_is_wrong_with_a_rightsholder_is_named(
    desk: Desk, details: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInputError) as refusal, unit_of_work():
        add_rightsholder(desk.actor, HolderDetails(**details), NOW)
    assert refusal.value.field == field


def test_a_changed_rightsholder_keeps_its_agreements(desk: Desk) -> None:
    holder = holder_of(desk)
    with unit_of_work():
        change_rightsholder(desk.actor, holder.id, HolderDetails("白浜 新"), NOW)
    assert db.session.get_one(Rightsholder, holder.id).name == "白浜 新"


def test_the_same_rightsholder_is_found_and_a_similar_one_is_not(desk: Desk) -> None:
    first = holder_of(desk, organisation="青空大学")

    def found(**more: Any) -> str:
        with unit_of_work():
            return find_or_add_rightsholder(desk.actor, HolderDetails(**more), NOW).id

    assert found(name="別の名", email="SHIRAHAMA@speaker.example") == first.id
    assert found(name="白浜 汐里", organisation="青空大学") == first.id
    assert found(name="白浜 汐里") != first.id
    assert found(name="白浜汐里", organisation="青空大学") != first.id
    plain = found(name="緑川 葉")
    assert found(name="緑川 葉", email="m@x.example") == plain
    assert db.session.get_one(Rightsholder, plain).email == "m@x.example"
    assert found(name="緑川 葉", email="other@x.example") != plain


def test_an_account_that_is_named_is_never_taken_for_anothers(desk: Desk, cast: Cast) -> None:
    values = {"name": "佐藤 太郎", "organisation": "青空労組", "email": "office@union.example"}
    first = holder_of(desk, **values)
    agreement = propose(desk, first)

    def found(person_id: str, **more: Any) -> Rightsholder:
        with unit_of_work():
            details = HolderDetails(**{**values, **more}, person_id=person_id)
            return find_or_add_rightsholder(desk.actor, details, NOW)

    # Another member of the same office, whose letters go to the same address.
    other = found(cast.trainee.id, name="田中 花")
    assert (other.id != first.id, other.person_id) == (True, cast.trainee.id)
    known = found(cast.speaker.id)
    assert (known.id, known.person_id) == (first.id, cast.speaker.id)
    assert db.session.get_one(Agreement, agreement.id).holder_person_id == cast.speaker.id
    namesake = found(cast.overseas.id)
    assert (namesake.id != first.id, namesake.person_id) == (True, cast.overseas.id)
    assert found(cast.speaker.id, email="").id == first.id


def test_only_the_office_enters_rightsholders(cast: Cast) -> None:
    for name in ("trainee", "speaker", "coordinator", "auditor"):
        with pytest.raises(NotFoundError), unit_of_work():
            add_rightsholder(cast.actor(name), HolderDetails("x"), NOW)


def test_a_proposal_permits_nothing(desk: Desk, ask: Any) -> None:
    agreement = propose(desk, holder_of(desk))
    assert (agreement.status, agreement.outcome) == ("requested", "")
    assert ConsentTerms.from_json(agreement.answers["asked"]) == TERMS
    assert [term.conditions["actions"] for term in agreement.terms] == [["download", "play"]]
    assert "RIGHTS_UNSIGNED" in [str(code) for code in ask("trainee").reasons]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"last_on": date(2026, 10, 31)}, "last_on"),
        ({"uses": frozenset()}, "uses"),
        ({"uses": frozenset({"fly"})}, "uses"),
        ({"reach": None}, "orgs"),
        ({"purposes": frozenset()}, "purposes"),
        ({"territory": frozenset({"JPN"})}, "territory"),
        ({"territory": frozenset()}, "territory"),
        ({"grace_hours": 73}, "grace_hours"),
        ({"third_party": "some"}, "third_party_list"),
        ({"credit": "x" * 201}, "credit"),
        ({"after": "sell"}, "after"),
    ],
)
def test_a_proposal_that_cannot_be_is_refused_with_its_field(
    desk: Desk, change: dict[str, Any], field: str
) -> None:
    holder = holder_of(desk)
    with pytest.raises(InvalidInputError) as refusal:
        propose(desk, holder, terms=replace(TERMS, **change))
    assert refusal.value.field == field
    assert db.session.scalars(select(Agreement)).all() == []


def test_one_letter_asks_for_several(desk: Desk) -> None:
    holder = holder_of(desk)
    ids = [
        propose(desk, holder).id,
        propose(
            desk, holder, recording_id=desk.course.paper_id, kind="slides",
            terms=ConsentTerms(uses=frozenset({"display"}), last_on=date(2027, 3, 31)),
        ).id,
    ]  # fmt: skip
    request = ask_for(desk, holder, *ids, due_on=date(2026, 10, 30))
    assert (request.state, request.language, request.number) == ("open", "ja", "2026-001")
    items = db.session.scalars(select(ConsentItem).order_by(ConsentItem.position)).all()
    assert [item.agreement_id for item in items] == ids
    [mail] = mails("consent_request")
    assert (mail.to_address, mail.language) == ("shirahama@speaker.example", "ja")
    assert set(mail.params["secrets"]) == {"link"}
    assert mail.params["secrets"]["link"] not in request.token_sha256


def test_without_an_address_no_mail_goes_out(desk: Desk) -> None:
    holder = holder_of(desk, email="")
    request = ask_for(desk, holder, propose(desk, holder).id)
    assert request.sent_at is None
    assert mails("consent_request") == []


def test_what_may_not_be_asked(desk: Desk, cast: Cast) -> None:
    holder, other = holder_of(desk), holder_of(desk, name="別", email="b@x.example")
    agreement = propose(desk, holder)
    for ids, who, error in (
        ((), holder, InvalidInputError),
        ((agreement.id,), other, InvalidInputError),
        (("0" * 26,), holder, NotFoundError),
    ):
        with pytest.raises(error):
            ask_for(desk, who, *ids)
    with pytest.raises(InvalidInputError):
        ask_for(desk, holder, agreement.id, due_on=date(2026, 10, 11))
    with pytest.raises(NotFoundError), unit_of_work():
        ask_consent(cast.actor("trainee"), holder.id, [agreement.id], NOW)
    ask_for(desk, holder, agreement.id)
    with pytest.raises(RightsRefusedError, match="asked_already"):
        ask_for(desk, holder, agreement.id)


def test_a_letter_sent_again_kills_the_old_link(desk: Desk) -> None:
    holder = holder_of(desk)
    request = ask_for(desk, holder, propose(desk, holder).id)
    before = request.token_sha256
    with unit_of_work():
        resend_request(desk.actor, request.id, NOW + timedelta(days=1))
    after = db.session.get_one(ConsentRequest, request.id)
    assert after.token_sha256 != before
    assert len(mails("consent_request")) == 2


def test_a_letter_that_ran_out_is_not_sent_again_beside_the_one_that_followed_it(
    desk: Desk,
) -> None:
    holder = holder_of(desk)
    agreement = propose(desk, holder)
    first = ask_for(desk, holder, agreement.id)
    later = NOW + timedelta(days=100)
    with unit_of_work():
        assert expire_requests(later) == 1
    second = ask_for(desk, holder, agreement.id, at=later)
    with pytest.raises(RightsRefusedError, match="asked_already"), unit_of_work():
        resend_request(desk.actor, first.id, later)
    with unit_of_work():
        cancel_request(desk.actor, second.id, later)
    with unit_of_work():
        assert resend_request(desk.actor, first.id, later).state == "open"


def test_a_cancelled_letter_is_over_and_its_proposal_can_go(desk: Desk) -> None:
    holder = holder_of(desk)
    agreement = propose(desk, holder)
    request = ask_for(desk, holder, agreement.id)
    with pytest.raises(RightsRefusedError, match="asked_already"), unit_of_work():
        drop_proposal(desk.actor, agreement.id, NOW)
    with unit_of_work():
        cancel_request(desk.actor, request.id, NOW)
    with pytest.raises(RightsRefusedError, match="request_closed"), unit_of_work():
        cancel_request(desk.actor, request.id, NOW)
    with pytest.raises(RightsRefusedError, match="request_closed"), unit_of_work():
        resend_request(desk.actor, request.id, NOW)
    with unit_of_work():
        drop_proposal(desk.actor, agreement.id, NOW)
    assert db.session.get(Agreement, agreement.id) is None


def remind(at: datetime) -> int:
    with unit_of_work():
        return note_reminders(at)


def test_reminders_come_at_14_7_and_3_days_once_each(desk: Desk) -> None:
    holder = holder_of(desk)
    ask_for(desk, holder, propose(desk, holder).id, due_on=date(2026, 11, 1))
    told = {}
    for day in range(12, 33):
        at = datetime(2026, 10, 1, 1, tzinfo=UTC) + timedelta(days=day - 1)
        told[day] = remind(at) + remind(at + timedelta(hours=1))
    assert [day for day, count in told.items() if count] == [18, 25, 29]
    assert all(count <= 1 for count in told.values())
    assert [mail.params["days"] for mail in mails("consent_reminder")] == [14, 7, 3]
    assert all("secrets" not in mail.params for mail in mails("consent_reminder"))


def test_after_a_pause_of_the_worker_only_the_nearest_reminder_goes_out(desk: Desk) -> None:
    holder = holder_of(desk)
    ask_for(desk, holder, propose(desk, holder).id, due_on=date(2026, 11, 1))
    assert remind(datetime(2026, 10, 27, 1, tzinfo=UTC)) == 1
    assert [mail.params["days"] for mail in mails("consent_reminder")] == [5]
    assert remind(datetime(2026, 10, 29, 1, tzinfo=UTC)) == 1


def test_a_letter_sent_late_skips_the_steps_before_it(desk: Desk) -> None:
    holder = holder_of(desk)
    ask_for(desk, holder, propose(desk, holder).id, due_on=date(2026, 10, 18))
    assert remind(NOW) == 0
    assert remind(NOW + timedelta(days=3)) == 1


def test_nobody_is_reminded_of_what_is_over(desk: Desk) -> None:
    holder = holder_of(desk)
    request = ask_for(desk, holder, propose(desk, holder).id, due_on=date(2026, 10, 30))
    with unit_of_work():
        cancel_request(desk.actor, request.id, NOW)
    assert remind(datetime(2026, 10, 27, tzinfo=UTC)) == 0


def test_links_run_out(desk: Desk) -> None:
    holder = holder_of(desk)
    request = ask_for(desk, holder, propose(desk, holder).id)
    with unit_of_work():
        assert expire_requests(NOW + timedelta(days=59)) == 0
    with unit_of_work():
        assert expire_requests(NOW + timedelta(days=60)) == 1
    assert db.session.get_one(ConsentRequest, request.id).state == "expired"
