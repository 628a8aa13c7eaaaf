"""Two courses side by side: one of the cast, one that none of them but staff may know of.

Everything of the hidden course carries CANARY, so that any answer that holds the word to
somebody who may not see the course is a leak. What is private within the course of the cast
carries PRIVATE, and the addresses and passcodes of its meetings WEB_SECRET; what is not
published yet, DRAFT. No word is in an address: pages repeat their own.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pikepdf
from sqlalchemy import select

from lms.completion.models import Certificate, Requirement, RevocationTask
from lms.completion.operations import confirm_requirement, set_rule
from lms.completion.rules import EditionRuleDraft, RequirementDraft
from lms.courses.models import Edition, Lesson, Part, Programme
from lms.courses.operations import add_lesson, draft_edition, publish_edition
from lms.courses.operations.parts import LessonTexts
from lms.courses.queries import get_edition, get_programme
from lms.courses.rules import EditionPlan, PartPlan, ProgrammePlan
from lms.enrolment.models import Enrolment
from lms.enrolment.operations import apply_for_edition
from lms.infra.current import current_settings, current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.mail.outbox import Recipient, queue_mail
from lms.kernel import clock
from lms.kernel.actor import Actor, Role
from lms.kernel.ids import EditionId, PersonId, new_id
from lms.people.models import AccountToken, Membership, Organisation, Person, RoleAssignment
from lms.people.queries import find_actor
from lms.recordings.models import MediaKind
from lms.recordings.operations import (
    Details,
    FlagDetails,
    Purpose,
    Room,
    UploadPlan,
    add_flag,
    add_recording,
    add_track,
    begin_upload,
    import_file,
    put_captions,
    receive,
    track_target,
)
from lms.recordings.queries import get_recording
from lms.recordings.rules import Channel
from lms.requests.operations import RequestPlan, submit_request
from lms.rights.models import ConsentRequest
from lms.rights.operations import (
    HolderDetails,
    OverrideDetails,
    PublicationDetails,
    SegmentDetails,
    add_rightsholder,
    ask_consent,
    lift_takedown,
    mark_segment,
    propose_agreement,
    propose_publication,
    request_override,
    take_down,
)
from lms.rights.operations.shelving import keep_sheet, read_file
from lms.rights.rules import Reach
from lms.rights.rules.consent import ConsentTerms
from lms.rights.rules.shelf import Place
from lms.sessions.models import (
    AttendanceStatus,
    MeetingState,
    PersonalLink,
    ProviderMeeting,
)
from lms.sessions.operations import (
    AttendanceMark,
    SessionPlan,
    record_attendance,
    schedule_live_session,
)
from lms.sessions.operations.scheduling import SpeakerPlan
from lms.sessions.operations.subscribing import make_feed
from lms.sessions.operations.venues import RoomPlan, VenuePlan, add_venue
from lms.sessions.operations.walk_ins import name_desk_hand, note_walk_in
from lms.watching.operations import open_play
from lms.watching.rules import TOKEN_LIFE, MediaToken, sign_token
from tests.architecture.holdings import (
    Course,
    add_copies,
    add_groups,
    add_holdings,
    add_postponement,
    add_report,
    agree,
    answer_letter,
    run_job,
)
from tests.conftest import (
    NOW,
    Cast,
    add_cast,
    add_organisation,
    add_person,
    grant,
    join_organisation,
)
from tests.recordings.conftest import ENCODE, picture, run_ffmpeg, sound

CANARY = "kanarienvogel-7f3a"
PRIVATE = "rotkehlchen-2b91"
WEB_SECRET = "zaunkoenig-55d0"
DRAFT = "dompfaff-93c4"

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
MISSING_ID = "0" * 26

PEOPLE = (
    "anonymous", "stranger", "trainee", "other_trainee", "overseas", "coordinator", "speaker",
    "auditor", "officer", "limited", "organiser", "admin",
)  # fmt: skip
"""`limited` organises the one programme of the cast and `officer` looks after its rights; the
organiser and the admin look after all of them.
"""

Ids = Mapping[str, str]


@dataclass
class World:
    """Who is signed in how, and by object (`own`, `foreign` …) the ids that routes take.

    `sign_ins` holds person id and epoch; None for who is not signed in.
    """

    sign_ins: Mapping[str, tuple[str, int] | None]
    objects: Mapping[str, Ids]


def _actor(person: Person) -> Actor:
    found = find_actor(person.id, person.session_epoch, NOW)
    assert found is not None
    return found


def build_world(folder: Path) -> World:
    """Build and commit everything at NOW (the clock must stand there). `folder` for files."""
    cast = add_cast()
    film, paper = folder / "talk.mp4", folder / "handout.pdf"
    run_ffmpeg(*picture("96x54", 2), *sound(2), *ENCODE, str(film))
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(paper)
    with unit_of_work():
        hidden = add_person(
            "hidden", CANARY, CANARY, family_kana="カナリア", given_kana="カナリア",
            country="JP",
        )  # fmt: skip
        hidden.address = f"hidden@{CANARY}.example"
        nest = add_organisation("NEST", "hq", ("あけび労働組合", "Akebi Union"))
        join_organisation(hidden, nest)
        limited = add_person("limited", "枝野原", "順")
        officer = add_person("officer", "権堂", "律")
        grant(hidden, Role.COORDINATOR, f"org:{nest.id}")
    builder = _Builder(cast, film, paper)
    own = builder.course("ours", "", cast.trainee, cast.affiliate_a, cast.speaker)
    foreign = builder.course("hidden", CANARY, hidden, nest, hidden)
    with unit_of_work():
        apply_for_edition(own["edition_id"], actor=_actor(cast.overseas), at=NOW)
        grant(limited, Role.ORGANISER, f"programme:{own['programme_id']}")
        grant(officer, Role.RIGHTS_OFFICER, f"programme:{own['programme_id']}")
    sign_ins: dict[str, tuple[str, int] | None] = {"anonymous": None}
    beyond = {"limited": limited, "officer": officer}
    for name in PEOPLE[1:]:
        person = beyond[name] if name in beyond else getattr(cast, name)
        sign_ins[name] = (person.id, person.session_epoch)
    objects = {
        "own": {**own, **_role_of(cast.coordinator)},
        "foreign": {**foreign, **_role_of(hidden)},
        "draft": builder.draft(own),
        "missing": _missing(own),
    }
    return World(sign_ins, objects)


def _role_of(person: Person) -> Ids:
    role = db.session.scalars(
        select(RoleAssignment).where(RoleAssignment.person_id == person.id)
    ).one()
    return {"role_id": role.id, "role_person_id": person.id}


def _missing(like: Ids) -> Ids:
    ids = dict.fromkeys(like, MISSING_ID)
    slugs = ("programme_slug", "edition_slug", "lesson_slug")
    return {
        **ids,
        **dict.fromkeys(slugs, "no-such-thing"),
        "token": "bm8.bm8",
        "code": "nosuchcode",
        "role_id": MISSING_ID,
        "role_person_id": MISSING_ID,
    }


@dataclass
class _Builder:
    """Makes courses by the features' own operations, as the organiser."""

    cast: Cast
    film: Path
    paper: Path

    def course(
        self, slug: str, word: str, learner: Person, organisation: Organisation, speaker: Person
    ) -> dict[str, str]:
        """Make a published course in which the learner does everything there is to do."""
        staff = _actor(self.cast.organiser)
        private, web = word or PRIVATE, f"{word or WEB_SECRET}"
        edition, part_id, lesson_id = self._edition(slug, word, staff)
        edition_id = EditionId(edition.id)
        with unit_of_work():
            publish_edition(edition_id, actor=staff, at=NOW)
        me = _actor(learner)
        with unit_of_work():
            apply_for_edition(
                edition_id,
                attending="web",
                accommodation=private,
                message=private,
                actor=me,
                at=NOW,
            )
        with unit_of_work():
            live_session_id = schedule_live_session(
                staff, edition_id, replace(_plan(word, web), speakers=(
                    SpeakerPlan(PersonId(speaker.id), _words(f"Speaker {word}", "講師")),
                )), at=NOW,
            )  # fmt: skip
        with unit_of_work():
            db.session.add(
                ProviderMeeting(
                    live_session_id=live_session_id, provider="zoom", state=MeetingState.READY,
                    meeting_id="1", join_url=f"https://{web}.example/z/1", passcode=f"z-{web}",
                    created_at=NOW,
                )
            )  # fmt: skip
            db.session.add(
                PersonalLink(
                    live_session_id=live_session_id, person_id=learner.id, meeting_id="1",
                    registrant_id="1", join_url=f"https://{web}.example/w/1", created_at=NOW,
                )
            )  # fmt: skip
        with unit_of_work():
            record_attendance(
                staff, live_session_id,
                [AttendanceMark(PersonId(learner.id), AttendanceStatus.LATE, "web", private)],
                at=NOW,
            )  # fmt: skip
        with unit_of_work():
            walk_in_id = note_walk_in(
                staff, live_session_id, name=f"Walker {private}", organisation=private, at=NOW
            )
            name_desk_hand(staff, edition_id, "frontdesk", at=NOW)
        add_postponement(edition_id, learner)
        ids = self._completion(edition_id, learner, private, staff)
        recording_id, agreement_id = self._recording(edition_id, word, speaker, private, staff)
        paper_id = self._handout(edition_id, word, speaker, private, staff)
        with unit_of_work():
            page = FlagDetails(1, 1, frozenset({Channel.LIVE}), private)
            flag = add_flag(staff, paper_id, page, NOW)
        parts = self._parts(recording_id, learner, private, staff)
        letter = self._letter(paper_id, word, private, speaker, staff)
        beside = Course(edition_id, word, private, staff, speaker, _details(word), self.paper)
        more = {
            **add_holdings(beside),
            **add_report(live_session_id, private, staff),
            **add_groups(edition_id, word, learner, staff),
            **add_copies(beside, recording_id, paper_id, me),
            **answer_letter(beside, paper_id, letter["rightsholder_id"]),
        }
        with unit_of_work():
            mail_id = queue_mail(
                Recipient(f"{learner.login_id}@{private}.example", private, person_id=learner.id),
                "enrolment_enrolled", {"note": private},
            )  # fmt: skip
        assert mail_id is not None
        with unit_of_work():
            plan = UploadPlan(Purpose.FILE, recording_id, "", f"{private}.mp4", 1000)
            upload = begin_upload(staff, plan, Room(1000, 1000), NOW)
        with unit_of_work():
            sheet, sha256 = read_file(f"Title,Kind,Speaker\n{private},video,{private}\n".encode())
            kept = keep_sheet(
                staff, private, sheet, NOW, sha256=sha256, fallback=Place(edition_id=edition_id)
            )
        secrets = self._secrets(learner, private)
        with unit_of_work():
            opened = open_play(me, recording_id, None, NOW)
        token = sign_token(
            current_settings().secret_key.encode(),
            MediaToken(
                opened.play.id, recording_id, opened.tracks[0].id, opened.play.generation,
                clock.to_ms(NOW) + TOKEN_LIFE,
            ),
        )  # fmt: skip
        programme = get_programme(edition.programme_id)
        enrolment = db.session.scalars(
            select(Enrolment).where(
                Enrolment.edition_id == edition_id, Enrolment.person_id == learner.id
            )
        ).one()
        membership = db.session.scalars(
            select(Membership).where(Membership.person_id == learner.id)
        ).first()
        assert membership is not None
        return {
            **ids,
            **secrets,
            "programme_id": programme.id,
            "programme_slug": programme.slug,
            "edition_id": edition_id,
            "edition_slug": edition.slug,
            "part_id": part_id,
            "lesson_id": lesson_id,
            "lesson_slug": f"{slug}-reading",
            "live_session_id": live_session_id,
            "walk_in_id": walk_in_id,
            "venue_id": self._venue(staff, word),
            "recording_id": recording_id,
            "paper_id": paper_id,
            "flag_id": flag.id,
            "upload_id": upload.id,
            "import_id": kept.id,
            "agreement_id": agreement_id,
            "track_id": self._track(recording_id, private, staff),
            **parts,
            **letter,
            **more,
            "mail_id": mail_id,
            "play_id": opened.play.id,
            "token": token,
            "person_id": learner.id,
            "membership_id": membership.id,
            "organisation_id": organisation.id,
            "name_id": organisation.names[0].id,
            "enrolment_id": enrolment.id,
            "meeting_request_id": self._request(programme, word, organisation, staff),
        }

    def draft(self, own: Ids) -> Ids:
        """Make an unpublished edition of the cast's programme, with what has no rights yet."""
        staff = _actor(self.cast.organiser)
        with unit_of_work():
            edition_id = draft_edition(
                _edition_plan(DRAFT), programme=own["programme_id"], actor=staff, at=NOW
            )
        edition = get_edition(edition_id)
        with unit_of_work():
            live_session_id = schedule_live_session(staff, edition_id, _plan(DRAFT, DRAFT), at=NOW)
            recording = add_recording(staff, edition_id, MediaKind.VIDEO, _details(DRAFT), NOW)
        return {
            **own,
            "edition_id": edition_id,
            "edition_slug": edition.slug,
            "live_session_id": live_session_id,
            **dict.fromkeys(
                ("recording_id", "paper_id", "link_id", "shelf_id", "closed_id"), recording.id
            ),
        }

    def _edition(self, slug: str, word: str, staff: Actor) -> tuple[Edition, str, str]:
        with unit_of_work():
            edition_id = draft_edition(
                _edition_plan(word),
                programme=ProgrammePlan(
                    kind="series",
                    title=_words(f"{slug} wages {word}", "賃金"),
                    purpose=_words(f"To learn {word}", "学ぶ"),
                    audience=_words(f"Members {word}", "組合員"),
                    summary=_words(f"In short {word}", "要点"),
                    reach="hq" if word else "outside",
                    languages=("ja", "en"),
                ),
                actor=staff,
                at=NOW,
            )
        edition = get_edition(edition_id)
        with unit_of_work():
            db.session.get_one(Programme, edition.programme_id).slug = f"{slug}-course"

        part_id = db.session.scalars(select(Part.id).where(Part.edition_id == edition_id)).one()
        with unit_of_work():
            lesson_id = add_lesson(
                part_id,
                LessonTexts(
                    title=_words(f"Reading {word}", "読み物"), minutes=5,
                    objectives={"ja": [f"分かる{word}"], "en": [f"Know {word}"]},
                    body=_words(f"## Text\n\nSome words {word}.", f"## 本文\n\n文章{word}。"),
                ),
                actor=staff, at=NOW,
            )  # fmt: skip
            db.session.get_one(Lesson, lesson_id).slug = f"{slug}-reading"
        return edition, part_id, lesson_id

    def _completion(
        self, edition_id: EditionId, learner: Person, private: str, staff: Actor
    ) -> dict[str, str]:
        """Let the learner earn a certificate, which a correction then puts in question."""
        with unit_of_work():
            set_rule(
                staff, edition_id,
                EditionRuleDraft(
                    "all", (RequirementDraft(_words("Report", "報告"), ({"kind": "confirmed"},)),)
                ),
                at=NOW,
            )  # fmt: skip
        requirement = db.session.scalars(
            select(Requirement).where(Requirement.edition_id == edition_id)
        ).one()
        person_id = PersonId(learner.id)
        for confirmed in (True, False):
            with unit_of_work():
                confirm_requirement(
                    staff, requirement.id, person_id, confirmed=confirmed, note=private, at=NOW
                )
        certificate = db.session.scalars(
            select(Certificate).where(Certificate.person_id == learner.id)
        ).one()
        task = db.session.scalars(
            select(RevocationTask).where(
                RevocationTask.achievement_id == certificate.achievement_id
            )
        ).one()
        return {
            "certificate_id": certificate.id,
            "code": certificate.code,
            "requirement_id": requirement.id,
            "achievement_id": certificate.achievement_id,
            "task_id": task.id,
        }

    def _recording(
        self, edition_id: str, word: str, speaker: Person, private: str, staff: Actor
    ) -> tuple[str, str]:
        with unit_of_work():
            recording = add_recording(staff, edition_id, MediaKind.VIDEO, _details(word), NOW)
        with unit_of_work():
            import_file(staff, current_storage(), recording.id, self.film, NOW)
        run_job("transcode")
        with unit_of_work():
            text = f"WEBVTT\n\n00:00.000 --> 00:01.000\n{private}\n"
            put_captions(staff, recording.id, "ja", text.encode(), NOW)
        return recording.id, agree(recording.id, speaker, private, staff, ("play", "download"))

    def _venue(self, staff: Actor, word: str) -> str:
        """A venue; it belongs to no course, so there is none that only some may know of."""
        if word:
            return MISSING_ID
        with unit_of_work():
            rooms = (RoomPlan(_words("Room", "室"), 30),)
            return add_venue(staff, VenuePlan(_words("Hall", "会館"), rooms=rooms), at=NOW)

    def _request(
        self, programme: Programme, word: str, organisation: Organisation, staff: Actor
    ) -> str:
        """A request for a meeting of the programme, entered by the office for the organisation."""
        with unit_of_work():
            db.session.get_one(Programme, programme.id).takes_requests = True
            return submit_request(
                staff,
                RequestPlan(
                    organisation_id=organisation.id, programme_id=programme.id,
                    theme=f"Theme {word}", purpose=f"To learn {word}", way="web", people=20,
                    contact_name=f"Contact {word}", contact_phone="000", source="paper",
                ),
                at=NOW,
            )  # fmt: skip

    def _handout(
        self, edition_id: str, word: str, speaker: Person, private: str, staff: Actor
    ) -> str:
        with unit_of_work():
            paper = add_recording(staff, edition_id, MediaKind.PAPER, _details(word), NOW)
        with unit_of_work():
            import_file(staff, current_storage(), paper.id, self.paper, NOW)
        agree(paper.id, speaker, private, staff, ("display", "download", "print", "screen"))
        return paper.id

    def _letter(
        self, paper_id: str, word: str, private: str, speaker: Person, staff: Actor
    ) -> dict[str, str]:
        """A letter to a rightsholder that waits for its answer, and a thing not asked for yet."""
        terms = ConsentTerms(uses=frozenset({"display"}), last_on=date(2027, 3, 31))
        with unit_of_work():
            holder = add_rightsholder(
                staff,
                HolderDetails(
                    f"Holder {word}", email=f"holder@{private}.example", person_id=speaker.id,
                    note=private,
                ),
                NOW,
            )  # fmt: skip
            asked, waiting = (
                propose_agreement(staff, paper_id, holder.id, "music", terms, NOW, scope="segment")
                for _time in range(2)
            )
            request = ask_consent(staff, holder.id, [asked.id], NOW, message=word)
        secret = f"consent-{new_id()}"
        with unit_of_work():
            row = db.session.get_one(ConsentRequest, request.id)
            row.token_sha256 = hashlib.sha256(secret.encode()).hexdigest()
        return {
            "request_id": request.id,
            "rightsholder_id": holder.id,
            "waiting_agreement_id": waiting.id,
            "consent": secret,
        }

    def _track(self, recording_id: str, private: str, staff: Actor) -> str:
        """Another language's sound of a recording."""
        target = track_target(get_recording(recording_id))
        with self.film.open("rb") as stream:
            received = receive(current_storage(), target, stream, f"{private}.mp4")
        with unit_of_work():
            return add_track(staff, recording_id, received, "en", NOW).id

    def _parts(
        self, recording_id: str, learner: Person, private: str, staff: Actor
    ) -> dict[str, str]:
        """A part that is exempt, a takedown that was lifted, and what waits for a second person."""
        with unit_of_work():
            segment = mark_segment(
                staff, recording_id,
                SegmentDetails(
                    0, 100, title=private, way="exempt", basis="other", basis_note=private
                ),
                NOW,
            )  # fmt: skip
        with unit_of_work():
            takedown = take_down(staff, recording_id, private, NOW, segment_id=segment.id)
            lift_takedown(staff, recording_id, NOW, takedown_id=takedown.id)
            override = request_override(
                staff, recording_id,
                OverrideDetails(learner.id, ("download",), NOW.date(), NOW.date(), private), NOW,
            )  # fmt: skip
            proposal = propose_publication(
                staff, recording_id,
                PublicationDetails(actions=("play",), reach=Reach.OUTSIDE), NOW,
            )  # fmt: skip
        return {
            "segment_id": segment.id,
            "takedown_id": takedown.id,
            "override_id": override.id,
            "proposal_id": proposal.id,
        }

    def _secrets(self, learner: Person, private: str) -> dict[str, str]:
        """Make a living link of each kind; the secrets are known here alone."""
        secrets = {}
        with unit_of_work():
            for kind in ("invitation", "reset", "address"):
                secret = f"{kind}-{new_id()}"
                secrets[kind] = secret
                db.session.add(
                    AccountToken(
                        person_id=learner.id, kind=kind,
                        secret_hash=hashlib.sha256(secret.encode()).hexdigest(),
                        new_address=f"new@{private}.example" if kind == "address" else None,
                        created_at=NOW, expires_at=NOW + timedelta(days=1),
                    )
                )  # fmt: skip
            secrets["feed"] = make_feed(_actor(learner), at=NOW)
        return secrets


