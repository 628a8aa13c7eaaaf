"""Spreading people over groups: what holds whoever they are."""

from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from lms.sessions.rules.grouping import GroupRoom, Seminarist, spread_evenly

PEOPLE = st.lists(
    st.tuples(st.sampled_from(["", "a", "b", "c"]), st.sampled_from(["", "1", "2", "3", "4"])),
    max_size=40,
).map(
    lambda unions: [
        Seminarist(f"p{number:02}", industrial, f"{industrial}{enterprise}", (f"{number % 7}",))
        for number, (industrial, enterprise) in enumerate(unions)
    ]
)
MANY = st.integers(1, 6).map(lambda n: [GroupRoom(f"g{number}") for number in range(n)])


def counts(people: list[Seminarist], placed: dict[str, str | None], group: str) -> Counter[str]:
    return Counter(one.industrial for one in people if placed[one.id] == group)


@given(PEOPLE, MANY)
def test_unions_and_sizes_differ_by_one_at_most(
    people: list[Seminarist], groups: list[GroupRoom]
) -> None:
    placed = spread_evenly(people, groups)
    assert set(placed) == {one.id for one in people}
    each = [counts(people, placed, group.id) for group in groups]
    for union in {one.industrial for one in people}:
        assert max(one[union] for one in each) - min(one[union] for one in each) <= 1
    sizes = [sum(one.values()) for one in each]
    assert max(sizes) - min(sizes) <= 1


@given(PEOPLE, MANY, st.randoms(use_true_random=False))
def test_the_same_people_make_the_same_groups(
    people: list[Seminarist], groups: list[GroupRoom], chance: object
) -> None:
    again = list(people)
    chance.shuffle(again)  # type: ignore[attr-defined]
    assert spread_evenly(again, groups) == spread_evenly(people, groups)


@given(PEOPLE, MANY)
def test_no_exchange_within_a_union_spreads_enterprises_better(
    people: list[Seminarist], groups: list[GroupRoom]
) -> None:
    placed = spread_evenly(people, groups)
    table = Counter((placed[one.id], one.enterprise) for one in people)
    for one, other in combinations(people, 2):
        here, there = placed[one.id], placed[other.id]
        if one.industrial != other.industrial or one.enterprise == other.enterprise:
            continue
        if here == there:
            continue
        surplus = (
            table[here, one.enterprise]
            - table[there, one.enterprise]
            + table[there, other.enterprise]
            - table[here, other.enterprise]
        )
        assert surplus <= 2


@given(PEOPLE, st.lists(st.integers(1, 8), min_size=1, max_size=5))
def test_no_group_is_overfull_and_nobody_is_left_while_there_is_room(
    people: list[Seminarist], seats: list[int]
) -> None:
    groups = [GroupRoom(f"g{number}", limit) for number, limit in enumerate(seats)]
    placed = spread_evenly(people, groups)
    taken = Counter(placed.values())
    assert all(taken[group.id] <= (group.seats or 0) for group in groups)
    assert taken[None] == max(0, len(people) - sum(seats))


@given(PEOPLE, PEOPLE)
def test_who_is_placed_counts_and_stays(
    members: list[Seminarist], people: list[Seminarist]
) -> None:
    there = [Seminarist(f"m{one.id}", one.industrial, one.enterprise) for one in members]
    groups = [GroupRoom("g0", None, tuple(there)), GroupRoom("g1")]
    placed = spread_evenly(people, groups)
    assert not {one.id for one in there} & set(placed)
    # Of each union the emptier group is filled first.
    for union in {one.industrial for one in people}:
        had = sum(one.industrial == union for one in there)
        came = counts(people, placed, "g0")[union], counts(people, placed, "g1")[union]
        assert came[0] == 0 or had + came[0] <= came[1] + 1


def test_without_a_group_nobody_is_placed() -> None:
    assert spread_evenly([Seminarist("p", "a", "a1")], []) == {"p": None}


def test_five_unions_over_four_groups() -> None:
    people = [
        Seminarist(f"{union}{enterprise}{number}", union, f"{union}{enterprise}", (str(number),))
        for union in "abcde"
        for enterprise in "xy"
        for number in range(4)
    ]
    placed = spread_evenly(people, [GroupRoom(key) for key in "1234"])
    for group in "1234":
        inside = [one for one in people if placed[one.id] == group]
        assert len(inside) == 10
        assert Counter(one.industrial for one in inside) == dict.fromkeys("abcde", 2)
        assert set(Counter(one.enterprise for one in inside).values()) == {1}
