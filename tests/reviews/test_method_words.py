from reviews import method_words
from tests.reviews.test_calculation import band, method, part


def test_every_rule_of_the_method_is_said():
    said = method_words.sentences(
        method(
            part("a", 30, "check", dimensions=["D1", "D2"], out_of="40"),
            part("b", 70, method="trimmed", trim_from=7, min_scores=3, over_time="monthly", pass_line="60.00",
                 lines={"D1": "16.00"}, vetoes={"V1": "责任事故"}),
            quota=20, reserves=3, pass_line="85.50", pass_grade="良好", tie_breakers=["b", "stars"], grade_component="b",
            grades=[
                band("优秀", at_least="90.00", share="30.00", stars=3, each_dimension="60.00", component="b", component_min="85"),
                band("合格"),
            ],
        )
    )  # fmt: skip
    assert said == [
        ("各项得分", [
            "a项：占30%，满分40分（R第1版，只取D1、D2）；直接取分。",
            "b项：占70%，满分100分（R第1版）；同一次考评：去掉一个最高分和一个最低分（满7人起）；多次考评：先按月平均，再各月平均；"
            "每次至少3份评分，不足的视为资料不全；本项须达到60分。",
        ]),
        ("总分与名次", [
            "各项先折成百分，再按权重合计为总分，四舍五入到两位小数；缺一项的列为资料不全，不排名。",
            "总分须达到85.5分。", "等次不低于“良好”方可命名。", "从高到低取20名，其后3名候补。",
            "同分的依次看：b项、得星多者；仍不能区分的名次并列。",
        ]),
        ("等次", [
            "优秀：总分不低于90分，不超过参加排名支部的30%，舍去零头，同分不拆开，得星不少于3个，每个维度不低于满分的60%，b项不低于85分。",
            "合格：其余支部。",
        ]),
        ("得星与维度", ["看“b项”各维度的得分。", "达到下列分数的维度各得一星：D1 16分。"]),
        ("一票否决", ["b项中的一票否决项：V1 责任事故。"]),
    ]  # fmt: skip


def test_what_a_plan_does_not_have_is_not_mentioned():
    assert [heading for heading, _ in method_words.sentences(method(part("a", 100)))] == ["各项得分", "总分与名次"]
