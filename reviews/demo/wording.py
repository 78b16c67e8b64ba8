"""What people of a demo bureau write: sentences with gaps, filled from the criterion's own words and the branch."""

from random import Random

from branches.models import Branch
from standards.models import Criterion, FormField

PASSWORD = "chuangjian-2026"  # noqa: S105 - for the demo only, printed with the logins

THEMES = [
    "党建引领 平安先行", "旗帜领航 护民安民", "红心向党 忠诚护航", "支部建在最前沿", "党徽闪耀 警民同心",
    "初心如磐 守护万家", "强支部 优服务 保平安", "一名党员一面旗", "铸忠诚警魂 创最强支部", "党建赋能 提质增效",
]  # fmt: skip
BRANDS = ["红盾先锋", "平安红管家", "护航先锋岗", "暖心警务", "石榴籽警务室", "红色网格", "情系万家", "利剑先锋"]
MEASURES = [
    ("严格落实“第一议题”，每周例会先学习后议事", "“第一议题”学习次数", 30, 48),
    ("每月开展主题党日，至少一半走进社区和企业", "主题党日次数", 10, 12),
    ("设立党员先锋岗，承担急难险重任务", "党员先锋岗（个）", 3, 6),
    ("领题攻坚，书记项目推动重点工作", "书记项目（个）", 1, 2),
    ("走访辖区群众和企业，办实事、解难题", "为群众办实事（件）", 20, 40),
    ("书记讲党课、党员上讲台", "党课次数", 4, 8),
    ("开展谈心谈话，及时掌握党员思想动态", "谈心谈话（人次）", 24, 48),
    ("提炼党建工作法，形成可复制的经验", "工作法与经验材料（篇）", 0, 2),
]
PROGRESS = [
    "按月推进，台账已更新。", "本季度重点落实，群众反映较好。", "已完成大半，下一步补齐薄弱环节。",
    "受专项任务影响略有延后，已调整安排。", "做法在分局例会上作了交流。",
]  # fmt: skip
BUSINESS = {
    "派出所": ("矛盾纠纷化解率", "95%", "98%"), "刑侦": ("现行命案破案率", "100%", "100%"),
    "治安": ("重点场所检查覆盖率", "92%", "100%"), "交警": ("亡人道路交通事故下降", "3%", "8%"),
    "巡特警": ("五分钟到场率", "90%", "96%"), "法制": ("案件审核退查率", "6%", "3%"),
    "监管": ("监所安全天数", "365", "365"),
}  # fmt: skip
REMARKS = [
    "{text}：已形成{hint}{n}份，按月归档。",
    "对照“{title}”逐条落实，{hint}{n}份可查；仍需在常态长效上用力。",
    "{text}。本年度开展相关工作{n}次，台账齐全。",
    "“{title}”由支委专人负责，{hint}见附件，已公示{n}次。",
    "落实较好。{hint}共{n}份，其中半数为本季度新增。",
]
CHECK_REMARKS = [
    "与台账相符，按自评认定。", "“{title}”查阅{hint}，基本属实，个别记录不够细。", "{hint}缺一次签到，酌情扣分。",
    "现场核对{hint}，属实。", "材料能够印证，建议补充成效数据。", "",
]  # fmt: skip
REVIEW_REMARKS = [
    "看现场、查{hint}，“{title}”落实到位。", "“{title}”有做法、有成效。", "{hint}较规范，可再提炼。",
    "访谈党员，对“{title}”知晓度高。", "", "",
]  # fmt: skip
COMMENTS = [
    "支部班子有凝聚力，台账规范，党建与业务结合紧密。", "阵地建设扎实，组织生活经常，建议进一步总结推广。",
    "工作有特色，成效数据充分；宣传还可加强。", "基础工作好，品牌内涵需再提炼。", "党员作用发挥明显，群众评价高。",
]  # fmt: skip
RETURNS = [
    "“第一议题”台账只到上季度，请补充近三个月记录后重新提交；党员大会实到人数与签到表不一致，请核对。",
    "申报表“近三年获奖”缺授予单位，请逐项补全；R3-D3 的业务名次请附通报原件。",
    "自评分偏高而佐证不足，请对照标准重新自评，并补传主题党日照片。",
]
# Of single criteria, when an application goes back.
RETURN_REMARKS = [
    "{hint}只到上季度，请补齐近三个月的。", "“{title}”只写了做法，请写明次数和成效。", "所附材料看不出时间和人数，请换一份。",
]  # fmt: skip
MENDED = "已补充：补齐近三个月记录，注明次数、人数和成效。"
REASONS = [
    "政治功能突出，业务考评连续两年居全局前列。", "班子坚强有力，党建品牌在全局推广。", "基层基础扎实，群众满意度高。",
    "攻坚克难成绩突出，队伍零违纪。", "特色鲜明，可学可复制。",
]  # fmt: skip
WORK = (
    "{name}现有党员{party}名，民警{officers}名、辅警{auxiliaries}名。创建以来，支部围绕“{theme}”主题，"
    "把创建标准分解为{tasks}项任务，落实到每名支委和每个党小组。\n"
    "一是抓政治建设。坚持“第一议题”制度，全年组织集中学习{study}次，开展红色宣讲{talks}场，做到学习有计划、"
    "有记录、有检查。\n"
    "二是抓班子建设。支委分工明确，每季度专题研究党建工作，书记带头领办书记项目，解决队伍和业务难题{problems}个。\n"
    "三是抓机制落实。“三会一课”、主题党日按期开展，党员平均参会率{rate}%，组织生活台账齐全规范。\n"
    "四是抓作用发挥。设立党员先锋岗{posts}个，组建党员突击队，{indicator}由{before}提升到{after}，"
    "为群众办实事{deeds}件，群众满意度{satisfied}%。"
)
FEATURES = (
    "结合{line}工作特点，推行“一岗双责、一线带动”：党员亮身份、亮承诺、亮业绩；重大任务成立临时党小组，"
    "难点工作由支委包保，形成月分析、季点评、年评议的闭环。"
)
HIGHLIGHTS = (
    "载体创新：建立“党员积分”手册，全年公示{n}次。制度创新：制定支部议事清单{n}项。工作创新：与辖区{n}个社区、"
    "企业支部结对共建，经验做法被市局简报采用{m}篇。"
)
MEANING = "“{brand}”以党徽红为底色，以盾牌为外形，寓意党员冲锋在前、守护平安；以服务群众{n}项举措为载体。"
MEETING = {
    "committee_meeting": "学习创建原则与创建标准，研究本支部创建措施和分工，讨论通过创建活动计划{n}项措施。",
    "members_meeting": "书记作动员部署，全体党员学习创建标准，围绕“我为创建做什么”发言{n}人次，表决通过创建活动计划。",
    "summary": "一年来对照标准自查自纠{n}次，整改问题{n}个，各项任务完成，认为已达到创建标准，现将创建活动总结如下。",
}