def _words(english: str, japanese: str) -> dict[str, str]:
    return {"ja": f"{japanese} {english}", "en": english}


def _details(word: str) -> Details:
    return Details(title=_words(f"Lecture {word}", "講義"), language="ja")


def _edition_plan(word: str) -> EditionPlan:
    return EditionPlan(
        title=_words(f"Run {word}", "回"),
        mode="hybrid",
        languages=("ja", "en"),
        parts=(PartPlan(_words(f"Part {word}", "部")),),
        starts_on=date(2026, 10, 11 if word else 12),
        ends_on=date(2026, 11, 30),
        capacity=20,
        apply_until_at=datetime(2026, 10, 30, tzinfo=UTC),
    )


def _plan(word: str, web: str) -> SessionPlan:
    """Return a meeting that is running at NOW (10:00 in Japan)."""
    return SessionPlan(
        title=_words(f"Meeting {word}", "会合"),
        starts_local=datetime(2026, 10, 12, 9, 30),  # noqa: DTZ001 - wall time
        ends_local=datetime(2026, 10, 12, 11, 30),  # noqa: DTZ001
        venue_name=_words(f"Hall {word}", "会館"),
        web_url=f"https://{web}.example/j/1",
        web_passcode=f"pass-{web}",
        dial_in=f"+81 3 {web}",
        is_recorded=True,
    )
