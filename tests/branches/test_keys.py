import pytest
from django.core.exceptions import ValidationError

from branches import keys
from branches.forms import TickedField
from branches.models import User


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("7", 7),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, 0),
        ("9" * 5000, 0),
        ("", 0),
        ("-1", 0),
        ("1.5", 0),
        ("²", 0),
    ],
)
def test_a_number_that_no_row_can_have_is_none(typed, number):
    assert keys.number_in(typed) == number


def test_numbers_keep_their_order_and_lose_the_rest():
    assert keys.numbers_in(["3", "x", "1", "9" * 40]) == [3, 1]


@pytest.mark.parametrize("typed", ["9" * 30, "9" * 5000, "x", "-1"])
def test_ticked_rows_with_an_impossible_key_are_refused(db, typed):
    with pytest.raises(ValidationError) as refusal:
        TickedField(User.objects.all()).clean([typed])
    assert refusal.value.code == "invalid_pk_value"
    assert len(refusal.value.messages[0]) < 80


def test_ticked_rows_are_the_rows(cast):
    chosen = TickedField(User.objects.all()).clean([str(cast.secretary.pk), str(cast.auditor.pk)])
    assert set(chosen) == {cast.secretary, cast.auditor}
