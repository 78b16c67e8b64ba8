"""Files made to deceive or to break: refused in words, or cleaned, and nothing else ever happens."""

import io
import random
import struct
import zipfile
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image, ImageCms, ImageFile, PngImagePlugin

from branches import uploads
from branches.uploads import documents
from tests.uploads import MP4, PDF, box, film, office, photo

MB = 1024 * 1024
ZIP = office("readme.txt")


def examined(content, name="文件", **limits):
    return uploads.examine(ContentFile(content), name, **{"max_bytes": 10 * MB, **limits})


def refusal(content, **limits):
    with pytest.raises(ValidationError) as caught:
        examined(content, **limits)
    assert "/" not in caught.value.message, "no path of the server in the words"
    return caught.value.code


def stored(content):
    return examined(content).file.read()


# Two files in one


@pytest.mark.parametrize("content", [photo() + ZIP, photo("PNG") + ZIP, PDF + ZIP, MP4 + ZIP])
def test_a_zip_glued_to_another_file_is_refused(content):
    assert refusal(content) == "polyglot"


@pytest.mark.parametrize(
    "content",
    [
        b"junk" + PDF, b"GIF89a" + PDF, b"<html>" + photo(), ZIP + PDF, b"#!/bin/sh\n" + PDF,
        b"BM" + PDF, b"<?xml version='1.0'?><svg/>", b"\x7fELF" + b"\x00" * 90,
    ],
)  # fmt: skip
def test_a_file_with_something_before_it_is_not_what_it_seems(content):
    assert refusal(content) == "wrong_type"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_stands_behind_a_picture_is_not_stored(kind):
    script = b"<script>alert(1)</script>"
    assert script not in stored(photo(kind) + script)


def test_script_in_the_comment_of_a_jpeg_is_not_stored():
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", comment=b"<script>alert(1)</script>")
    assert b"script" in out.getvalue()
    assert b"script" not in stored(out.getvalue())


# Photographs


def with_xmp(kind):
    out = io.BytesIO()
    exif = Image.Exif()
    exif.get_ifd(34853)[2] = (31.0, 14.0, 3.0)
    exif[271] = "MAKER-NAME"
    Image.new("RGB", (20, 10), "red").save(out, kind, exif=exif, xmp=b"<x:xmpmeta>GPSLatitude 31,14N</x:xmpmeta>")
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_exif_and_xmp_are_gone(kind):
    content = with_xmp(kind)
    assert (b"GPSLatitude" in content, b"MAKER-NAME" in content) == (True, True)
    cleaned = stored(content)
    assert [word for word in (b"GPSLatitude", b"MAKER-NAME", b"xmpmeta", b"Exif") if word in cleaned] == []


def test_iptc_of_a_jpeg_is_gone():
    iptc = b"8BIM\x04\x04\x00\x00\x00\x00\x00\x0f\x1c\x02\x5a\x00\x0aSECRETCITY"
    segment = b"Photoshop 3.0\x00" + iptc
    content = photo()[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + photo()[2:]
    assert b"SECRETCITY" not in stored(content)


def test_text_and_exif_chunks_of_a_png_are_gone():
    notes, exif, out = PngImagePlugin.PngInfo(), Image.Exif(), io.BytesIO()
    notes.add_text("Author", "SOMEBODY")
    notes.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>GPS</x:xmpmeta>")
    notes.add_text("Comment", "COMPRESSED" * 50, zip=True)
    exif[271] = "MAKER-NAME"
    Image.new("RGB", (20, 10)).save(out, "PNG", pnginfo=notes, exif=exif)
    cleaned = stored(out.getvalue())
    assert [name for name in (b"tEXt", b"iTXt", b"zTXt", b"eXIf") if name in out.getvalue()] == [
        b"tEXt", b"iTXt", b"zTXt", b"eXIf",
    ]  # fmt: skip
    assert [name for name in (b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"SOMEBODY") if name in cleaned] == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_colour_profile_stays(kind):
    profile, out = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, kind, icc_profile=profile)
    assert Image.open(examined(out.getvalue()).file).info["icc_profile"] == profile


@pytest.mark.parametrize("turned", range(1, 9))
def test_pictures_stay_upright_however_the_camera_was_held(turned):
    out, exif = io.BytesIO(), Image.Exif()
    exif[274] = turned
    Image.new("RGB", (40, 30)).save(out, "JPEG", exif=exif)
    assert Image.open(examined(out.getvalue()).file).size == ((40, 30) if turned < 5 else (30, 40))


