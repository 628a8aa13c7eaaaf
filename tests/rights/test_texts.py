"""Every code and verb has its sentence, and viewers learn nothing about rightsholders."""

import re

import pytest

from lms.rights.rules import NEUTRAL, Change, Code, Decision, Outcome, Verb
from lms.rights.rules.codes import CHANGES
from lms.rights.texts import (
    CHANGE_TEXTS,
    DETAIL_TEXTS,
    STAFF_TEXTS,
    VIEWER_TEXTS,
    change_sentence,
    message_of,
    staff_sentence,
    viewer_sentence,
)


def test_every_code_and_verb_has_a_sentence() -> None:
    assert set(VIEWER_TEXTS) == set(Code)
    assert set(STAFF_TEXTS) == set(Code)
    assert set(CHANGE_TEXTS) == set(Verb)
    assert set(DETAIL_TEXTS) == {detail for _, detail in CHANGES.values() if detail}
    assert len(set(STAFF_TEXTS.values())) == len(STAFF_TEXTS)


def test_viewers_get_one_neutral_sentence_for_all_that_rightsholders_decide() -> None:
    neutral = {viewer_sentence("en", code) for code in (*NEUTRAL, Code.UNAVAILABLE)}
    assert neutral == {"This material is not available."}
    others = {VIEWER_TEXTS[code] for code in Code if code not in {*NEUTRAL, Code.UNAVAILABLE}}
    assert neutral.isdisjoint(others)


@pytest.mark.parametrize("code", Code)
def test_a_viewers_sentence_names_no_rightsholder(code: Code) -> None:
    sentence = VIEWER_TEXTS[code]
    assert sentence.endswith(".")
    assert not re.search(
        r"rightsholder|refus|withdr|sign(ed|ature)|agreement|consent|licen", sentence, re.IGNORECASE
    )


def test_what_would_change_it_is_told_as_exactly_as_the_decision_knows() -> None:
    wait = Change(Verb.WAIT_UNTIL, 1_794_272_400_000)
    assert change_sentence("en", wait, "10 Nov, 10:00 JST") == (
        "It can be viewed from 10 Nov, 10:00 JST."
    )
    assert change_sentence("en", Change(Verb.ASK_COORDINATOR)) == "Ask your coordinator."
    assert change_sentence("en", Change(Verb.USE_OTHER_ACTION, "play")) == "Watch it here instead."


def test_a_message_has_both_languages_and_staff_get_another() -> None:
    decision = Decision(Outcome.DENY, Code.RIGHTS_REFUSED, (Code.RIGHTS_REFUSED,))
    assert message_of(decision)["en"] == "This material is not available."
    assert set(message_of(decision)) == {"ja", "en"}
    assert staff_sentence("en", Code.RIGHTS_REFUSED) == "A rightsholder refused."
