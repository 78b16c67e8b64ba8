"""What a file is, from its bytes, and whether it is whole and only that."""

import zipfile

import filetype
from django.core.exceptions import ValidationError
from django.core.files.base import File

from branches.uploads import films
from branches.uploads.documents import office_type, require_quiet_pdf
from branches.uploads.types import ALLOWED, ENDINGS, FILM, PDF

HEAD = 8192
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = "application/zip"
# What people often have, and what to do with it.
ADVICE = {
    "image/heic": "这是 HEIC 格式的手机照片；请转存为 JPG 后再上传。",
    "image/heif": "这是 HEIC 格式的手机照片；请转存为 JPG 后再上传。",
    "video/quicktime": "这是 MOV 格式的影片；请转存为 MP4（H.264）后再上传。",
    "video/x-msvideo": "这是 AVI 格式的影片；请转存为 MP4（H.264）后再上传。",
    "video/x-ms-wmv": "这是 WMV 格式的影片；请转存为 MP4（H.264）后再上传。",
    "image/gif": "这是 GIF 图片；请转存为 JPG 或 PNG 后再上传。",
    "image/bmp": "这是 BMP 图片；请转存为 JPG 或 PNG 后再上传。",
    "image/tiff": "这是 TIFF 图片；请转存为 JPG 或 PNG 后再上传。",
    "application/x-rar-compressed": "压缩包不能作为佐证，请解压后逐个上传。",
    "application/x-7z-compressed": "压缩包不能作为佐证，请解压后逐个上传。",
}


def type_of(file: File) -> str:
    """The content type as the first bytes have it, `application/zip` for what may be an Office file. Refuses all others."""
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    if head.startswith(b"PK\x03\x04"):
        return ZIP
    if head.startswith(OLD_OFFICE):
        raise ValidationError(
            "这是旧版或加密的 Office 文件；请打开后另存为 docx、xlsx、pptx 或 PDF（不设密码）再上传。",
            code="wrong_type",
        )
    if films.is_mp4(head):
        return FILM
    kind = filetype.guess(head)
    mime = kind.mime if kind else ""
    if mime in ADVICE:
        raise ValidationError(ADVICE[mime], code="wrong_type")
    if mime not in ENDINGS:
        raise ValidationError(f"从内容看，这不是可以接收的文件（与扩展名无关）；可接收：{ALLOWED}。", code="wrong_type")
    return mime


def sniff(file: File) -> tuple[str, File]:
    """The content type, and the file as it may be stored. Raises ValidationError for all that is not whole and honest."""
    content_type = type_of(file)
    if content_type == ZIP:
        return office_type(file), file
    if zipfile.is_zipfile(file):
        raise ValidationError("文件里藏着另一个压缩包，不予接收；请重新导出后再上传。", code="polyglot")
    if content_type == PDF:
        require_quiet_pdf(file)
    if content_type == FILM:
        file = films.without_position(file)
    file.seek(0)
    return content_type, file
