"""Numbers and words out of fields that no form judges: what nobody can have been given is no number, however long it is."""

from collections.abc import Iterable, Mapping

# A column of 64 bits holds any number of so many digits; beyond it SQLite raises, and Python will not even read it.
MOST_DIGITS = 18


def is_number(typed: str) -> bool:
    return typed.isdecimal() and len(typed) <= MOST_DIGITS


def number_in(typed: str, otherwise: int = 0) -> int:
    return int(typed) if is_number(typed) else otherwise


def numbers_in(typed: Iterable[str]) -> list[int]:
    """Those that are numbers, in their order."""
    return [int(each) for each in typed if is_number(each)]


def text_in(data: Mapping[str, str], name: str, most: int) -> str:
    """A field's text cut to its length, without the character that PostgreSQL refuses to hold or to compare."""
    return data.get(name, "").replace("\x00", "")[:most]
