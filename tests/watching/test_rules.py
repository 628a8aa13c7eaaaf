"""The rules of watched coverage, sentence by sentence, beside the public cases (test_cli.py)."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from lms.kernel.intervals import length
from lms.watching.errors import WatchResult
from lms.watching.rules import (
    CREDIT_CAP,
    IDLE_AFTER,
    MAX_AGE,
    MAX_INTERVALS,
    MAX_STORED,
    PlaySession,
    WatchedMedia,
    WatchReport,
    WatchState,
    decide_close,
    decide_open,
    decide_report,
    measure_coverage,
    measure_resume,
)

MINUTE = 60_000
HOUR = 60 * MINUTE
TEN_MINUTES = WatchedMedia(duration=10 * MINUTE)


class Viewer:
    """A state that is carried from step to step."""

    def __init__(self, media: WatchedMedia = TEN_MINUTES) -> None:
        self.media = media
        self.state = WatchState()

    def open(self, play_id: str, now: int) -> WatchResult:
        self.state, result = decide_open(self.state, play_id, now)
        return result

    def close(self, play_id: str, now: int) -> WatchResult:
        self.state, result = decide_close(self.state, play_id, now)
        return result

    def report(
        self,
        play_id: str,
        sequence: int,
        now: int,
        intervals: Sequence[object] = (),
        *,
        position: int | None = None,
        age: int = 0,
    ) -> WatchResult:
        report = WatchReport(sequence, intervals, position, age)
        self.state, result = decide_report(self.state, self.media, play_id, report, now)
        return result

    @property
    def resume(self) -> int:
        return measure_resume(self.state, self.media)


def test_clip_may_leave_nothing_and_the_report_is_still_taken() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    assert viewer.report("s", 1, 1_000, [[600_000, 600_500]], position=7) == "OK"
    assert viewer.state.intervals == ()
    assert viewer.state.credit == 2_000
    assert viewer.resume == 7
    assert viewer.report("s", 1, 1_000, [[0, 1_000]]) == "DUPLICATE"


def test_what_lies_past_the_end_is_not_needed_from_the_credit() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    viewer.report("s", 1, 10_000, [[590_000, 600_500]])
    assert viewer.state.intervals == ((590_000, 600_000),)
    assert viewer.state.credit == 10_000


@pytest.mark.parametrize(
    "wrong",
    [
        [0, 1.0],
        [False, True],
        ["0", "1"],
        [0],
        [0, 1, 2],
        None,
        "01",
        {"0": 1, "1": 2},
        [None, 5],
        [-1, 5],
        [5, 5],
        [6, 5],
        [0, 600_501],
    ],
)
def test_one_wrong_interval_refuses_the_whole_report_and_changes_nothing(wrong: object) -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    before = viewer.state
    answer = viewer.report("s", 1, 10_000, [[0, 1_000], wrong, [2_000, 3_000]], position=9)
    assert answer == "INVALID_INTERVAL"
    assert viewer.state == before


def test_number_of_a_refused_report_is_not_used_up() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    assert viewer.report("s", 1, 1_000, [[0, 60_000]]) == "RATE_IMPOSSIBLE"
    assert viewer.report("s", 1, 2_000, [[5, 5]]) == "INVALID_INTERVAL"
    assert viewer.report("s", 1, 3_000, [[0, 1]] * (MAX_INTERVALS + 1)) == "TOO_MANY_INTERVALS"
    assert viewer.report("s", 1, 40_000, [[0, 60_000]]) == "OK"
    assert viewer.report("s", 1, 50_000, [[0, 60_000]]) == "DUPLICATE"


def test_impossible_rate_earns_the_time_but_moves_nothing_else() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    before = viewer.state
    assert viewer.report("s", 1, 1_000, [[0, 60_000]], position=60_000) == "RATE_IMPOSSIBLE"
    assert viewer.state == replace(before, credit=2_000, last=1_000)


def test_answers_are_looked_for_in_their_order() -> None:
    viewer = Viewer()
    too_many = [[5, 5]] * (MAX_INTERVALS + 1)
    assert viewer.report("s", 1, 0, too_many) == "SESSION_UNKNOWN"
    viewer.open("s", 0)
    assert viewer.report("s", 2, 1_000, too_many) == "TOO_MANY_INTERVALS"
    viewer.report("s", 1, 1_000, [[0, 1_000]])
    assert viewer.report("s", 1, 1_000, too_many) == "DUPLICATE"
    viewer.close("s", 2_000)
    assert viewer.report("s", 1, 3_000, too_many) == "DUPLICATE"
    assert viewer.report("s", 2, 3_000, too_many) == "SESSION_CLOSED"


def test_numbers_belong_to_their_play_session() -> None:
    viewer = Viewer()
    viewer.open("a", 0)
    viewer.open("b", 0)
    assert viewer.report("a", 1, 1_000, [[0, 1_000]]) == "OK"
    assert viewer.report("b", 1, 1_000, [[1_000, 2_000]]) == "OK"
    assert viewer.report("a", 1, 1_000) == "DUPLICATE"


def test_as_many_intervals_as_allowed_are_taken() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    pairs = [[n * 1_000, n * 1_000 + 1] for n in range(MAX_INTERVALS)]
    assert viewer.report("s", 1, 1_000, pairs) == "OK"
    assert len(viewer.state.intervals) == MAX_INTERVALS


def test_nothing_is_earned_while_none_is_open() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    viewer.close("s", MINUTE)
    assert viewer.state.credit == 2 * MINUTE
    viewer.open("t", HOUR)
    assert (viewer.state.credit, viewer.state.last) == (0, HOUR)


def test_debt_outlives_the_play_session() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    assert viewer.report("s", 1, 0, [[0, 5_000]]) == "OK"
    viewer.close("s", 0)
    viewer.open("t", HOUR)
    assert viewer.state.credit == -5_000
    assert viewer.report("t", 1, HOUR, [[10_000, 10_001]]) == "RATE_IMPOSSIBLE"


def test_opening_beside_an_open_one_earns_once() -> None:
    viewer = Viewer()
    viewer.open("a", 0)
    viewer.open("b", MINUTE)
    assert viewer.state.credit == 2 * MINUTE
    viewer.close("a", 2 * MINUTE)
    viewer.open("c", 3 * MINUTE)
    assert viewer.state.credit == 6 * MINUTE


def test_repeated_open_takes_nothing_away() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    viewer.report("s", 1, MINUTE, [[0, MINUTE]])
    assert viewer.open("s", 2 * MINUTE) == "OK"
    assert viewer.state.credit == 3 * MINUTE
    assert viewer.report("s", 1, 2 * MINUTE) == "DUPLICATE"


def test_closed_play_session_opened_again_knows_its_numbers() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    viewer.report("s", 1, MINUTE, [[0, MINUTE]])
    viewer.close("s", MINUTE)
    viewer.open("s", HOUR)
    assert viewer.state.credit == 0
    assert viewer.report("s", 1, HOUR) == "DUPLICATE"
    assert viewer.report("s", 2, HOUR + MINUTE, [[MINUTE, 2 * MINUTE]]) == "OK"


def test_closing_again_or_what_is_unknown_changes_nothing() -> None:
    viewer = Viewer()
    assert viewer.close("s", 0) == "SESSION_UNKNOWN"
    assert viewer.state == WatchState()
    viewer.open("s", 0)
    viewer.report("s", 1, 0, [[0, 5_000]])
    viewer.close("s", 1_000)
    before = viewer.state
    assert viewer.close("s", HOUR) == "OK"
    assert viewer.state == before


def test_idle_play_session_is_closed_as_of_an_earlier_moment() -> None:
    viewer = Viewer()
    viewer.open("a", 0)
    viewer.open("b", 0)
    viewer.report("b", 1, 10 * HOUR, [[0, 1_000]])
    before = viewer.state
    viewer.close("a", IDLE_AFTER)
    assert viewer.state == replace(
        before, plays={"a": PlaySession(closed=True), "b": before.plays["b"]}
    )


def test_credit_has_a_cap() -> None:
    viewer = Viewer(WatchedMedia(duration=20 * HOUR))
    viewer.open("s", 0)
    assert viewer.report("s", 1, 9 * HOUR) == "OK"
    assert viewer.state.credit == CREDIT_CAP == 8 * HOUR
    assert viewer.report("s", 2, 9 * HOUR, [[0, 8 * HOUR + 5_001]]) == "RATE_IMPOSSIBLE"
    assert viewer.report("s", 2, 9 * HOUR, [[0, 8 * HOUR + 5_000]]) == "OK"


def test_server_clock_that_steps_back_earns_and_loses_nothing() -> None:
    viewer = Viewer()
    viewer.open("s", MINUTE)
    viewer.report("s", 1, 2 * MINUTE)
    assert viewer.report("s", 2, MINUTE) == "OK"
    assert (viewer.state.credit, viewer.state.last) == (2 * MINUTE, 2 * MINUTE)


def test_bridged_gap_is_paid_for() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    viewer.report("s", 1, 1_000, [[0, 1_000], [1_500, 2_500]])
    assert viewer.state.intervals == ((0, 2_500),)
    assert viewer.state.credit == -500


def test_bridge_that_costs_too_much_is_refused() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    assert viewer.report("s", 1, 0, [[0, 2_400], [2_900, 5_001]]) == "RATE_IMPOSSIBLE"
    assert viewer.report("s", 1, 0, [[0, 2_400], [2_900, 5_000]]) == "OK"


def test_above_the_limit_the_shortest_intervals_are_dropped() -> None:
    viewer = Viewer(WatchedMedia(duration=HOUR))
    viewer.open("s", 0)
    pairs = [[n * 2_000, n * 2_000 + 10 + n % 200] for n in range(300)]
    viewer.report("s", 1, HOUR, pairs[:200])
    viewer.report("s", 2, HOUR, pairs[200:])
    longest = sorted(pairs, key=lambda pair: (pair[0] - pair[1], pair[0]))[:MAX_STORED]
    assert [list(pair) for pair in viewer.state.intervals] == sorted(longest)
    # All that was reported has been paid for: dropping never gives credit back.
    assert viewer.state.credit == 2 * HOUR - sum(b - a for a, b in pairs)


def test_gap_is_not_bridged_by_what_was_dropped() -> None:
    viewer = Viewer(WatchedMedia(duration=HOUR))
    viewer.open("s", 0)
    pairs = [[n * 2_000, n * 2_000 + 100] for n in range(257)]
    pairs[128][1] -= 50
    viewer.report("s", 1, HOUR, pairs[:200])
    viewer.report("s", 2, HOUR, pairs[200:])
    assert length(viewer.state.intervals) == 256 * 100
    assert (128 * 2_000, 128 * 2_000 + 50) not in viewer.state.intervals


def test_resume_moves_by_the_moment_of_the_event() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    viewer.report("s", 1, 10 * MINUTE, position=300_000, age=MINUTE)
    viewer.report("s", 2, 10 * MINUTE, position=100_000, age=MINUTE + 1)
    assert viewer.resume == 300_000
    viewer.report("s", 3, 10 * MINUTE, position=200_000, age=MINUTE)
    assert viewer.resume == 200_000
    viewer.report("s", 4, 11 * MINUTE)
    assert (viewer.resume, viewer.state.resume_moment) == (200_000, 9 * MINUTE)


def test_age_is_held_between_nothing_and_four_hours() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    viewer.report("s", 1, 5 * HOUR, position=1, age=-HOUR)
    assert viewer.state.resume_moment == 5 * HOUR
    viewer.report("s", 2, 9 * HOUR, position=2, age=100 * HOUR)
    assert viewer.resume == 2
    assert viewer.state.resume_moment == 9 * HOUR - MAX_AGE
    viewer.report("s", 3, 9 * HOUR - 1, position=3, age=100 * HOUR)
    assert viewer.resume == 2


def test_resume_point_is_a_place_in_the_media() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    viewer.report("s", 1, 1_000, position=600_400)
    assert viewer.resume == 600_000
    viewer.report("s", 2, 2_000, position=-3)
    assert viewer.resume == 0


@pytest.mark.parametrize(
    ("position", "watched", "expected"),
    [
        (595_000, 540_000, 0),
        (594_999, 540_000, 594_999),
        (600_000, 539_999, 600_000),
        (595_000, 539_999, 595_000),
    ],
)
def test_resume_starts_again_only_when_completed_and_at_the_end(
    position: int, watched: int, expected: int
) -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    viewer.report("s", 1, HOUR, [[0, watched]], position=position)
    assert viewer.resume == expected


@pytest.mark.parametrize(
    ("media", "watched", "permille", "reached"),
    [
        (WatchedMedia(1_001, 999), 1_000, 999, True),
        (WatchedMedia(1_001, 1_000), 1_000, 999, False),
        (WatchedMedia(7, 900), 6, 857, False),
        (WatchedMedia(1_999, 500), 999, 499, False),
        (WatchedMedia(1_999, 500), 1_000, 500, True),
    ],
)
def test_threshold_is_compared_exactly_and_shown_rounded_down(
    media: WatchedMedia, watched: int, permille: int, reached: bool
) -> None:
    coverage = measure_coverage(((0, watched),), media)
    assert (coverage.permille, coverage.reached) == (permille, reached)


@pytest.mark.parametrize(
    "media",
    [
        WatchedMedia(600_000, 900, [(0, 600_000)]),
        WatchedMedia(600_000, 900, [(300_000, 700_000), (0, 400_000)]),
        WatchedMedia(0, 900),
        WatchedMedia(600_000, 0, [(-5, 600_001)]),
    ],
)
def test_where_nothing_is_required_nothing_completes(media: WatchedMedia) -> None:
    viewer = Viewer(media)
    viewer.open("s", 0)
    assert viewer.report("s", 1, HOUR, [[0, 500]]) == "OK"
    coverage = measure_coverage(viewer.state.intervals, media)
    assert (coverage.covered, coverage.required, coverage.permille) == (0, 0, 0)
    assert viewer.state.completed_at is None


def test_hidden_segments_may_overlap_touch_and_pass_the_end() -> None:
    hidden = [(590_000, 700_000), (100_000, 160_000), (150_000, 200_000), (200_000, 200_000)]
    coverage = measure_coverage(((0, 600_000),), WatchedMedia(600_000, 900, hidden))
    assert (coverage.covered, coverage.required) == (490_000, 490_000)


def test_short_hidden_segments_are_not_joined() -> None:
    media = WatchedMedia(1_000, 900, [(100, 200), (300, 400)])
    assert media.required == ((0, 100), (200, 300), (400, 1_000))


def test_completion_is_stamped_once_and_stays() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    viewer.report("s", 1, 9 * MINUTE, [[0, 540_000]])
    assert viewer.state.completed_at == 9 * MINUTE
    viewer.media = WatchedMedia(duration=10 * MINUTE, threshold=1_000)
    viewer.report("s", 2, 10 * MINUTE, [[0, 1_000]])
    assert viewer.state.completed_at == 9 * MINUTE


def test_only_a_report_that_is_taken_completes() -> None:
    viewer = Viewer()
    viewer.open("s", 0)
    viewer.report("s", 1, 9 * MINUTE, [[0, 539_000]])
    viewer.media = WatchedMedia(duration=10 * MINUTE, threshold=500)
    assert viewer.report("s", 1, 10 * MINUTE) == "DUPLICATE"
    assert viewer.state.completed_at is None
    assert viewer.report("s", 2, 11 * MINUTE) == "OK"
    assert viewer.state.completed_at == 11 * MINUTE


def test_which_answers_let_the_player_forget_a_report() -> None:
    assert [result for result in WatchResult if result.accepted] == ["OK", "DUPLICATE"]
