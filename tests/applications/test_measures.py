"""From baseline to target: what people type is read leniently, and never guessed."""

from decimal import Decimal

import pytest

from applications.measures import amount, percent


@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("12", "12", ""), ("12次", "12", "次"), ("１２", "12", ""), ("1,200件", "1200", "件"), ("1，200 件", "1200", "件"),
        ("98.5%", "98.5", "%"), ("98％", "98", "%"), ("5个百分点", "5", "个百分点"), ("≥95%", "95", "%"),
        ("不低于12次", "12", "次"), ("12次以上", "12", "次"), ("-3", "-3", ""), (" 0 ", "0", ""),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text, number, unit):
    assert amount(text) == (found := amount(text)) and (found.number, found.unit) == (Decimal(number), unit)


@pytest.mark.parametrize(
    "text", ["", "无", "明显提升", "10-12次", "3/4", "第3名", "2026年12月", "约10", "1.2.3", "全部", None]
)
def test_what_is_no_single_number_is_none(text):
    assert amount(text) is None


@pytest.mark.parametrize(
    ("baseline", "target", "actual", "share"),
    [
        ("8", "12", "10", 50), ("8次", "12次", "10", 50), ("20起", "12起", "16起", 50), ("93%", "99%", "96%", 50),
        ("0", "3", "1", 33), ("0", "3", "2.999", 99), ("8", "12", "12", 100), ("8", "12", "15", 100),
        ("8", "12", "6", 0), ("100%", "100%", "100%", 100), ("365", "365", "364", None),
        ("", "12", "10", None), ("8", "", "10", None), ("8", "12", "", None), ("8", "明显提升", "10", None),
        ("8件", "12次", "10次", None), ("93%", "99%", "96分", None),
    ],
)  # fmt: skip
def test_share_of_the_way(baseline, target, actual, share):
    assert percent(baseline, target, actual) == share
