"""Japanese names and words: kana as it is stored, keys for search, keys for order.

Keys are derived and thrown away; what a person typed is stored as it was typed. NFKC turns
U+FA19 into U+795E and a circled 1 into 1, which is right for a key and wrong for a name.
"""

import re
import unicodedata
from itertools import pairwise

_TO_KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
_LOOSE_MARKS = {0x309B: "\u3099", 0x309C: "\u309a"}
_HALF_WIDTH = re.compile("[\uff61-\uff9f]+")
_NO_KANA = re.compile("[^\u30a1-\u30fe\u31f0-\u31ff ]")
_HYPHENS = re.compile("[\u2010-\u2015\u2043\u2212\ufe63\uff0d]")
_LONG = "\u30fc"
_REPEATS = "\u30fd\u30fe"
_UNSPOKEN = _LONG + _REPEATS  # where nothing stands before them

_SMALL = dict(
    zip(
        "ァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ",
        "アイウエオツヤユヨワカケクシストヌハヒフヘホムラリルレロ",
        strict=True,
    )
)
_BASES = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノ"
    "ハヒフヘホマミムメモヤユヨラリルレロワヰヱヲン"
)
_VOWELS = {
    kana: vowel
    for vowel, row in (
        ("ア", "アカサタナハマヤラワガザダバパヷ"),
        ("イ", "イキシチニヒミリヰギジヂビピヸ"),
        ("ウ", "ウクスツヌフムユルヴグズヅブプ"),
        ("エ", "エケセテネヘメレヱゲゼデベペヹ"),
        ("オ", "オコソトノホモヨロヲゴゾドボポヺ"),
    )
    for kana in row
}
# Written one way, spoken as the long vowel of the other: (vowel before, written) -> key.
_SPOKEN_LONG = {("オ", "ウ"): "オ", ("エ", "イ"): "エ"}

# Forms of one character that people and registers use for each other in names and titles;
# the first of a group stands for all. NFKC unifies none of these.
_VARIANTS = (
    "高髙 崎﨑嵜碕 辺邊邉 斎齋斉齊 浜濱濵 沢澤 桜櫻 広廣 国國 真眞 恵惠 栄榮 渋澁 徳德 "
    "寿壽 竜龍 島嶋嶌 富冨 館舘 桑桒 吉𠮷 薮藪 曽曾 槙槇 瀬瀨 増增 黒黑 静靜 礼禮 涛濤 "
    "野埜 峰峯 淵渕渊 条條 円圓 学學 会會 経經 済濟 労勞 図圖 実實 総總 万萬 与與 児兒 "
    "蔵藏 鉄鐵 鴎鷗 郷鄕鄉 弥彌 応應 団團 戸戶 仏佛 伝傳 内內 勲勳 巻卷 参參 単單 厳嚴 "
    "尭堯 塩鹽 壮壯 奥奧 姫姬 寛寬 将將 専專 尚尙 岳嶽 巌巖 恒恆 悦悅 拝拜 挙擧 収收 教敎 "
    "数數 晋晉 晩晚 昼晝 暁曉 暦曆 来來 楽樂 様樣 橋槗𣘺 桧檜 権權 歩步 歴歷 毎每 気氣 "
    "温溫 満滿 滝瀧 灯燈 為爲 狭狹 独獨 瑶瑤 産產 画畫 尽盡 研硏 禄祿 禅禪 稲稻 穂穗 穣穰 "
    "並竝 緑綠 緒緖 県縣 縄繩 台臺 荘莊 芸藝 芦蘆 処處 号號 覚覺 観觀 譲讓 豊豐 頼賴 転轉 "
    "遥遙 医醫 釈釋 鎮鎭 関關 青靑 顔顏 駅驛 体體 鶏鷄 麦麥 歯齒 亀龜 篭籠 鶴靏靍 昇曻 "
    "昂昻 凛凜 梅楳 柳栁 杉杦 園薗 土圡 岩嵓 秋穐龝 船舩 旧舊 闘鬪 発發 対對 当當 変變 "
    "働仂 価價 職軄 亘亙 宜冝 双雙 択擇 証證 読讀 党黨 両兩 乗乘 写寫 点點 帰歸 声聲 売賣 "
    "称稱 続續 触觸 訳譯 軽輕 遅遲 霊靈 黄黃 横橫 弁辨瓣辯"
)
_UNIFY = {
    ord(other): group[0] for group in _VARIANTS.split() for other in group[1:] if other != group[0]
}


class KanaError(ValueError):
    """Text that is not kana alone; `text` is the first character that is not."""

    def __init__(self, text: str):
        super().__init__("not kana")
        self.text = text


def _hiragana_to_katakana(text: str) -> str:
    return text.translate(_TO_KATAKANA)


def to_katakana(text: str) -> str:
    """Return hiragana and half-width kana as full-width katakana, spaces made single and plain.

    Katakana, the long mark, the middle dot, iteration marks and spaces may stand in it; an
    empty text stays empty. Raises KanaError for anything else.
    """
    wide = _HALF_WIDTH.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text)
    marked = unicodedata.normalize("NFC", wide.translate(_LOOSE_MARKS))
    kana = re.sub("[ \u3000]+", " ", _hiragana_to_katakana(marked)).strip(" ")
    if wrong := _NO_KANA.search(kana):
        raise KanaError(wrong[0])
    return kana


def plain_id(text: str) -> str:
    """Return a number or an id as typed by any hand: plain width, any hyphen as `-`, no edges."""
    wide = unicodedata.normalize("NFKC", text).replace(_LONG, "-")
    return _HYPHENS.sub("-", wide).strip()


