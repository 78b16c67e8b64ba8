"""What may enter the material library: judged by content, never by name. No ORM; the file goes in, plain facts come out."""

import datetime
import hashlib
import io
import re
import unicodedata
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

import filetype
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.utils import timezone
from PIL import ExifTags, Image, ImageOps

NAME_LENGTH = 200
# A photograph of a modern telephone has 50 million points at most; more is a picture made to fill the memory.
MOST_PIXELS = 60_000_000
# What an Office file may unpack to; more is a decompression bomb.
MOST_UNPACKED = 500 * 1024 * 1024
# Sharp on a telephone at the size lists show it.
THUMBNAIL = (400, 400)
PHOTOS = {"image/jpeg": ("JPEG", "jpg"), "image/png": ("PNG", "png"), "image/webp": ("WEBP", "webp")}
OFFICE = "application/vnd.openxmlformats-officedocument."
# The part every file of the kind has, by its content type and ending.
OFFICE_PARTS = {
    "word/document.xml": (f"{OFFICE}wordprocessingml.document", "docx"),
    "xl/workbook.xml": (f"{OFFICE}spreadsheetml.sheet", "xlsx"),
    "ppt/presentation.xml": (f"{OFFICE}presentationml.presentation", "pptx"),
}
ENDINGS = {
    "application/pdf": "pdf",
    "video/mp4": "mp4",
    **{kind: ending for kind, (_, ending) in PHOTOS.items()},
    **dict(OFFICE_PARTS.values()),
}
# Offered by the browser's file dialogue; the judgement is made here all the same.
ACCEPT = ".jpg,.jpeg,.png,.webp,.pdf,.docx,.xlsx,.pptx,.mp4"
ALLOWED = "照片（JPG、PNG、WEBP）、PDF、Word（docx）、Excel（xlsx）、PPT（pptx）、视频（mp4）"
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Upload:
    """A file fit to be stored: its honest name, type, size and hash, and the content with the photograph's secrets gone."""

    name: str
    content_type: str
    size: int
    sha256: str
    file: File
    # When a photograph says it was taken.
    taken_on: datetime.date | None = None


def examine(file: File, name: str, *, max_bytes: int) -> Upload:
    """Judge one uploaded file. Codes: `empty`, `too_large`, `wrong_type`, `damaged`, `macros`."""
    name = clean_name(name)
    if not file.size:
        raise ValidationError("文件是空的（0字节），请重新选择。", code="empty")
    if file.size > max_bytes:
        raise ValidationError(
            f"文件有{readable(file.size)}，超过单个文件上限{readable(max_bytes)}；请压缩或拆分后再传。",
            code="too_large",
        )
    content_type = sniff(file)
    taken_on = None
    if content_type in PHOTOS:
        taken_on = day_taken(file)
        file = without_metadata(file, content_type)
    return Upload(with_ending(name, ENDINGS[content_type]), content_type, file.size, digest(file), file, taken_on)


def sniff(file: File) -> str:
    """The content type, from the bytes. Raises ValidationError for everything off the list."""
    file.seek(0)
    head = file.read(8192)
    file.seek(0)
    if head.startswith(b"PK\x03\x04"):
        return _office_type(file)
    if head.startswith(OLD_OFFICE):
        raise ValidationError(
            "这是旧版或加密的 Office 文件；请打开后另存为 docx、xlsx、pptx 或 PDF（不设密码）再上传。",
            code="wrong_type",
        )
    kind = filetype.guess(head)
    mime = kind.mime if kind else ""
    if mime in ("image/heic", "image/heif"):
        raise ValidationError("这是 HEIC 格式的手机照片；请转存为 JPG 后再上传。", code="wrong_type")
    if mime not in ENDINGS:
        raise ValidationError(f"从内容看，这不是可以接收的文件（与扩展名无关）；可接收：{ALLOWED}。", code="wrong_type")
    return mime


def _office_type(file: File) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        raise ValidationError("文件已损坏，打不开；请重新导出后再上传。", code="damaged") from error
    finally:
        file.seek(0)
    names = {member.filename for member in members}
    if sum(member.file_size for member in members) > MOST_UNPACKED:
        raise ValidationError("文件解压后过大，不予接收。", code="too_large")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise ValidationError("文件含有宏，不予接收；请另存为不含宏的 docx、xlsx、pptx。", code="macros")
    if "[Content_Types].xml" in names:
        for part, (content_type, _) in OFFICE_PARTS.items():
            if part in names:
                return content_type
    raise ValidationError(f"压缩包不能作为佐证，请解压后逐个上传；可接收：{ALLOWED}。", code="wrong_type")


def without_metadata(file: File, content_type: str) -> File:
    """The same picture, upright, without EXIF: where and with what it was taken is nobody's business."""
    saved_as, _ = PHOTOS[content_type]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=[saved_as]) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise ValidationError("图片像素过大，请缩小后再上传。", code="too_large")
                picture = ImageOps.exif_transpose(opened)
                picture.info.clear()
                out = io.BytesIO()
                picture.save(out, saved_as, **({} if saved_as == "PNG" else {"quality": 90}))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValidationError("图片已损坏，打不开；请重新导出后再上传。", code="damaged") from error
    return ContentFile(out.getvalue())


def day_taken(file: File) -> datetime.date | None:
    """The day the camera wrote into the photograph; none where it wrote nothing sensible."""
    file.seek(0)
    try:
        with Image.open(file) as opened:
            said = opened.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal, "")
        day = datetime.date.fromisoformat(str(said)[:10].replace(":", "-"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    finally:
        file.seek(0)
    return day if datetime.date(1949, 10, 1) <= day <= timezone.localdate() else None


def thumbnail(file: File) -> File | None:
    """The photograph made small, for lists; None when it cannot be read."""
    file.seek(0)
    try:
        with Image.open(file, formats=[saved_as for saved_as, _ in PHOTOS.values()]) as opened:
            opened.draft("RGB", THUMBNAIL)
            picture = ImageOps.exif_transpose(opened)
            picture.thumbnail(THUMBNAIL)
            if picture.mode != "RGB":
                ground = Image.new("RGB", picture.size, "white")
                picture = picture.convert("RGBA")
                ground.paste(picture, mask=picture)
                picture = ground
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=80)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    finally:
        file.seek(0)
    return ContentFile(out.getvalue())


def digest(file: File) -> str:
    """SHA-256, read piece by piece; leaves the file at its beginning."""
    sha256 = hashlib.sha256()
    file.seek(0)
    for chunk in file.chunks():
        sha256.update(chunk)
    file.seek(0)
    return sha256.hexdigest()


def clean_name(name: str) -> str:
    """The last part of the path, without control and direction marks and what file systems refuse; Chinese stays."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    name = re.sub(r'[<>:"|?*]', "_", name).strip(" .")
    return name[-NAME_LENGTH:] or "未命名"


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
