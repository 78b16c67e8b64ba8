"""Six rubrics of other bureaus (tests/standards/rubrics/*.xlsx), each filled in twice, with the sums done by hand.

`good` and `weak` answer by criterion code: points as text, a level by its label, times by the label of the line,
True and False for 符合/不符合 and 未发生/发生. `totals` has the total of each for 派出所, 交警 and 刑侦 (a1, b2, a3).
"""

from dataclasses import dataclass, field

LINES = ("派出所", "交警", "刑侦")


@dataclass(frozen=True)
class Own:
    good: dict
    weak: dict
    totals: dict
    # What the ranking must say of a1, b2 and a3: (final, rank, grade); see test_own_rubrics.
    places: tuple
    bands: tuple = ()
    # One sheet of the panel for a3 answers these differently.
    spoiled: dict = field(default_factory=dict)


OWN = {
    # Three levels, dimensions of 100 weighing 30, 30 and 40 percent.
    "Z1": Own(
        # A1 10+10+20=40, A2 (30−1×2)+29=57, A 97; B1 24+4×5=44, B2 20+25=45, B 89; C1 38.5+5×4=58.5, C2 20+18=38, C 96.5.
        good={
            "A1-1": True, "A1-2": True, "A1-3": "好", "A2-1": {"每少1次": 1}, "A2-2": "29", "B1-1": "24",
            "B1-2": {"送学上门": 4}, "B2-1": "较好", "B2-2": True, "C1-1": "38.5", "C1-2": {"党员先锋岗": 5},
            "C2-1": "好", "C2-2": "18",
        },
        # A1 0+10+10=20, A2 (30−40→0)+15=15, A 35; B1 12.5+(30→25)=37.5, B2 0+0, B 37.5; C1 20+0=20, C2 15+10=25, C 45.
        weak={
            "A1-1": False, "A1-2": True, "A1-3": "一般", "A2-1": {"每少1次": 20}, "A2-2": "15", "B1-1": "12.5",
            "B1-2": {"送学上门": 6}, "B2-1": "差", "B2-2": False, "C1-1": "20", "C1-2": {"党员先锋岗": 0},
            "C2-1": "较好", "C2-2": "10",
        },
        # 97×30%+89×30%+96.5×40% = 29.1+26.7+38.6; 35×30%+37.5×30%+45×40% = 10.5+11.25+18.
        totals={"good": ("94.4",) * 3, "weak": ("39.75",) * 3},
        # a1 0.4×94.4+0.6×76.18 (228.55÷3); b2 0.4×39.75+0.6×94.4; a3 0.4×94.4+0.6×39.75.
        places=(("83.47", 1, ""), ("72.54", 2, ""), ("61.61", 3, "")),
    ),
    # Deductions by person-time, a measured line, floors of 0, −10 and none, steps of 0.1.
    "Z2": Own(
        # A 15−2×0.5−3×0.1=13.7, 87% is not a whole 10% below 90: 15, 10 → 38.7; B 20−2=18, 10, 10 → 38;
        # C 9.3, 94.2%: 1 for crossing and a begun 1% at 0.5 → 8.5 → 17.8.
        good={
            "A1": {"少召开1次": 2, "无故缺席": 3}, "A2": {"党员参学率": "87"}, "A3": True,
            "B1": {"提醒谈话": 1, "党政纪处分": 0}, "B2": {"有责信访投诉": 0}, "B3": True, "C1": "9.3",
            "C2": {"警情按时办结率": "94.2%"},
        },
        # A 15−5−3=7, 65% is two whole 10% below: 13, 0 → 20; B 20−2−40→−10, 10−15=−5, 0 → −15;
        # C 0.1, 80%: 1 and eight steps at most at 0.5 → 5 → 5.1.
        weak={
            "A1": {"少召开1次": 10, "无故缺席": 30}, "A2": {"党员参学率": "65"}, "A3": False,
            "B1": {"提醒谈话": 1, "党政纪处分": 5}, "B2": {"有责信访投诉": 5}, "B3": False, "C1": "0.1",
            "C2": {"警情按时办结率": "80"},
        },
        totals={"good": ("94.5",) * 3, "weak": ("10.1",) * 3},
        # a1 0.4×94.5+0.6×66.37 (199.1÷3); b2 0.4×10.1+0.6×94.5; a3 0.4×94.5+0.6×10.1.
        places=(("77.62", 1, ""), ("60.74", 2, ""), ("43.86", 3, "")),
    ),
    # Five stars of 100 points, each won at 80; one veto disqualifies, one caps the grade at 三星级.
    "Z3": Own(
        # Stars: 40−2×4+50=82, 45+50=95, 50+7×5=85, 45+36=81, 60−1×3+3×10=87; all five won.
        good={
            "S1-1": {"每少1次": 2}, "S1-2": "较好", "S2-1": "45", "S2-2": True, "S3-1": "50", "S3-2": {"走访慰问": 7},
            "S3-3": True, "S4-1": "中上", "S4-2": "36", "S4-3": True, "S5-1": {"群众满意度": "94"},
            "S5-2": {"为民实事": 3},
        },
        # Stars: 20+30=50, 40+50=90, 30+10=40, 30+20=50, 60−5×3+40=85; two won, and 执法过错 caps the grade.
        weak={
            "S1-1": {"每少1次": 5}, "S1-2": "一般", "S2-1": "40", "S2-2": True, "S3-1": "30", "S3-2": {"走访慰问": 2},
            "S3-3": True, "S4-1": "中等", "S4-2": "20", "S4-3": False, "S5-1": {"群众满意度": "90"},
            "S5-2": {"为民实事": 4},
        },
        # 430×20%; 315×20%.
        totals={"good": ("86",) * 3, "weak": ("63",) * 3},
        # a1 0.4×86+0.6×78.33 (235÷3), stars by the panel's means: 95,93.33,… 71.33 93.33 70 70.67 86.33 → two;
        # b2 0.4×63+0.6×86, five stars but the check found 执法过错 → 三星级; a3 has 违法犯罪 on one sheet: out.
        places=(("81.40", 1, "二星级"), ("76.80", 2, "三星级"), ("72.20", None, "")),
        bands=(("五星级", 5), ("四星级", 4), ("三星级", 3), ("二星级", None)),
        spoiled={"S3-3": False},
    ),
    # 100 points and a bonus of 10 at most, in which only the highest award counts.
    "Z4": Own(
        # A 19.5+15+(24→20)=54.5; B 18+(20−2×1−1×2)=34; J1 the higher of 6 and 4 → 6, J2 3×1.5=4.5, together 10.5→10.
        good={
            "A1": "19.5", "A2": "较好", "A3": {"开展志愿服务": 12}, "B1": "18", "B2": {"每迟报1次": 2, "每漏报1次": 1},
            "J1-1": {"国家级表彰": 1, "省级表彰": 1, "市级表彰": 1}, "J1-2": {"省级以上表彰": 2}, "J2": {"经验做法被转发": 3},
        },
        # A 10+0+2=12; B 5+(20−22→0)=5; J1 the higher of 2 and (6→5) → 5, J2 0.
        weak={
            "A1": "10", "A2": "差", "A3": {"开展志愿服务": 1}, "B1": "5", "B2": {"每迟报1次": 0, "每漏报1次": 11},
            "J1-1": {"国家级表彰": 0, "省级表彰": 0, "市级表彰": 1}, "J1-2": {"省级以上表彰": 3}, "J2": {"经验做法被转发": 0},
        },
        totals={"good": ("98.5",) * 3, "weak": ("22",) * 3},
        # a1 0.4×98.5+0.6×73 (219÷3); b2 0.4×22+0.6×98.5; a3 0.4×98.5+0.6×22.
        places=(("83.20", 1, ""), ("67.90", 2, ""), ("52.60", 3, "")),
    ),
    # What does not apply to the 警种 is left out and the rest rescaled to 100.
    "Z5": Own(
        # A 27.5+12+(15−1.5)=53; 派出所 18+16: 87 of 100; 交警 15+10: 78 of 90; 刑侦 nothing more: 53 of 60.
        good={
            "A1": "27.5", "A2": "良好", "A3": {"违反工作纪律": 1}, "B1": "18", "B2": {"化解重大矛盾纠纷": 4}, "B3": "较好",
            "B4": True,
        },
        # A 15+0+(15−18→0)=15; 派出所 5+4: 24 of 100; 交警 0+0: 15 of 90; 刑侦 15 of 60.
        weak={
            "A1": "15", "A2": "不合格", "A3": {"违反工作纪律": 12}, "B1": "5", "B2": {"化解重大矛盾纠纷": 1}, "B3": "差",
            "B4": False,
        },
        totals={"good": ("87", "86.67", "88.33"), "weak": ("24", "16.67", "25")},
        # a1 0.4×87+0.6×66 (198÷3); b2 0.4×16.67+0.6×86.67; a3 0.4×88.33+0.6×25.
        places=(("74.40", 1, ""), ("58.67", 2, ""), ("50.33", 3, "")),
    ),
    # Not rescaled; only the highest of one dimension; the bonus cannot lift the total above 100.
    "Z6": Own(
        # A 38+40=78; 派出所 17.5 and bonus 5: 100.5→100; 交警 20 and bonus (6→5): 103→100; 刑侦 17.5: 95.5.
        good={
            "A1": "38", "A2": "优秀", "B1": "17.5", "B2": {"侦破重大案件": 3}, "B3": "好", "J1": True,
            "J2": {"连续安全月数": 12},
        },
        # A 20.5+24=44.5; 派出所 3: 47.5; 交警 10 and bonus 1.5: 56; 刑侦 10: 54.5.
        weak={
            "A1": "20.5", "A2": "合格", "B1": "3", "B2": {"侦破重大案件": 2}, "B3": "一般", "J1": False,
            "J2": {"连续安全月数": 3},
        },
        totals={"good": ("100", "100", "95.5"), "weak": ("47.5", "56", "54.5")},
        # a1 0.4×100+0.6×82.5 (247.5÷3); b2 0.4×56+0.6×100; a3 0.4×95.5+0.6×54.5.
        places=(("89.50", 1, ""), ("82.40", 2, ""), ("70.90", 3, "")),
    ),
}  # fmt: skip
