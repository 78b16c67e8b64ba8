"""What a veto, and the lifting of one, mean where an application stands: the sentences for pages and notices.

They go by the status the reader may know of: what is sealed reads like 考评中, here as everywhere.
"""

from applications.models import Application
from applications.states import Road, Status

# What a confirmed veto does beyond taking the branch out, by where it stands.
OF_VETO: dict[str, list[str]] = {
    Status.PREPARING: ["支部不能再填写和提交本轮申报，已填内容保留；"],
    Status.SUBMITTED: ["党委不再核查这份申报；"],
    Status.CHECKED: ["不能再推荐或上报；"],
    Status.RECOMMENDED: ["不能进入市局考评；"],
    Status.IN_REVIEW: ["考核组、专家不再打分，已有评分不计入结果；", "结果已经定案的，名额空出，由市局机关党委按候补次序递补；"],
    Status.SELECTED: ["不再公示和命名，名额空出，由市局机关党委按候补次序递补；"],
    Status.RESERVE: ["不再递补；"],
    Status.NOT_SELECTED: ["本轮结果不变，记录保留；"],
    Status.PUBLISHED: ["从公示名单中撤下，不能命名；批准之前名额可由候补递补；"],
    Status.NAMED: ["命名即刻失效，从光荣榜和命名名单中撤下；牌匾编号不再使用，须由市局机关党委收回牌匾；"],
}  # fmt: skip
# What the city office has to do then; nothing where the branch had not reached it.
FOR_OFFICE: dict[str, str] = {
    Status.RECOMMENDED: "它的推荐名次空出，其余名次不变，请不要再安排考评。",
    Status.IN_REVIEW: "已有评分不再计入；此前冻结而未定案的成绩须重新计算。",
    Status.SELECTED: "名额空出，请到“成绩与公示”办理候补递补。",
    Status.RESERVE: "候补名单少一个支部。",
    Status.NOT_SELECTED: "本轮结果不变。",
    Status.PUBLISHED: "已从公示名单中撤下；尚未批准的请办理候补递补。",
    Status.NAMED: "命名已失效，请收回牌匾并通知相关单位。",
}
# Where a lifted veto leads, as the branch reads it.
BACK_TO: dict[str, str] = {
    Status.SUBMITTED: "申报仍然有效，等待党委核查，支部不需要再做什么。",
    Status.RECOMMENDED: "原推荐和名次保留，等待市局考评，支部不需要再做什么。",
    Status.IN_REVIEW: "申报和已有评分都已恢复，结果以公示为准，支部不需要再做什么。",
    Status.SELECTED: "拟命名资格恢复，由市局机关党委安排公示。",
    Status.RESERVE: "原名额已由候补递补，本支部列候补首位，名额空出时优先递补。",
    Status.NOT_SELECTED: "本轮评审已经定案，不能补评，列为未入选；申报内容和材料保留，下一轮可以接着用。",
    Status.PUBLISHED: "恢复列入公示名单。",
    Status.NAMED: "命名和牌匾恢复有效。",
}
# The rule of `states.after_lifting` in words, for whoever decides on an appeal.
LIFTING_RULE = [
    "筹备中到考评中的，恢复到否决前的状态；推荐名次、已有评分随之恢复；",
    "推荐、考评中被否决而本轮已经定案的，不能补评，列为未入选；",
    "已占名额的（拟命名、公示、命名）：名额还空着就恢复原状态；已由候补递补的，列候补首位，名额空出时优先递补，绝不超出名额；达标验收不限名额，一律恢复原状态；",
    "候补的恢复候补；命名已经完成的，候补随之结束，列为未入选；",
    "各阶段的截止时间不因申诉顺延，确需补办的由市局机关党委批准延期。",
]


def of_veto(status: str, *, rank: int | None = None, confirmed: bool = True) -> list[str]:
    """The consequences besides 已否决 itself; `rank` is its place on a list that is `confirmed` or still to be."""
    found = list(OF_VETO.get(status, []))
    if rank and confirmed:
        found.append(f"它的推荐名次（第{rank}名）空出，其余名次不变；")
    elif rank:
        found.append(f"它在推荐名单上列第{rank}名，名单还没有确认，党委须移出后才能确认；")
    return found


def for_office(status: str) -> str:
    return FOR_OFFICE.get(status, "")


def for_committee(rank: int | None, confirmed: bool) -> str:
    if rank is None:
        return ""
    return f"推荐名单第{rank}名空出。" if confirmed else f"它列推荐名单第{rank}名，请移出后再确认名单。"


def of_lifting(application: Application, closed: str, list_locked: bool) -> str:
    """What the branch has to do after its veto was lifted; `closed` is why the next step is shut, if it is.

    `list_locked`: its committee's recommendations were confirmed meanwhile, without it.
    """
    status = application.public_status
    if status == Status.PREPARING:
        late = f"{closed}需要继续申报的，请尽快通过党委向市局机关党委申请延期，批准后再提交。"
        return late if closed else "请继续填写并在截止前由书记本人提交。"
    if status == Status.CHECKED:
        if application.road == Road.RANKED and list_locked:
            return "党委的推荐名单在此期间已确认锁定，本轮不能补推荐；申报内容保留，下一轮可以接着用。"
        late = f"{closed}需要补办的，请由党委向市局机关党委申请延期。"
        return late if closed else f"核查结论仍然有效，等待党委{application.road_label}。"
    return BACK_TO[status]
