"""Setting paper documents: the faces, the style sheets and the one place that calls WeasyPrint.

The faces and the parsed style sheets are made once per process and shared: a configuration of its own for every
document costs a fifth more time and leaks memory. Pango's font map must not be used by two threads at once, so one
document is set at a time; workers that print in bulk are processes.
"""

import atexit
import ctypes
import sys
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

# What the type libraries are called in Linux; WeasyPrint works without the last one, sixty times slower.
LIBRARIES = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")
TYPE_FILES = (".otf", ".ttf", ".ttc")
# Controls, joiners and variation selectors show nothing and need no glyph.
INVISIBLE = frozenset([*range(0x20), *range(0x7F, 0xA0), 0xAD, *range(0x200B, 0x2010), *range(0x2028, 0x202F), 0xFEFF])
SELECTORS = frozenset([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])

_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Face:
    """One typeface: the family the style sheets name, the file made by the set-up, how a licensed one is recognised."""

    title: str
    family: str
    file: str
    licensed_as: tuple[str, ...] = ()

    @property
    def own_family(self) -> str:
        return f"Own{self.family}"

    @property
    def path(self) -> Path | None:
        path = Path(settings.FONTS_DIR) / self.file
        return path if path.is_file() else None

    @property
    def licensed(self) -> Path | None:
        """The administrator's own file in FONTS_DIR/custom; the first by name when several match."""
        folder = Path(settings.FONTS_DIR) / "custom"
        if not self.licensed_as or not folder.is_dir():
            return None
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in TYPE_FILES and any(word in path.stem.lower() for word in self.licensed_as):
                return path
        return None


# The order matters: “小标宋” is asked for before “宋体”.
FACES = (
    Face("仿宋", "FormFangsong", "fangsong.otf", ("仿宋", "fangsong", "simfang")),
    Face("小标宋", "FormTitle", "song-bold.otf", ("小标宋", "xiaobiaosong", "fzxbs")),
    Face("黑体", "FormHei", "hei.otf", ("黑体", "simhei")),
    Face("楷体", "FormKai", "kai.ttf", ("楷体", "simkai")),
    Face("宋体", "FormSong", "song.otf", ("宋体", "simsun")),
    Face("生僻字", "FormRare", "song-rare.otf"),
)


def missing_faces() -> list[Face]:
    """The faces with neither a made nor a licensed file; system fonts stand in for them."""
    return [face for face in FACES if face.path is None and face.licensed is None]


def missing_libraries() -> list[str]:
    """The system libraries that cannot be loaded; only Linux names are known."""
    return [name for name in LIBRARIES if sys.platform == "linux" and not _loads(name)]


def missing_glyphs(text: str) -> set[str]:
    """The characters of the text that none of our faces can draw; nothing is known while no face is there."""
    drawable = _drawable()
    if not drawable:
        return set()
    return {
        character
        for character in set(text)
        if ord(character) not in drawable and ord(character) not in INVISIBLE and ord(character) not in SELECTORS
    }


def face_rules() -> str:
    """The @font-face rules that bind the family names of the style sheets to files."""
    rules = []
    for face in FACES:
        for family, path in ((face.own_family, face.licensed), (face.family, face.path)):
            if path is not None:
                rules.append(f'@font-face {{ font-family: {family}; src: url("{path.resolve().as_uri()}"); }}')
    return "\n".join(rules)


def sheet_text(sheet: str) -> str:
    """The whole style sheet of a document: faces and layout. `sheet` is a file below templates/pdf."""
    path = settings.BASE_DIR / "templates" / "pdf" / sheet
    return face_rules() + "\n" + path.read_text(encoding="utf-8")


def set_document(html: str, sheet: str, *, identifier: str) -> bytes:
    """Set the HTML into a PDF; the same HTML and identifier give the same bytes.

    Nothing outside is ever fetched, whatever the text contains. Raises OSError when the type libraries are missing.
    """
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    with _one_at_a_time:
        styles, fonts = _styles(sheet), _fonts()
        document = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=[]))
        return document.write_pdf(stylesheets=[styles], font_config=fonts, pdf_identifier=identifier.encode())


@lru_cache(maxsize=1)
def _fonts() -> Any:
    from weasyprint.text.fonts import FontConfiguration

    # It keeps copies of the fonts in a temporary folder and can remove them only while Python is still whole.
    atexit.register(_fonts.cache_clear)
    atexit.register(_styles.cache_clear)
    return FontConfiguration()


@lru_cache(maxsize=16)
def _styles(sheet: str) -> Any:
    from weasyprint import CSS

    return CSS(string=sheet_text(sheet), font_config=_fonts())


@lru_cache(maxsize=1)
def _drawable() -> frozenset[int]:
    import uharfbuzz as hb

    codes: set[int] = set()
    for face in FACES:
        for path in (face.path, face.licensed):
            if path is not None:
                codes.update(hb.Face(hb.Blob.from_file_path(str(path))).unicodes)
    return frozenset(codes)


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
