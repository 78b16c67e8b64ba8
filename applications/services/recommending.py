"""Ranked recommendation, one list per committee and track: unique ranks, within the limit, confirmed by the head."""

import datetime
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils import timezone

from applications.models import Application, ApplicationQuerySet, Clearance, Recommendation, RecommendationList
from applications.services import gate
from applications.states import Road, Status
from branches import audit, notices
from branches.models import Branch, User
from branches.roles import BRANCH_ROLES
from standards import deadlines
from standards.models import Stage, Track


def list_for(track: Track, committee: Branch) -> RecommendationList:
    ranking, _ = RecommendationList.objects.get_or_create(track=track, committee=committee)
    return ranking


def candidates(ranking: RecommendationList) -> ApplicationQuerySet:
    """What the committee may rank: checked, or already ranked, below it, not self-nominating."""
    return Application.objects.on_road(Road.RANKED).filter(
        track=ranking.track,
        branch__path__startswith=ranking.committee.path,
        status__in=[Status.CHECKED, Status.RECOMMENDED],
    )


def save_ranking(
    ranking: RecommendationList, ordered: list[Application], *, reasons: dict[int, str], version: int, by: User
) -> RecommendationList:
    """Replace the list by these applications in this order (S2-32).

    Codes: `too_many`, `not_candidate`, `duplicate`, `confirmed`, `closed`, `stale` (another person saved meanwhile).
    """
    _require_open(ranking)
    _require_candidates(ranking, ordered)
    now = timezone.now()
    with audit.recorded():
        limit = _limits(ranking)[1]
        if len(ordered) > limit:
            raise ValidationError(f"最多推荐{limit}个，现在有{len(ordered)}个。", code="too_many")
        changed = RecommendationList.objects.filter(pk=ranking.pk, version=version, confirmed_at=None).update(
            version=version + 1, saved_at=now, saved_by=by
        )
        if changed != 1:
            raise _lost(ranking)
        Recommendation.objects.filter(list=ranking).delete()
        Recommendation.objects.bulk_create(
            [
                Recommendation(
                    list=ranking, application=each, rank=rank, limit=limit, reason=reasons.get(each.pk, "")
                )
                for rank, each in enumerate(ordered, 1)
            ]
        )  # fmt: skip
        ranking.version, ranking.saved_at, ranking.saved_by = version + 1, now, by
        audit.record(
            "recommendation.save", ranking, by=by, branch=ranking.committee,
            order=[application.branch.short_name for application in ordered],
        )  # fmt: skip
    return ranking


