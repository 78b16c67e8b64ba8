"""What people call their files, made fit for every system that will ever store them; and sizes as people say them."""

import re
import unicodedata
from pathlib import PurePosixPath

from branches.uploads.types import ENDINGS

NAME_LENGTH = 200
# Control and direction marks, line separators, halves of letters, private and unassigned ones.
UNFIT = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Windows opens a device by these names, whatever stands behind the point.
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)", re.IGNORECASE)


def clean_name(name: str) -> str:
    """The last part of the path, without control and direction marks and what file systems refuse; Chinese stays."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter) not in UNFIT)
    name = re.sub(r"\s+", " ", re.sub(r'[<>:"|?*]', "_", name)).strip(" .")
    name = DEVICES.sub(r"_\1", name, count=1) if DEVICES.match(name) else name
    return _shortened(name) or "未命名"


def _shortened(name: str) -> str:
    """At most NAME_LENGTH letters, cut before the ending."""
    if len(name) <= NAME_LENGTH:
        return name
    ending = PurePosixPath(name).suffix[:20]
    return name.removesuffix(ending)[: NAME_LENGTH - len(ending)].rstrip(" .") + ending


def with_ending(name: str, ending: str) -> str:
    """The name with the ending its content deserves, within the length."""
    path = PurePosixPath(name)
    if path.suffix.lower() == f".{ending}" or (ending == "jpg" and path.suffix.lower() == ".jpeg"):
        return name[:NAME_LENGTH]
    known = path.suffix.lower() in {f".{known}" for known in ENDINGS.values()} | {".jpeg"}
    stem = path.stem if known else name
    return f"{stem[: NAME_LENGTH - len(ending) - 1]}.{ending}"


def readable(size: int) -> str:
    """A size as people say it: 820 KB, 3.4 MB, 2 GB."""
    for unit, factor in (("GB", 1024**3), ("MB", 1024**2)):
        if size >= factor:
            return f"{size / factor:.1f}".rstrip("0").rstrip(".") + f" {unit}"
    return f"{max(round(size / 1024), 1)} KB" if size else "0 KB"
