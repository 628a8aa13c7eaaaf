"""Words of captions are found wherever a caption breaks, and nowhere that is hidden."""

from lms.kernel.japanese import search_key
from lms.recordings.rules import Cue, index_cues, search_index

CUES = (
    Cue(0, 4_000, "賃金は労働組"),
    Cue(4_000, 8_000, "合との交渉で\n決まります"),
    Cue(8_000, 12_000, "ﾄﾞｲﾂの髙い例"),
    Cue(12_000, 16_000, "Collective bargain-\ning in <b>Germany</b>"),
    Cue(16_000, 20_000, "second day"),
)


def starts(text: str, hidden: tuple[tuple[int, int], ...] = ()) -> list[int]:
    keys = [search_key(word) for word in text.split()]
    return [one.start_ms for one in search_index(index_cues(CUES), keys, hidden)]


def test_a_word_of_one_caption() -> None:
    assert starts("賃金") == [0]


def test_a_word_that_runs_over_two_captions_is_found_where_it_begins() -> None:
    assert starts("労働組合") == [0]


def test_a_word_broken_inside_a_caption() -> None:
    assert starts("交渉で決まり") == [4_000]


def test_width_kana_and_variants_do_not_matter() -> None:
    assert starts("ドイツ") == starts("どいつ") == starts("高い") == [8_000]


def test_english_words_keep_their_space_at_a_seam() -> None:
    assert starts("germany second") == [12_000, 16_000]
    assert search_index(index_cues(CUES), [search_key("germany second")])[0].start_ms == 12_000


def test_every_word_must_be_said() -> None:
    assert starts("賃金 ドイツ") == [0, 8_000]
    assert starts("賃金 フランス") == []


def test_a_word_in_a_hidden_range_is_not_found() -> None:
    assert starts("ドイツ", ((9_000, 9_001),)) == []
    assert starts("賃金 ドイツ", ((9_000, 9_001),)) == []


def test_a_seam_with_a_hidden_caption_is_not_found() -> None:
    assert starts("労働組合", ((5_000, 6_000),)) == []
    assert starts("労働組", ((5_000, 6_000),)) == [0]


def test_nothing_is_looked_for_in_nothing() -> None:
    assert index_cues(()) == ""
    assert search_index("", [search_key("賃金")]) == []
    assert search_index(index_cues(CUES), []) == []