def test_see_through_colours_of_a_palette_stay_so():
    picture, out = Image.new("P", (4, 4), 1), io.BytesIO()
    picture.putpalette([0, 0, 0, 255, 0, 0])
    picture.save(out, "PNG", transparency=1)
    assert Image.open(examined(out.getvalue()).file).convert("RGBA").getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_colour_is_taken(mode):
    out = io.BytesIO()
    Image.new(mode, (20, 10)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    upload = examined(out.getvalue())
    assert Image.open(upload.file).size == (20, 10)
    assert uploads.thumbnail(upload.file).size > 0


def test_day_of_the_camera_is_offered_as_the_date():
    for said, day in (("2026:03:05 10:11:12", "2026-03-05"), ("0000:00:00 00:00:00", None), ("2999:01:01", None)):
        out, exif = io.BytesIO(), Image.Exif()
        exif.get_ifd(34665)[36867] = said
        Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif)
        taken = examined(out.getvalue()).taken_on
        assert (taken.isoformat() if taken else None) == day


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("lenient", [False, True])
def test_a_picture_cut_short_is_refused(kind, lenient, monkeypatch):
    """Also in a process that has printed: that tells Pillow to put up with such pictures."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
    content = photo(kind, size=(300, 200))
    assert [refusal(content[: int(len(content) * part)]) for part in (0.3, 0.6, 0.9)] == ["damaged"] * 3


def test_a_picture_that_only_claims_its_size_is_refused_before_it_is_drawn():
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(head)) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    body = zlib.compress(b"\x00" * 100)
    data = struct.pack(">I", len(body)) + b"IDAT" + body + struct.pack(">I", zlib.crc32(b"IDAT" + body))
    assert refusal(b"\x89PNG\r\n\x1a\n" + chunk + data) in ("too_large", "damaged")


@pytest.mark.parametrize("content", [photo(), photo("PNG"), photo("WEBP"), office(), PDF, MP4], ids=range(6))
def test_bytes_changed_at_random_are_refused_in_words_or_taken(content):
    chance = random.Random(7)
    for _ in range(60):
        bent = bytearray(content)
        for _ in range(chance.randint(1, 12)):
            bent[chance.randrange(len(bent))] = chance.randrange(256)
        try:
            upload = examined(bytes(bent[: chance.randint(1, len(bent))] if chance.random() < 0.3 else bent))
        except ValidationError as refused:
            assert refused.code in ("wrong_type", "damaged", "too_large", "macros", "active", "polyglot")
        else:
            assert upload.content_type in uploads.ENDINGS


# PDF


def pdf(*objects: bytes) -> bytes:
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, each) for number, each in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R>>\n%%EOF\n"


def packed(objects: bytes) -> bytes:
    squeezed = zlib.compress(objects)
    return b"<</Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream" % (
        len(squeezed), squeezed,
    )  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        pdf(b"<</OpenAction <</S /JavaScript /JS (app.alert\\(1\\))>> >>"),
        pdf(b"<</OpenAction <</S /J#61va#53cript /JS (1)>> >>"),
        pdf(b"<</A <</S /Launch /F (cmd.exe)>> >>"),
        pdf(b"<</Type /EmbeddedFile>>"),
        pdf(b"<</Type /Catalog>>", packed(b"5 0 <</S /JavaScript /JS (1)>>")),
        pdf(b"(" + b"x" * (documents.BLOCK - 30) + b")", b"<</S /JavaScript>>"),
    ],
    ids=["script", "escaped", "launch", "embedded", "packed", "across blocks"],
)
def test_a_pdf_that_would_run_something_is_refused(content):
    assert refusal(content) == "active"


@pytest.mark.parametrize(
    "content",
    [
        pdf(b"<</Type /Catalog>>"), pdf(b"<</Names <</Dests 2 0 R>> >>", packed(b"5 0 <</Type /Page>>")),
        pdf(b"<</Type /Launchpad /JavaScripter 1>>"), PDF + b"\r\n\x00\x00",
    ],
)  # fmt: skip
def test_a_pdf_that_only_shows_is_taken(content):
    assert examined(content).content_type == "application/pdf"


def test_a_pdf_cut_short_is_refused():
    assert refusal(PDF[:-8]) == "damaged"


def test_a_pdf_that_unpacks_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(documents, "MOST_OPENED", MB)
    assert refusal(pdf(packed(b"\x00" * 3 * MB))) == "too_large"


# Office files


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in {"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>", **parts}.items():
            made.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (office("word/document.xml", "../../etc/cron.d/x"), "damaged"),
        (office("word/document.xml", "/etc/passwd"), "damaged"),
        (office("word/document.xml", "word\\..\\..\\x"), "damaged"),
        (office("word/document.xml", "C:/x"), "damaged"),
        (office("word/document.xml", "word/embeddings/tool.exe"), "active"),
        (office("word/document.xml", "word/page.html"), "active"),
        (office("word/document.xml", "inner.zip"), "active"),
        (office(types='<Override ContentType="application/vnd.ms-office.vbaProject"/>'), "macros"),
        (archive(**{"word/media/a.bin": b"\x00" * 60 * MB}), "too_large"),
        (office()[:-30], "damaged"),
        (office("[Content_Types].xml.txt"), "wrong_type"),
    ],
)
def test_an_office_file_with_more_in_it_than_a_document_is_refused(content, code):
    assert refusal(content) == code


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_office_file_with_two_parts_of_one_name_is_refused():
    assert refusal(office("word/document.xml", "word/document.xml")) == "damaged"


def test_a_table_inside_a_document_is_taken():
    assert examined(office("word/document.xml", "word/embeddings/Sheet1.xlsx")).name == "文件.docx"


# Films


def test_a_film_is_taken_as_it_is():
    assert stored(MP4) == MP4


@pytest.mark.parametrize(
    "content",
    [
        film(b"\x00" * 500)[:-100],
        film() + b"<html><script>alert(1)</script></html>",
        box(b"ftyp", b"mp42\x00\x00\x00\x00mp42isom"),
        box(b"ftyp", b"mp42\x00\x00\x00\x00mp42isom") + box(b"mdat", b"x"),
        film() + box(b"evil", b"x"),
        film() + struct.pack(">I4sQ", 1, b"mdat", 2**63),
        film()[:-72] + b"\x00\x00\x00\x04mdat",
    ],
    ids=["cut short", "html behind", "head only", "no index", "unknown box", "huge box", "tiny box"],
)
def test_a_film_that_is_not_whole_is_refused(content):
    assert refusal(content) == "damaged"


def test_a_film_with_a_last_box_without_end_is_taken():
    last = b"\x00\x00\x00\x00mdat" + b"x" * 40
    assert examined(film()[:-72] + last).content_type == "video/mp4"


def test_where_a_film_was_shot_is_blanked_and_nothing_else():
    content = film(b"pictures" * 9, place=b"+31.2304+121.4737/")
    cleaned = stored(content)
    assert (len(cleaned), b"+31.2304" in cleaned, b"pictures" * 9 in cleaned) == (len(content), False, True)
    assert sum(a != b for a, b in zip(content, cleaned, strict=True)) <= 22
    assert b"".join(examined(content).file.chunks(7)) == cleaned


@pytest.mark.parametrize("brand", [b"qt  ", b"heic"])
def test_other_formats_of_telephones_are_told_what_to_do(brand):
    with pytest.raises(ValidationError) as caught:
        examined(box(b"ftyp", brand + b"\x00\x00\x00\x00" + brand) + b"\x00" * 64)
    assert (caught.value.code, "转存为" in caught.value.message) == ("wrong_type", True)


def test_only_films_may_be_larger_than_the_rest():
    assert examined(film(b"x" * 2000), max_bytes=1000, film_bytes=5000).content_type == "video/mp4"
    assert refusal(film(b"x" * 6000), max_bytes=1000, film_bytes=5000) == "too_large"
    assert refusal(PDF + b" " * 2000, max_bytes=1000, film_bytes=5000) == "too_large"


def test_what_is_no_film_is_refused_after_its_first_piece():
    uploads.refuse_early(ContentFile(MP4), 5000, max_bytes=1000)
    for head, code in ((PDF, "too_large"), (b"MZ" * 40, "wrong_type"), (office(), "too_large")):
        with pytest.raises(ValidationError) as caught:
            uploads.refuse_early(ContentFile(head), 5000, max_bytes=1000)
        assert caught.value.code == code
