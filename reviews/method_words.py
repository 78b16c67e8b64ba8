"""How a track is scored, said in plain Chinese from the frozen method: what a secretary may ask, answered by reading."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from reviews.gathering import DIRECT
from standards import ranking, scoring
from standards.models import BREAKERS, ScoreComponent


def sentences(method: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Heading and sentences, only what the method has."""
    names = {part["code"]: part["name"] for part in method["components"]}
    said = [
        ("各项得分", [_component(part) for part in method["components"]]),
        ("总分与名次", list(_places(method, names))),
        ("等次", [_band(band, names) for band in method["grades"]]),
        ("得星与维度", list(_stars(method))),
        ("一票否决", list(_vetoes(method))),
    ]
    return [(heading, lines) for heading, lines in said if lines]


def _component(part: dict[str, Any]) -> str:
    code, version, _ = part["rubric"]
    whole = "、".join(part["dimensions"])
    said = [f"{part['name']}：占{_plain(part['weight'])}%，满分{_plain(part['out_of'])}分（{code}第{version}版"]
    said[0] += f"，只取{whole}）" if whole else "）"
    said.append(how_combined(part))
    if part["source"] not in DIRECT and part["min_scores"] > 1:
        said.append(f"每次至少{part['min_scores']}份评分，不足的视为资料不全")
    if part["pass_line"] is not None:
        said.append(f"本项须达到{_plain(part['pass_line'])}分")
    return "；".join(said) + "。"


def how_combined(part: dict[str, Any]) -> str:
    """How the panel's scores and the visits become one score."""
    if part["source"] in DIRECT:
        return "直接取分"
    method = ScoreComponent.Method(part["method"]).label
    over_time = ScoreComponent.OverTime(part["over_time"]).label
    start = f"（满{part['trim_from']}人起）" if part["method"] == ranking.TRIMMED else ""
    return f"同一次考评：{method}{start}；多次考评：{over_time}"


def _places(method: dict[str, Any], names: dict[str, str]) -> Iterator[str]:
    yield "各项先折成百分，再按权重合计为总分，四舍五入到两位小数；缺一项的列为资料不全，不排名。"
    if method["pass_line"] is not None:
        yield f"总分须达到{_plain(method['pass_line'])}分。"
    if method["pass_grade"]:
        yield f"等次不低于“{method['pass_grade']}”方可命名。"
    if method["quota"]:
        reserves = f"，其后{method['reserves']}名候补" if method["reserves"] else ""
        yield f"从高到低取{method['quota']}名{reserves}。"
    if method["tie_breakers"]:
        order = "、".join(BREAKERS.get(key) or names.get(key, key) for key in method["tie_breakers"])
        yield f"同分的依次看：{order}；仍不能区分的名次并列。"


def _band(band: dict[str, Any], names: dict[str, str]) -> str:
    said = []
    if band["at_least"] is not None:
        said.append(f"总分不低于{_plain(band['at_least'])}分")
    if band["share"] is not None:
        said.append(f"不超过参加排名支部的{_plain(band['share'])}%，舍去零头，同分不拆开")
    if band["stars"] is not None:
        said.append(f"得星不少于{band['stars']}个")
    if band["each_dimension"] is not None:
        said.append(f"每个维度不低于满分的{_plain(band['each_dimension'])}%")
    if band["component_min"] is not None:
        said.append(f"{names.get(band['component'], '单项')}不低于{_plain(band['component_min'])}分")
    return f"{band['name']}：{'，'.join(said) if said else '其余支部'}。"


def _stars(method: dict[str, Any]) -> Iterator[str]:
    """Only where a grade or a line looks at dimensions."""
    parts = method["components"]
    part = next((each for each in parts if each["code"] == method["grade_component"]), parts[0] if parts else None)
    looked_at = any(band["stars"] is not None or band["each_dimension"] is not None for band in method["grades"])
    if part is None or not (looked_at or part["lines"]):
        return
    yield f"看“{part['name']}”各维度的得分。"
    if part["lines"]:
        yield (
            "达到下列分数的维度各得一星："
            + "、".join(f"{code} {_plain(line)}分" for code, line in part["lines"].items())
            + "。"
        )


def _vetoes(method: dict[str, Any]) -> Iterator[str]:
    for part in method["components"]:
        if part["vetoes"]:
            named = "、".join(f"{code} {title}" for code, title in part["vetoes"].items())
            yield f"{part['name']}中的一票否决项：{named}。"


def _plain(value: str) -> str:
    return scoring.plain(Decimal(value))