def fill(text: str, criterion: Criterion, random: Random) -> str:
    """A remark in the criterion's own words."""
    hints = criterion.evidence_hints or ["有关材料"]
    return text.format(
        text=criterion.text.rstrip("。"), title=criterion.title, hint=random.choice(hints), n=random.randint(2, 16)
    )


def remark(criterion: Criterion, random: Random) -> str:
    return fill(random.choice(REMARKS), criterion, random)


def form_text(field: FormField, branch: Branch, random: Random) -> str:
    """A value for one field of the 申报表, within its length; “无” where the demo knows nothing."""
    party = branch.party_members
    present = max(party - random.randint(0, 2), 1)
    values = {
        "theme": random.choice(THEMES),
        "work": _work(branch, random),
        "features": FEATURES.format(line=branch.line or "机关"),
        "highlights": HIGHLIGHTS.format(n=random.randint(3, 9), m=random.randint(1, 6)),
        "brand": random.choice(BRANDS),
        "brand_meaning": MEANING.format(brand=random.choice(BRANDS), n=random.randint(3, 8)),
        "honours": "2024年度先进基层党组织（市局党委）\n2025年集体嘉奖（市局）" if random.random() < 0.7 else "无",
        "expected": str(party),
        "present": str(present),
        "in_favour": str(present),
        "contact_phone": f"0000-{random.randint(2000000, 2999999)}",
    }
    text = values.get(field.key, "10" if field.kind == FormField.Kind.NUMBER else "无")
    return text[: field.max_length] if field.max_length else text


def _work(branch: Branch, random: Random) -> str:
    indicator, before, after = BUSINESS.get(branch.line, ("重点任务按期办结率", "93%", "99%"))
    return WORK.format(
        name=branch.name, party=branch.party_members, officers=branch.officers, auxiliaries=branch.auxiliaries,
        theme=random.choice(THEMES), tasks=random.randint(18, 36), study=random.randint(30, 52),
        talks=random.randint(2, 9), problems=random.randint(3, 12), rate=random.randint(93, 100),
        posts=random.randint(3, 8), indicator=indicator, before=before, after=after, deeds=random.randint(20, 80),
        satisfied=random.randint(95, 99),
    )  # fmt: skip


SHORTFALLS = [
    "“{title}”台账缺{n}次记录，未按月归档", "“{title}”落实不经常，本季度少开展{n}次", "“{title}”责任没有明确到人，缺少检查",
    "“{title}”与业务工作结合不紧，成效材料只有{n}份",
]  # fmt: skip
# Cause, measure, what came of it.
REMEDIES = [
    ("工作任务重时以会代训，计划没有刚性执行", "列入支部月度计划，每月最后一周由组织委员对照补齐", "已补开并归档，台账逐月齐全。"),
    ("支委分工不细，资料收集靠一个人", "明确分管支委和报送时限，支委会每月通报一次", "分工已上墙，连续两个月按时归档。"),
    ("对标准理解不透，满足于做过", "组织专题学习标准原文，逐条列出佐证清单", "专题学习已开展，佐证清单已建立。"),
]  # fmt: skip
# State of an entry of the ledger, and the days to its date.
RECTIFIED = [("reviewed", -10), ("done", -2), ("open", -6), ("open", 20), ("open", None)]
