"""System checks with hints: what an installation lacks, said at the start and not on the first PDF."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from branches import channels, typesetting


@register()
def check_typesetting(**kwargs: Any) -> list[CheckMessage]:
    """PDF needs the type libraries and faces of its own; without them it is slow or looks different."""
    problems: list[CheckMessage] = []
    if libraries := typesetting.missing_libraries():
        problems.append(
            Warning(
                f"生成PDF所需的系统库缺失：{'、'.join(libraries)}。",
                hint="安装libpango-1.0-0、libpangoft2-1.0-0、libharfbuzz-subset0（make setup会安装），然后重新启动。",
                id="branches.W001",
            )
        )
    if faces := typesetting.missing_faces():
        problems.append(
            Warning(
                f"PDF字体缺失：{'、'.join(face.title for face in faces)}；将以系统已装的字体代替，版面可能不同。",
                hint=f"联网运行make setup，或把字体文件放进{settings.FONTS_DIR}（见docs/documents.md）。",
                id="branches.W002",
            )
        )
    return problems


@register()
def check_channels(**kwargs: Any) -> list[CheckMessage]:
    """An address that names nobody would tell everything to everybody; one that cannot be read sends nothing."""
    return [
        Warning(
            f"通知渠道“{channels.LABELS[code]}”不能用：{problem}",
            hint=f"请改正环境变量NOTIFY_{code.upper()}_URL，写法见README“通知渠道”。",
            id="branches.W003",
        )
        for code, url in settings.NOTIFY_URLS.items()
        if (problem := channels.problem_of(url))
    ]
