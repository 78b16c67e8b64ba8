"""How plans write dates (6月上旬, 4月底前, “七一”前夕, 三季度, 11月至12月 …), turned into days. Pure: text in, dates out.

What comes out is a proposal: a person confirms it, because a plan often leaves the year or one end unsaid.
"""

import calendar
import datetime
import re
from dataclasses import dataclass

# Days a plan names instead of a date.
FEASTS = {
    "元旦": (1, 1), "警察节": (1, 10), "三八": (3, 8), "五一": (5, 1), "五四": (5, 4), "六一": (6, 1), "七一": (7, 1),
    "八一": (8, 1), "十一": (10, 1), "国庆节": (10, 1), "国庆": (10, 1),
}  # fmt: skip
# “前夕” is the ten days before.
EVE = datetime.timedelta(days=10)
DAY = datetime.timedelta(days=1)
TENS = {
    "上旬": (1, 10),
    "中旬": (11, 20),
    "下旬": (21, 31),
    "初": (1, 5),
    "中": (11, 20),
    "末": (26, 31),
    "底": (26, 31),
}
HALVES = {"上半年": (1, 6), "下半年": (7, 12), "年初": (1, 1), "年中": (6, 6), "全年": (1, 12)}
DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {"零": 0}

_POINT = re.compile(
    r"(?:(?P<year>\d{4})年|(?P<near>今年|本年|当年|明年|次年|翌年))?度?的?"
    r"(?:(?P<month>\d{1,2})月(?:份)?(?:(?P<day>\d{1,2})[日号]|(?P<tens>上旬|中旬|下旬|初|中(?!旬)|末|底))?"
    r"|第?(?P<quarter>[1-4])季度(?P<qend>末|底)?"
    r"|(?P<half>上半年|下半年|年初|年中|全年)"
    r"|(?P<yend>年底|年末)"
    rf"|(?P<feast>{'|'.join(FEASTS)})节?"
    r")?"
)
_TO = re.compile(r"^(?:起)?(?:至|到|—+|-+|–+|－+|~|～)")
_BEFORE = re.compile(r"^(?:之前|以前|前夕|前后|前)")
_FROM = re.compile(r"^(?:起|开始|以后|之后|后)")


@dataclass(frozen=True)
class Span:
    """The days a wording stands for; an end left open is None. `each` holds the days of what recurs (每季度末)."""

    opens: datetime.date | None
    closes: datetime.date | None
    note: str = ""
    each: tuple[datetime.date, ...] = ()


def days_of(text: str, year: int) -> Span | None:
    """The days the wording stands for; `year` is meant where it names none. None where no date can be read."""
    plain = _plain(text)
    recurring = _recurring(plain, year)
    if recurring:
        return recurring
    if "每年" in plain:
        plain = plain.split("每年", 1)[1]
    first, rest = _first_point(plain, year)
    if first is None:
        return None
    to = _TO.match(rest)
    if to:
        tail = rest[to.end() :]
        second = _second_point(tail, first)
        if second:
            other, used = second
            until = _with_suffix(other, tail[used:])
            return Span(first.opens, until.closes or other.closes, until.note)
    return _with_suffix(first, rest)


def _plain(text: str) -> str:
    """Without spaces and quotation marks, with digits for 六月, 二〇二六年 and full-width figures."""
    plain = re.sub(r"[\s“”\"'‘’「」《》·]", "", text)
    plain = plain.translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    plain = re.sub(r"[〇零一二三四五六七八九]{4}(?=年)", lambda m: "".join(str(DIGITS[c]) for c in m[0]), plain)
    return re.sub(r"[一二三四五六七八九十]{1,3}(?=月|日|号|季度)", lambda m: str(_number(m[0])), plain)


def _number(word: str) -> int:
    """十一 → 11, 二十 → 20, 三十一 → 31."""
    tens, ten, ones = word.partition("十")
    if not ten:
        return DIGITS[word[-1]]
    return (DIGITS[tens] if tens else 1) * 10 + (DIGITS[ones] if ones else 0)


