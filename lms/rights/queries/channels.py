"""What agreements allow through each channel, beside what staff flagged."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from lms.infra.db import db
from lms.kernel.clock import to_ms
from lms.people.queries import organisation_tree_facts
from lms.recordings.models import ChannelFlag, MediaKind, Recording, Stage
from lms.recordings.queries import list_flags_of, page_flag
from lms.recordings.rules import Channel, PageFlag, SlideCue, write_cues
from lms.rights.queries.deciding import find_known
from lms.rights.rules import Reach, find_gaps, org_tree_from_json
from lms.rights.rules.channels import CHANNEL_ACTIONS, FLAG_KIND, is_flag
from lms.rights.rules.facts import Audience, Disposition, OnDeny, OrgTree, Terms
from lms.rights.rules.facts import Recording as RuleRecording
from lms.rights.rules.facts import Segment as RuleSegment


@dataclass(frozen=True, slots=True)
class PaperChannels:
    """A paper with its flags and what its rightsholders allow, by channel.

    `closed` are channels that no agreement opens for anybody; `barred` the pages (from 1, both
    ends included) of others that no agreement opens there.
    """

    recording: Recording
    flags: tuple[ChannelFlag, ...]
    closed: frozenset[Channel]
    barred: tuple[PageFlag, ...]

    @property
    def cues(self) -> tuple[SlideCue, ...]:
        """What the presenter does at which page, by flags and agreements together."""
        flags = [page_flag(flag) for flag in self.flags]
        return write_cues([*flags, *self.barred], self.recording.pages or 0)


def read_channels(recording: Recording, at: datetime) -> PaperChannels:
    """Return a paper's flags beside what agreements allow from `at` on."""
    return list_channels([recording], at)[0]


def list_channels(recordings: list[Recording], at: datetime) -> list[PaperChannels]:
    """Return the same for papers, in three queries."""
    keys = [one.id for one in recordings]
    known, flags = find_known(keys), list_flags_of(keys)
    orgs = org_tree_from_json(organisation_tree_facts())
    found = []
    for one in recordings:
        trial = _Trial(orgs, one.edition_id, to_ms(at))
        found.append(trial.judge(one, known[one.id].recording, flags[one.id]))
    return found


def list_papers_of(live_session_id: str) -> list[Recording]:
    """Return the papers of a live session, in order of their making."""
    return list(
        db.session.scalars(
            select(Recording)
            .where(
                Recording.live_session_id == live_session_id,
                Recording.kind == MediaKind.PAPER,
                Recording.stage.not_in([Stage.DELETED, Stage.DESTROYED]),
            )
            .order_by(Recording.created_at, Recording.id)
        )
    )


@dataclass(frozen=True, slots=True)
class _Trial:
    """Tries every channel as if everything were published to everyone: rights alone count."""

    orgs: OrgTree
    edition_id: str
    now: int

    def judge(
        self, recording: Recording, known: RuleRecording, flags: list[ChannelFlag]
    ) -> PaperChannels:
        own = tuple(one for one in known.agreements if one.kind != FLAG_KIND)
        plain = replace(known, agreements=own, segments=(), takedowns=(), cut_copy=None)
        closed = frozenset(channel for channel in Channel if not self.opens(plain, channel))
        foreign = [one for one in known.segments if not is_flag(one.id)]
        barred = [
            PageFlag(one.a + 1, one.b, channels)
            for one in foreign
            if (channels := self.barred(plain, one) - closed)
        ]
        return PaperChannels(recording, tuple(flags), closed, tuple(barred))

    def barred(self, plain: RuleRecording, segment: RuleSegment) -> frozenset[Channel]:
        """Return the channels through which a segment of others' may not go."""
        if segment.disposition in (Disposition.EXEMPT, Disposition.REMOVED):
            return frozenset()
        strict = replace(plain, segments=(replace(segment, on_deny=OnDeny.DENY_RECORDING),))
        return frozenset(channel for channel in Channel if not self.opens(strict, channel))

    def opens(self, recording: RuleRecording, channel: Channel) -> bool:
        """Whether anybody, ever, may be reached through the channel."""
        for action in CHANNEL_ACTIONS[channel]:
            everyone = Terms(
                "all", actions=frozenset({action.value}), audience=Audience(Reach.OUTSIDE)
            )
            trial = replace(recording, publications=(everyone,))
            if not find_gaps(trial, self.orgs, self.edition_id, self.now):
                return True
        return False
