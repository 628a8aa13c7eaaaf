"""Identifiers sort by the moment they were made, and within it by the order of their making."""

import os
import threading

import time_machine

from lms.kernel.ids import new_id


def test_they_have_one_shape_and_are_never_the_same() -> None:
    made = [new_id() for _ in range(2000)]
    assert len(set(made)) == 2000
    assert {len(one) for one in made} == {26}


def test_those_of_one_millisecond_sort_in_the_order_of_their_making() -> None:
    with time_machine.travel("2026-10-12T01:00:00Z", tick=False):
        made = [new_id() for _ in range(500)]
    assert made == sorted(made)


def test_a_later_moment_sorts_later_and_an_earlier_one_earlier() -> None:
    made = []
    for moment in ("2026-10-12T01:00:00.001Z", "2026-10-12T01:00:00Z", "2026-10-12T01:00:00.002Z"):
        with time_machine.travel(moment, tick=False):
            made.append(new_id())
    assert sorted(made) == [made[1], made[0], made[2]]


def test_threads_do_not_meet() -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(new_id() for _ in range(300))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1200


def test_a_forked_process_does_not_meet_the_one_it_came_from() -> None:
    with time_machine.travel("2026-10-12T01:00:00Z", tick=False):
        new_id()
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(write, new_id().encode())
            os._exit(0)
        mine = new_id()
        os.waitpid(child, 0)
        theirs = os.read(read, 100).decode()
    os.close(read)
    os.close(write)
    assert len(theirs) == 26
    assert theirs != mine
