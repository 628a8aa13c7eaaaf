"""A small programme as content files, for tests to spoil."""

from pathlib import Path

PROGRAMME = """\
slug: evening-course
kind: series
title: {ja: 夜間講座, en: Evening course}
summary: {ja: 二回で学びます。, en: Two evenings.}
purpose: {ja: 読む力をつける。, en: To read figures.}
audience: {ja: どなたでも。, en: Everybody.}
reach: outside
languages: [ja, en]
leads_to: null
keywords:
  ja: [夜間, 経済]
  en: [evening]
sources:
  - {title: {ja: 統計, en: Statistics}, publisher: {ja: 役所, en: Office}, year: 2024}
editions:
  - slug: first
    title: {ja: 第1期, en: First}
    mode: hybrid
    capacity: 20
    approval: first_come
    parts:
      - slug: part-1
        title: {ja: 第1回, en: Part 1}
        summary: {ja: はじめに, en: To begin}
        lessons: [wages]
      - slug: part-2
        title: {ja: 第2回, en: Part 2}
        summary: {ja: おわりに, en: To end}
        lessons: []
    completion:
      combine: at_least
      needed: 1
      requirements:
        - title: {ja: 第1回, en: Part 1}
          routes:
            - {kind: attend, part: part-1}
            - {kind: read, lesson: wages}
        - title: {ja: 第2回, en: Part 2}
          routes:
            - {kind: watch, part: part-2, percent: 80}
"""

_CHART = """\
```chart
type: bar
title: Pay
alt: Two bars, of which the second one is longer than the first.
unit: yen
x: [2023, 2024]
series:
  - {name: pay, values: [1000, 1250.5]}
source: Office, Statistics, 2024
```
"""

_CHECK = """\
```check
questions:
  - ask: Which is longer?
    options:
      - {text: The first, right: false, why: It is shorter.}
      - {text: The second, right: true, why: It is longer.}
  - ask: Which is shorter?
    options:
      - {text: The first, right: true, why: It is shorter.}
      - {text: The second, right: false, why: It is longer.}
```
"""

LESSON_EN = f"""\
---
title: Wages
minutes: 10
objectives:
  - Read a payslip
  - Ask about it
sources:
  - {{title: Statistics, publisher: Office, year: 2024, url: "https://office.example/a"}}
glossary:
  - {{term: base pay, meaning: What is always paid.}}
---

## In plain words

{"A wage is what is paid for work and **base pay** is the steady part of it. " * 12}

{_CHART}
## Three questions

1. What do you read?
2. What do you ask?
3. What do you do?

{_CHECK}"""

LESSON_JA = f"""\
---
title: 賃金
minutes: 10
objectives:
  - 明細を読める
  - 尋ねられる
sources:
  - {{title: 統計, publisher: 役所, year: 2024}}
glossary:
  - {{term: 基本給, reading: きほんきゅう, meaning: いつも支払われる部分。}}
---

## やさしい言葉で

{"{基本給|きほんきゅう}は、働いた分として毎月きまって支払われる賃金の土台です。" * 14}

{_CHART}
## 考えてみよう

1. 何を読みますか。
2. 何を尋ねますか。
3. 何をしますか。

{_CHECK}"""

DECK = """\
title: Wages
slides:
  - title: One
    lines: [a, b, c]
  - title: Two
    lines: [a, b, c]
  - title: Three
    lines: [a, b, c]
"""

FILES = {
    "evening-course/programme.yaml": PROGRAMME,
    "evening-course/lessons/wages.en.md": LESSON_EN,
    "evening-course/lessons/wages.ja.md": LESSON_JA,
    "evening-course/slides/wages.en.yaml": DECK,
    "evening-course/slides/wages.ja.yaml": DECK,
}


def write_content(folder: Path) -> Path:
    """Write the files below a folder and return it."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def spoil(folder: Path, name: str, old: str, new: str) -> int:
    """Replace the first occurrence of a text; return the line on which it stood."""
    path = folder / "evening-course" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1