def _without_accents(text: str) -> str:
    """Drop accents of letters; kana keep their marks, which make other letters of them."""
    parts = unicodedata.normalize("NFD", text)
    kept = (c for c in parts if unicodedata.category(c) != "Mn" or c in "\u3099\u309a")
    return unicodedata.normalize("NFC", "".join(kept))


def _plain_key(text: str) -> str:
    wide = unicodedata.normalize("NFKC", text.translate(_LOOSE_MARKS)).casefold()
    folded = _without_accents(unicodedata.normalize("NFKC", wide))
    kana = "".join(_SMALL.get(c, c) for c in _hiragana_to_katakana(folded))
    key = _HYPHENS.sub("-", kana.translate(_UNIFY))
    visible = "".join(c if c.isprintable() else " " for c in key)
    return " ".join(visible.split())


def _with_long_vowels(key: str, *, spoken: bool) -> str:
    """Write each long mark (or hyphen meant as one) as its vowel; `spoken`: also ou and ei."""
    out: list[str] = []
    for char in key:
        before = _VOWELS.get(out[-1]) if out else None
        if char in {_LONG, "-"}:
            out.append(before or "-")
        elif spoken and before is not None:
            out.append(_SPOKEN_LONG.get((before, char), char))
        else:
            out.append(char)
    return "".join(out)


def search_key(text: str) -> str:
    """Return the form in which texts are compared when somebody searches.

    NFKC, lower case without accents, katakana, large kana, long vowels alike however written,
    variants of a character alike, any hyphen alike, single spaces. For keys only, never to be
    shown. Idempotent. Compare it with what `search_document` gives.
    """
    return _with_long_vowels(_plain_key(text), spoken=True)


def search_document(*texts: str) -> str:
    """Return the keys of several texts in one string, to be searched for a `search_key`.

    Beside the key stands, where it differs, the key without the folding of ou and ei: a word
    that begins in the middle of a run of kana is found too.
    """
    lines: list[str] = []
    for text in texts:
        plain = _plain_key(text)
        for key in (
            _with_long_vowels(plain, spoken=True),
            _with_long_vowels(plain, spoken=False),
        ):
            if key and key not in lines:
                lines.append(key)
    return "\n".join(lines)


def bigrams(text: str) -> tuple[str, ...]:
    """Return the different pairs of neighbouring characters of a text's words, in order.

    Taken from `search_key(text)`, word by word; a word of one character is given whole.
    """
    found: dict[str, None] = {}
    for word in search_key(text).split():
        if len(word) == 1:
            found[word] = None
        for one, other in pairwise(word):
            found[one + other] = None
    return tuple(found)


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_END = "0"


def _number(value: int, width: int) -> str:
    out = ""
    for _ in range(width):
        value, digit = divmod(value, 36)
        out = _DIGITS[digit] + out
    return out


def _weigh(text: str) -> str:
    """Return base letters, voicing, then kind of each character, in sortable ASCII.

    JIS X 4061: letters are compared without marks first; then clear, voiced, half-voiced; then
    long mark, small, iteration mark, ordinary. Classes: digits, Latin, kana, all else. Spaces
    and marks between words do not count. Lower-case letters and digits only, because these
    stand in the same order under every collation of a database.
    """
    base: list[str] = []
    voices: list[str] = []
    kinds: list[str] = []
    letter = ""
    for char in unicodedata.normalize("NFD", text):
        if char in "\u3099\u309a":
            if voices:
                voices[-1] = "2" if char == "\u3099" else "3"
            continue
        kind = "4"
        if char == _LONG and letter in _VOWELS:
            letter, kind = _VOWELS[letter], "1"
        elif char in _SMALL:
            letter, kind = _SMALL[char], "2"
        elif char in _REPEATS and letter:
            kind = "3"
        elif char.isalnum() and char not in _UNSPOKEN:
            letter = char
        else:
            continue
        base.append(_class_of(letter))
        voices.append("2" if char == _REPEATS[1] else "1")
        kinds.append(kind)
    return "".join(base) + _END + "".join(voices) + _END + "".join(kinds) + _END


def _class_of(letter: str) -> str:
    if letter in _BASES:
        group, place = divmod(_BASES.index(letter), 36)
        return f"{4 + group}{_DIGITS[place]}"
    if letter.isascii():
        return f"1{letter}" if letter.isdigit() else f"2{letter}"
    return f"z{_number(ord(letter), 4)}"


def kana_sort_key(family_kana: str, given_kana: str, family: str, given: str) -> str:
    """Return a key whose plain order is that of Japanese rosters (JIS X 4061).

    First the reading of the family name, then of the given name, then the names as written.
    Where a reading is missing the written name takes its place: Latin names come before kana,
    names known in kanji only come last. At most 400 characters of `0`-`9` and `a`-`z`.
    """
    parts = (family_kana or family, given_kana or given, family, given)
    read = (_hiragana_to_katakana(unicodedata.normalize("NFKC", part).casefold()) for part in parts)
    return "".join(_weigh(part) for part in read)[:400]


_ROWS = ("アカサタナハマヤラワ", "あかさたなはまやらわ")


def kana_row(text: str) -> str:
    """Return the row of the syllabary, named in hiragana, in which a text begins; '' for none."""
    clear = unicodedata.normalize("NFD", _hiragana_to_katakana(text[:1]))[:1]
    letter = _SMALL.get(clear, clear)
    if not letter or letter not in _BASES:
        return ""
    starts = [name for name in _ROWS[0] if _BASES.index(name) <= _BASES.index(letter)]
    return _ROWS[1][_ROWS[0].index(starts[-1])]
