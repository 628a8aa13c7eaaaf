from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.kernel.japanese import (
    KanaError,
    bigrams,
    kana_row,
    kana_sort_key,
    plain_id,
    search_document,
    search_key,
    to_katakana,
)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("やませ", "ヤマセ"),
        ("ﾔﾏｾ", "ヤマセ"),
        ("ｶﾞｷﾞﾊﾟ", "ガギパ"),
        ("か\u3099", "ガ"),
        ("カ゛", "ガ"),
        ("ゔぃとる", "ヴィトル"),
        ("ｽﾐｽ･ｼﾞｮｰﾝｽﾞ", "スミス・ジョーンズ"),
        ("　マリア　 ルイサ ", "マリア ルイサ"),
        ("みすゞ", "ミスヾ"),
        ("ヤマセ", "ヤマセ"),
        ("", ""),
    ],
)
def test_kana_of_any_kind_becomes_full_width_katakana(typed: str, stored: str) -> None:
    assert to_katakana(typed) == stored


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ("山セ", "山"),
        ("Yamase", "Y"),
        ("ヤ\x00マ", "\x00"),
        ("ヤマ1", "1"),
        ("ヤ\nマ", "\n"),
        ("ヤ｡", "。"),
    ],
)
def test_what_is_no_kana_is_refused_and_named(typed: str, wrong: str) -> None:
    with pytest.raises(KanaError) as caught:
        to_katakana(typed)
    assert caught.value.text == wrong


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("髙森", "高森"),
        ("河﨑", "河崎"),
        ("渡邉", "渡辺"),
        ("渡邊", "渡辺"),
        ("齋藤", "斎藤"),
        ("齊藤", "斉藤"),
        ("神\ufa19", "神神"),
        ("ﾔﾏｾ ﾊﾙｵ", "やませ　はるお"),
        ("コーノ", "こうの"),
        ("おおの", "オウノ"),
        ("ケーコ", "けいこ"),
        ("キョウコ", "キヨウコ"),
        ("ロ－ラ", "ローラ"),
        ("ＥＣＯＮ", "econ"),
        ("Ōno Ichirō", "ONO ICHIRO"),
        ("０３－１２３４", "03-1234"),
        ("03ー1234", "03−1234"),
        ("①", "1"),
    ],
)
def test_variants_share_a_search_key(one: str, other: str) -> None:
    assert search_key(one) == search_key(other)


@pytest.mark.parametrize(("one", "other"), [("カ", "ガ"), ("ハ", "パ"), ("高", "低")])
def test_different_letters_keep_different_keys(one: str, other: str) -> None:
    assert search_key(one) != search_key(other)


@given(st.text(max_size=30))
def test_a_key_of_a_key_is_itself(text: str) -> None:
    assert search_key(search_key(text)) == search_key(text)


@given(st.text(alphabet="あいうえおこーけゃンかが山aé ", max_size=12))
def test_a_whole_text_is_found_in_its_document(text: str) -> None:
    assert search_key(text) in search_document("経済", text)


def test_a_word_inside_a_run_of_kana_is_found() -> None:
    assert search_key("うごき") in search_document("経済のうごき")
    assert search_key("のうごき") in search_document("経済のうごき")


def test_bigrams_of_words() -> None:
    assert bigrams("労働 経済") == ("労働", "経済")
    assert bigrams("ECON 人 econ") == ("ec", "co", "on", "人")
    assert bigrams(" \x00 ") == ()


def test_ids_are_read_in_any_width_with_any_hyphen() -> None:
    assert plain_id(" Ａ１－２ー３−４ ") == "A1-2-3-4"


ROSTER = [
    ("Aminah", "", "Aminah", ""),
    ("Zul", "", "Zul", ""),
    ("アイダ", "", "相田", ""),
    ("カサイ", "ハナ", "葛西", "花"),
    ("カザイ", "アキ", "風井", "明"),
    ("カワサキ", "ハハ", "川崎", "母"),
    ("カワサキ", "ハバ", "川崎", "馬場"),
    ("カワサキ", "ハパ", "川崎", "葉波"),
    ("カワサキ", "ババ", "川崎", "婆"),
    ("カワザキ", "アイ", "川崎", "愛"),
    ("ハート", "", "", ""),
    ("ハアト", "", "", ""),
    ("ビョウイン", "", "", ""),
    ("ビヨウイン", "", "", ""),
    ("ン", "", "", ""),
    ("", "", "山田", ""),
]


def test_a_roster_is_in_the_order_of_its_readings() -> None:
    keys = [kana_sort_key(*names) for names in ROSTER]
    assert [names for _, names in sorted(zip(keys, ROSTER, strict=True))] == ROSTER
    assert all(one < other for one, other in pairwise(keys))


def test_same_reading_is_ordered_by_the_written_name() -> None:
    one = kana_sort_key("サイトウ", "マコト", "斉藤", "誠")
    other = kana_sort_key("サイトウ", "マコト", "齋藤", "誠")
    assert one != other
    assert kana_sort_key("さいとう", "まこと", "斉藤", "誠") == one


@given(*[st.text(max_size=80)] * 4)
def test_any_names_have_a_key_of_plain_letters(a: str, b: str, c: str, d: str) -> None:
    key = kana_sort_key(a, b, c, d)
    assert len(key) <= 400
    assert key.isascii()
    assert key == key.lower()
    assert key.isalnum()


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("あっせん", "あ"), ("ヴォイス", "あ"), ("がくしゅう", "か"), ("ｶﾞ", ""),
        ("ジェンダー", "さ"), ("っと", "た"), ("のり", "な"), ("ぱーと", "は"), ("みみ", "ま"),
        ("ゃ", "や"), ("れんごう", "ら"), ("ワーク", "わ"),
        ("ん", "わ"), ("ILO", ""), ("組合", ""), ("", ""), ("ー", ""),
    ],
)  # fmt: skip
def test_a_word_stands_in_the_row_of_its_first_kana(text: str, row: str) -> None:
    assert kana_row(text) == row
