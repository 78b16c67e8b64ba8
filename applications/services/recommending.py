"""Ranked recommendation, one list per committee and track: unique ranks, within the limit, confirmed by the head."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from applications.models import Application, ApplicationQuerySet, Recommendation, RecommendationList
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
    track = ranking.track
    _require_open(ranking)
    if len({application.pk for application in ordered}) != len(ordered):
        raise ValidationError("同一支部只能占一个名次。", code="duplicate")
    if len(ordered) > (track.recommend_max or 0):
        raise ValidationError(f"最多推荐{track.recommend_max}个，现在有{len(ordered)}个。", code="too_many")
    allowed = set(candidates(ranking).values_list("pk", flat=True))
    if strangers := [a for a in ordered if a.pk not in allowed]:
        names = "、".join(a.branch.short_name for a in strangers)
        raise ValidationError(f"{names}未通过核查或不属于本单位，不能推荐。", code="not_candidate")
    with audit.recorded():
        changed = RecommendationList.objects.filter(pk=ranking.pk, version=version, confirmed_at=None).update(
            version=version + 1
        )
        if changed != 1:
            raise _lost(ranking)
        Recommendation.objects.filter(list=ranking).delete()
        Recommendation.objects.bulk_create(
            [
                Recommendation(
                    list=ranking,
                    application=application,
                    rank=rank,
                    limit=track.recommend_max or 0,
                    reason=reasons.get(application.pk, ""),
                )
                for rank, application in enumerate(ordered, 1)
            ]
        )
        ranking.version = version + 1
        audit.record(
            "recommendation.save", ranking, by=by, branch=ranking.committee,
            order=[application.branch.short_name for application in ordered],
        )  # fmt: skip
    return ranking


def confirm_ranking(ranking: RecommendationList, *, version: int, by: User) -> RecommendationList:
    """The committee head confirms the very list on the screen; its applications become 已推荐 and the list is locked."""
    _require_open(ranking)
    with audit.recorded():
        changed = RecommendationList.objects.filter(pk=ranking.pk, version=version, confirmed_at=None).update(
            confirmed_at=timezone.now(), confirmed_by=by, version=version + 1
        )
        if changed != 1:
            raise _lost(ranking)
        ranking.refresh_from_db()
        places = list(ranking.places.all())
        if not ranking.track.recommend_min <= len(places) <= (ranking.track.recommend_max or 0):
            raise ValidationError(
                f"须推荐{ranking.track.recommend_min}至{ranking.track.recommend_max}个，现在有{len(places)}个。",
                code="wrong_number",
            )
        ranked = {
            application.pk: application
            for application in Application.objects.for_work().filter(pk__in=[place.application_id for place in places])
        }
        for place in places:
            application = ranked[place.application_id]
            _recommend(application, place, by=by, committee=ranking.committee)
            notices.post(
                notices.holders(application.branch, *BRANCH_ROLES),
                "application.recommend",
                about=f"application:{application.pk}:{application.submissions}",
                title=f"本支部已被推荐至市局：{application.track}",
                url=application.get_absolute_url(),
            )
        audit.record(
            "recommendation.confirm", ranking, by=by, branch=ranking.committee,
            order=[ranked[place.application_id].branch.short_name for place in places],
        )  # fmt: skip
    return ranking


def _recommend(application: Application, place: Recommendation, *, by: User, committee: Branch) -> None:
    """Through the gate, by the committee's deadline; a refusal says which of the ranked branches it is about."""
    try:
        gate.move(application, "recommend", by=by, note=f"第{place.rank}名")
    except ValidationError as error:
        message = f"第{place.rank}名{application.branch.short_name}：{error.message}"
        raise ValidationError(message, code=error.code) from error


def _require_open(ranking: RecommendationList) -> None:
    if not ranking.track.ranked:
        raise ValidationError("该轨道不排序推荐，请逐个上报。", code="wrong_road")
    stage = ranking.track.stage(Stage.Kind.RECOMMEND)
    if stage and (closed := deadlines.why_closed(stage, ranking.committee)):
        raise ValidationError(closed, code="closed")


def _lost(ranking: RecommendationList) -> ValidationError:
    current = RecommendationList.objects.select_related("confirmed_by").get(pk=ranking.pk)
    if current.confirmed_at:
        when = timezone.localtime(current.confirmed_at)
        return ValidationError(
            f"名单已由{current.confirmed_by}于{when:%m月%d日 %H:%M}确认并锁定，不能再改。", code="confirmed"
        )
    return ValidationError("名单刚被他人调整过，请刷新页面核对最新次序后再操作。", code="stale")
