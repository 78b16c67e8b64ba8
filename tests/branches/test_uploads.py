"""What may enter the library: by content, never by name."""

import hashlib
import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image

from branches import uploads
from branches.uploads import documents, pictures
from tests.uploads import MP4, PDF, office, photo

MB = 1024 * 1024
OFFICE = "application/vnd.openxmlformats-officedocument."


def examined(name, content, max_bytes=MB):
    return uploads.examine(ContentFile(content), name, max_bytes=max_bytes)


def refusal(name, content, max_bytes=MB):
    with pytest.raises(ValidationError) as caught:
        examined(name, content, max_bytes)
    return caught.value.code


@pytest.mark.parametrize(
    ("name", "content", "stored_as", "content_type"),
    [
        ("会议记录.pdf", PDF, "会议记录.pdf", "application/pdf"),
        ("总结.docx", office(), "总结.docx", f"{OFFICE}wordprocessingml.document"),
        ("台账.xlsx", office("xl/workbook.xml"), "台账.xlsx", f"{OFFICE}spreadsheetml.sheet"),
        ("展示.pptx", office("ppt/presentation.xml"), "展示.pptx", f"{OFFICE}presentationml.presentation"),
        ("专题片.mp4", MP4, "专题片.mp4", "video/mp4"),
        ("活动.JPG", photo(), "活动.JPG", "image/jpeg"),
        ("活动.jpeg", photo(), "活动.jpeg", "image/jpeg"),
        ("标识.png", photo("PNG"), "标识.png", "image/png"),
        ("标识.webp", photo("WEBP"), "标识.webp", "image/webp"),
        ("其实是照片.png", photo(), "其实是照片.jpg", "image/jpeg"),
        ("没有扩展名", PDF, "没有扩展名.pdf", "application/pdf"),
        ("照片.exe", photo("PNG"), "照片.exe.png", "image/png"),
    ],
)
def test_examine_takes_what_is_on_the_list_under_its_honest_name(name, content, stored_as, content_type):
    upload = examined(name, content)
    assert (upload.name, upload.content_type) == (stored_as, content_type)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00" + b"\x00" * 200, "wrong_type"),
        (b"just text, called a PDF", "wrong_type"),
        (b"<html><script>alert(1)</script></html>", "wrong_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "wrong_type"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "wrong_type"),
        (office("readme.txt"), "wrong_type"),
        (office("word/document.xml", "word/vbaProject.bin"), "macros"),
        (b"PK\x03\x04 broken", "damaged"),
        (photo()[:120], "damaged"),
        (PDF + b"\x00" * MB, "too_large"),
    ],
)
def test_examine_refuses_what_is_not_whatever_it_is_called(content, code):
    assert refusal("会议记录.pdf", content) == code


def test_examine_refuses_a_picture_made_to_fill_the_memory(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_PIXELS", 100)
    assert refusal("大图.png", photo("PNG")) == "too_large"


def test_examine_refuses_an_office_file_that_unpacks_too_far(monkeypatch):
    monkeypatch.setattr(documents, "MOST_UNPACKED", 3)
    assert refusal("总结.docx", office()) == "too_large"


def test_photograph_loses_place_and_device_but_not_its_size():
    before = Image.open(io.BytesIO(photo())).getexif()
    upload = examined("活动.jpg", photo())
    after = Image.open(upload.file)
    assert (len(before), dict(after.getexif()), after.size) == (2, {}, (40, 30))


def test_photograph_stays_upright():
    out, tags = io.BytesIO(), Image.Exif()
    tags[274] = 6  # the camera was held on its side
    Image.new("RGB", (40, 30), "red").save(out, "JPEG", exif=tags)
    assert Image.open(examined("竖拍.jpg", out.getvalue()).file).size == (30, 40)


def test_hash_and_size_are_those_of_what_is_stored():
    upload = examined("活动.jpg", photo())
    content = upload.file.read()
    assert (upload.sha256, upload.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert examined("再传一次.jpg", photo()).sha256 == upload.sha256


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ("C:\\照片\\活动 现场.jpg", "活动 现场.jpg"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("/照片/", "照片"),
        ("换\n行\x00和\u202e方向.pdf", "换行和方向.pdf"),
        ("\u202egpj.exe\u2069", "gpj.exe"),
        ('引"号<和>星*.pdf', "引_号_和_星_.pdf"),
        ("a:b|c?.pdf", "a_b_c_.pdf"),
        ("...", "未命名"),
        ("", "未命名"),
        ("\u200b\u200d", "未命名"),
        ("/", "未命名"),
        (".htaccess", "htaccess"),
        ("CON", "_CON"),
        ("nul.pdf", "_nul.pdf"),
        ("Com1.jpg", "_Com1.jpg"),
        ("console.pdf", "console.pdf"),
        ("e\u0301cole.pdf", "\u00e9cole.pdf"),
        ("q\u0301\u0323.pdf", "q\u0323\u0301.pdf"),
        ("ཨོཾ་བོད.pdf", "ཨོཾ་བོད.pdf"),
        ("ᠮᠣᠩᠭᠣᠯ.pdf", "ᠮᠣᠩᠭᠣᠯ.pdf"),
        ("ئۇيغۇر.pdf", "ئۇيغۇر.pdf"),
        ("हिन्दी.pdf", "हिन्दी.pdf"),
        ("עברית.pdf", "עברית.pdf"),
        ("Ελλάδα.pdf", "Ελλάδα.pdf"),
        ("𠮷野家.pdf", "𠮷野家.pdf"),
        ("党旗🚩.jpg", "党旗🚩.jpg"),
        ("a\u2028b\u2029c.pdf", "abc.pdf"),
        ("全角　空格 .pdf", "全角 空格 .pdf"),
        ("长" * 300 + ".pdf", "长" * 196 + ".pdf"),
        ("🚩" * 300 + ".jpeg", "🚩" * 195 + ".jpeg"),
    ],
)
def test_clean_name_keeps_every_script_and_drops_the_rest(given, cleaned):
    assert uploads.clean_name(given) == cleaned


def test_with_ending_stays_within_the_length():
    assert uploads.with_ending("长" * 200, "pdf") == "长" * 196 + ".pdf"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 KB"), (1, "1 KB"), (820 * 1024, "820 KB"), (int(3.4 * MB), "3.4 MB"), (2048 * MB, "2 GB")],
)
def test_readable_sizes(size, text):
    assert uploads.readable(size) == text
