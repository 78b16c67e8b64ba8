import datetime

import pytest

from branches.models import Branch, User
from standards.models import Campaign, Track


@pytest.fixture
def branch(db):
    return Branch.objects.add_root(
        create_kwargs={"name": "城东派出所党支部", "short_name": "城东所", "code": "B-1", "kind": Branch.Kind.BRANCH}
    )


@pytest.fixture
def admin(branch):
    return User.objects.create_user("100001", name="活动管理员", unit=branch)


@pytest.fixture
def s1(plans):
    return Campaign.objects.get(code="S1")


@pytest.fixture
def s2(plans):
    return Campaign.objects.get(code="S2")


@pytest.fixture
def approval():
    return {
        "approved_by": "市局党委",
        "approval_number": "党发〔2023〕6号",
        "approved_on": datetime.date(2023, 2, 20),
    }


@pytest.fixture
def strongest(s2):
    return Track.objects.get(campaign=s2)