def confirm_ranking(ranking: RecommendationList, *, version: int, by: User) -> RecommendationList:
    """The committee head confirms the very list on the screen; its applications become 已推荐 and the list is locked.

    Codes: `wrong_number`, `confirmed`, `stale`, and those of the gate with the branch it is about.
    """
    _require_open(ranking)
    now = timezone.now()
    with audit.recorded():
        places = list(ranking.places.all())
        _require_number(ranking, places)
        # Read before the claim and right all the same: whoever changed the places since changed the version as well.
        changed = RecommendationList.objects.filter(pk=ranking.pk, version=version, confirmed_at=None).update(
            confirmed_at=now, confirmed_by=by, confirmed_number=len(places), version=version + 1
        )
        if changed != 1:
            raise _lost(ranking)
        ranking.refresh_from_db()
        pks = [place.application_id for place in places]
        # Locked by key, as everybody locks several applications; they are moved in the order of their ranks.
        list(Application.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk"))
        ranked = {application.pk: application for application in Application.objects.for_work().filter(pk__in=pks)}
        for place in places:
            application = ranked[place.application_id]
            _recommend(application, place, by=by, now=now)
            notices.post(
                notices.holders(application.branch, *BRANCH_ROLES),
                "application.recommend",
                about=f"application:{application.pk}:{application.submissions}",
                title=f"本支部已被推荐至市局：{application.track}",
                url=application.get_absolute_url(),
            )
        audit.record(
            "recommendation.confirm", ranking, by=by, branch=ranking.committee,
            order=[ranked[pk].branch.short_name for pk in pks],
        )  # fmt: skip
    return ranking


def _recommend(application: Application, place: Recommendation, *, by: User, now: datetime.datetime) -> None:
    """Through the gate, by the committee's deadline; a refusal says which of the ranked branches it is about."""
    try:
        gate.move(application, "recommend", by=by, note=f"第{place.rank}名", handed_up_at=now, handed_up_by=by)
    except ValidationError as error:
        message = f"第{place.rank}名{application.branch.short_name}：{error.message}"
        raise ValidationError(message, code=error.code) from error


def obstacles(track: Track, places: Iterable[Recommendation]) -> list[str]:
    """Why the list cannot be confirmed as it stands: who on it was vetoed, and who lacks the inspectors' word."""
    places, found = list(places), []
    asked = Clearance.Point.RECOMMEND in track.clearance_points
    pks = [place.application_id for place in places]
    cleared = Clearance.objects.filter(application__in=pks, point=Clearance.Point.RECOMMEND)
    given = set(cleared.values_list("application", flat=True)) if asked else set(pks)
    for place in places:
        name = f"第{place.rank}名{place.application.branch.short_name}"
        if place.application.status == Status.VETOED:
            found.append(f"{name}已被一票否决，请移出。")
        elif place.application_id not in given:
            found.append(f"{name}尚无纪检督察“推荐前”的无问题意见，请联系纪检督察出具，或先移出。")
    return found


def _require_open(ranking: RecommendationList) -> None:
    if not ranking.track.ranked:
        raise ValidationError("该轨道不排序推荐，请逐个上报。", code="wrong_road")
    if closed := why_locked(ranking):
        raise ValidationError(closed, code="closed")


def why_locked(ranking: RecommendationList) -> str:
    """The sentence for a list that is not open now by the committee's own deadline; "" while it is."""
    stage = ranking.track.stage(Stage.Kind.RECOMMEND)
    return deadlines.why_closed(stage, ranking.committee) if stage else ""


def _require_candidates(ranking: RecommendationList, ordered: list[Application]) -> None:
    if len({application.pk for application in ordered}) != len(ordered):
        raise ValidationError("同一支部只能占一个名次。", code="duplicate")
    allowed = set(candidates(ranking).values_list("pk", flat=True))
    strangers = [application for application in ordered if application.pk not in allowed]
    if vetoed := [each.branch.short_name for each in strangers if each.status == Status.VETOED]:
        raise ValidationError(f"{'、'.join(vetoed)}已被一票否决，请移出后再保存。", code="not_candidate")
    if strangers:
        names = "、".join(each.branch.short_name for each in strangers)
        raise ValidationError(f"{names}未通过核查或不属于本单位，不能推荐，请移出后再保存。", code="not_candidate")


def _limits(ranking: RecommendationList) -> tuple[int, int]:
    """The least and the most that the track allows, as it does now."""
    least, most = Track.objects.values_list("recommend_min", "recommend_max").get(pk=ranking.track_id)
    return least, most or 0


def _require_number(ranking: RecommendationList, places: list[Recommendation]) -> None:
    least, most = _limits(ranking)
    if not max(least, 1) <= len(places) <= most:
        raise ValidationError(f"须推荐{max(least, 1)}至{most}个，现在有{len(places)}个。", code="wrong_number")
    if [place.rank for place in places] != list(range(1, len(places) + 1)):
        raise ValidationError("名次不连续，请重新保存次序后再确认。", code="wrong_number")


def _lost(ranking: RecommendationList) -> ValidationError:
    current = RecommendationList.objects.select_related("confirmed_by", "saved_by").get(pk=ranking.pk)
    if current.confirmed_at:
        when = timezone.localtime(current.confirmed_at)
        return ValidationError(
            f"名单已由{current.confirmed_by}于{when:%m月%d日 %H:%M}确认并锁定，不能再改。", code="confirmed"
        )
    who = f"{current.saved_by}于{timezone.localtime(current.saved_at):%H:%M}" if current.saved_at else "他人"
    return ValidationError(f"名单刚被{who}调整过，请核对对方保存的次序后再办理。", code="stale")