def _recurring(plain: str, year: int) -> Span | None:
    months = {"每季度": (3, 6, 9, 12), "每半年": (6, 12), "每月": tuple(range(1, 13)), "每个月": tuple(range(1, 13))}
    for word, ends in months.items():
        if word in plain:
            named = re.search(r"(\d{4})年", plain)
            own = int(named[1]) if named else year
            each = tuple(_last(own, month) for month in ends)
            return Span(datetime.date(own, 1, 1), datetime.date(own, 12, 31), f"{word}一次，按全年安排", each)
    return None


def _first_point(plain: str, year: int) -> tuple[Span | None, str]:
    """The first date in the text, wherever it stands, and what follows it."""
    for match in _POINT.finditer(plain):
        span = _span(match, year)
        if span:
            return span, plain[match.end() :]
    return None, plain


def _second_point(text: str, first: Span) -> tuple[Span, int] | None:
    """The other end of a range: “4月至10月”, “6月1日至22日”, “11月至次年2月”; never before the first."""
    assert first.opens is not None and first.closes is not None
    bare = re.match(r"(\d{1,2})[日号]", text)
    if bare:
        day = _day(first.opens.year, first.opens.month, int(bare[1]))
        return (Span(day, day), bare.end()) if day and day >= first.opens else None
    match = _POINT.match(text)
    if not match or not match[0]:
        return None
    span = _span(match, first.opens.year)
    if span and span.closes and span.closes < first.opens and not match["year"]:
        span = _span(match, first.opens.year + 1)
    if not span or not span.closes or span.closes < first.opens:
        return None
    return span, match.end()


def _span(match: re.Match, year: int) -> Span | None:
    """The days one date wording stands for by itself."""
    named = match.groupdict()
    if named["near"] in ("明年", "次年", "翌年"):
        year += 1
    year = int(named["year"]) if named["year"] else year
    if named["month"]:
        return _in_month(year, int(named["month"]), named["day"], named["tens"])
    if named["quarter"]:
        quarter = int(named["quarter"])
        end = _last(year, quarter * 3)
        return Span(end if named["qend"] else datetime.date(year, quarter * 3 - 2, 1), end)
    if named["half"]:
        begin, until = HALVES[named["half"]]
        return Span(datetime.date(year, begin, 1), _last(year, until))
    if named["yend"]:
        return Span(datetime.date(year, 12, 1), datetime.date(year, 12, 31))
    if named["feast"]:
        day = datetime.date(year, *FEASTS[named["feast"]])
        return Span(day, day, note="feast")
    return Span(datetime.date(year, 1, 1), datetime.date(year, 12, 31)) if named["year"] else None


def _in_month(year: int, month: int, day: str | None, tens: str | None) -> Span | None:
    if not 1 <= month <= 12:
        return None
    if day:
        found = _day(year, month, int(day))
        return Span(found, found) if found else None
    if not tens:
        return Span(datetime.date(year, month, 1), _last(year, month), note="month")
    begin, until = TENS[tens]
    last = _last(year, month)
    return Span(datetime.date(year, month, begin), min(datetime.date(year, month, min(until, last.day)), last))


def _with_suffix(span: Span, rest: str) -> Span:
    """前 closes, 起 opens, 前夕 is the ten days before; nothing leaves the span as it is."""
    assert span.opens is not None and span.closes is not None
    before = _BEFORE.match(rest)
    if before and before[0] == "前夕":
        return Span(span.opens - EVE, span.opens - DAY, "前夕按此前十天推算")
    if before and before[0] == "前后":
        return Span(span.opens - 5 * DAY, span.closes + 5 * DAY, "前后按各五天推算")
    if before:
        # “七一前” and “6月前” end before it; “6月22日前”, “4月底前” and “年底前” include the day named.
        if span.note in ("feast", "month"):
            return Span(None, span.opens - DAY, "不含所写的日子")
        return Span(None, span.closes)
    if _FROM.match(rest):
        return Span(span.opens, None)
    return Span(span.opens, span.closes)


def _day(year: int, month: int, day: int) -> datetime.date | None:
    return datetime.date(year, month, day) if 1 <= day <= _last(year, month).day else None


def _last(year: int, month: int) -> datetime.date:
    return datetime.date(year, month, calendar.monthrange(year, month)[1])
