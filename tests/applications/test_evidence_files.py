"""One file before whoever may see it: its page and fragment, ranges of a film, the small picture, the chooser."""

import io

import pytest
from django.urls import reverse
from PIL import Image

from applications.models import Evidence
from applications.services import evidence as services
from branches.models import AuditEntry
from tests.uploads import MP4, PDF, photo, read, uploaded


def kept(application, by, name="活动.jpg", content=None, content_type="image/jpeg", sha256="d" * 64):
    content = content or photo(size=(1200, 900))
    return services.store_evidence(
        application.branch, by=by, name=name, content_type=content_type, sha256=sha256, size=len(content),
        file=uploaded(name, content),
    )  # fmt: skip


def address(name, evidence):
    return reverse(f"applications:{name}", args=[evidence.pk])


@pytest.fixture
def film(cast, tiny_application):
    return kept(tiny_application, cast.clerk, "专题片.mp4", MP4 + bytes(range(256)) * 4, "video/mp4", "e" * 64)


def looks():
    return AuditEntry.objects.filter(action="evidence.view").count()


# The page


def test_page_shows_the_picture_and_what_is_known(client_of, cast, tiny_application):
    evidence = kept(tiny_application, cast.clerk)
    services.describe_evidence(evidence, {"caption": "十月主题党日", "place": "活动室"}, by=cast.clerk)
    page = client_of(cast.committee_clerk).get(address("evidence_view", evidence))
    html = page.content.decode()
    assert [template.name for template in page.templates][0] == "applications/evidence_view.html"
    assert ("十月主题党日" in html, "活动室" in html, address("evidence_file", evidence) in html) == (True, True, True)
    assert page.context["form"] is None


def test_page_of_ones_own_file_offers_its_facts_to_be_changed(client_of, cast, tiny_application):
    evidence, client = kept(tiny_application, cast.clerk), client_of(cast.clerk)
    assert client.get(address("evidence_view", evidence)).context["form"] is not None
    client.post(address("caption", evidence), {"caption": "慰问", "taken_on": "2026-03-05", "place": "敬老院"})
    evidence.refresh_from_db()
    assert (evidence.caption, evidence.taken_on.isoformat(), evidence.place) == ("慰问", "2026-03-05", "敬老院")
    client.post(address("caption", evidence), {"place": ""})
    evidence.refresh_from_db()
    assert (evidence.caption, evidence.place) == ("慰问", "")


def test_facts_that_cannot_be_are_refused(client_of, cast, tiny_application):
    evidence = kept(tiny_application, cast.clerk)
    for data in ({"taken_on": "2999-01-01"}, {"taken_on": "昨天"}, {"caption": "长" * 121}):
        answer = client_of(cast.clerk).post(
            address("caption", evidence), data, headers={"X-Requested-With": "fetch"}
        )  # fmt: skip
        assert answer.status_code == 422
    assert not AuditEntry.objects.filter(action="evidence.describe").exists()


@pytest.mark.parametrize("header", ["X-Requested-With", "HX-Request"])
def test_a_script_gets_the_fragment_alone(client_of, cast, film, header):
    page = client_of(cast.committee_clerk).get(address("evidence_view", film), headers={header: "fetch"})
    assert [template.name for template in page.templates] == ["applications/_evidence_viewer.html"]
    assert f'<video controls preload="metadata" playsinline src="{address("evidence_file", film)}"' in (
        page.content.decode()
    )


@pytest.mark.parametrize("number", [1, 3])
def test_page_asks_the_same_number_of_queries(client_of, cast, tiny_application, number, django_assert_num_queries):
    evidence = kept(tiny_application, cast.clerk)
    for leaf in tiny_application.track.rubric.leaves_for("派出所")[:number]:
        services.cite(tiny_application, leaf, evidence, by=cast.clerk)
    client = client_of(cast.committee_clerk)
    client.get(address("evidence_view", evidence))
    with django_assert_num_queries(8):
        page = client.get(address("evidence_view", evidence))
    assert len(page.context["citations"]) == number


# One look, one line in the log


def test_a_look_is_noted_once_however_many_pieces_are_asked_for(client_of, cast, film):
    client = client_of(cast.committee_clerk)
    client.get(address("evidence_view", film))
    for start in (0, 100, 200):
        read(client.get(address("evidence_file", film), headers={"Range": f"bytes={start}-"}))
    assert looks() == 1
    read(client_of(cast.committee_head).get(address("evidence_file", film), headers={"Range": "bytes=7-9"}))
    assert looks() == 2


def test_a_look_after_the_last_one_is_over_is_noted_again(client_of, cast, film, monkeypatch):
    client = client_of(cast.committee_clerk)
    client.get(address("evidence_view", film))
    monkeypatch.setattr(services, "LOOK_LASTS", services.LOOK_LASTS * 0)
    client.get(address("evidence_view", film))
    assert looks() == 2


# Pieces of a film


def whole(film):
    with film.file.open("rb") as file:
        return file.read()


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-", 0, None), ("bytes=0-9", 0, 9), ("bytes=10-19", 10, 19), ("bytes=100-99999999", 100, None),
        ("bytes=-20", -20, None), ("bytes=-999999", 0, None),
    ],
)  # fmt: skip
def test_range_gives_the_piece_asked_for(client_of, cast, film, asked, first, last):
    content = whole(film)
    answer = client_of(cast.committee_clerk).get(address("evidence_file", film), headers={"Range": asked})
    piece = content[first : None if last is None else last + 1]
    begin = len(content) + first if first < 0 else first
    assert (answer.status_code, b"".join(answer.streaming_content)) == (206, piece)
    assert answer["Content-Range"] == f"bytes {begin}-{begin + len(piece) - 1}/{len(content)}"
    assert (answer["Content-Length"], answer["Accept-Ranges"]) == (str(len(piece)), "bytes")
    assert (answer["Cache-Control"], answer["X-Content-Type-Options"]) == ("private, no-store", "nosniff")


@pytest.mark.parametrize("asked", ["bytes=999999-", "bytes=9-3", "bytes=-0"])
def test_range_the_film_does_not_have_is_refused(client_of, cast, film, asked):
    answer = client_of(cast.committee_clerk).get(address("evidence_file", film), headers={"Range": asked})
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{film.size}")


@pytest.mark.parametrize("asked", ["bytes=0-1,5-9", "bytes=-", "lines=1-2", "bytes=a-b", "bytes=" + "9" * 5000 + "-"])
def test_range_nobody_understands_gets_the_whole(client_of, cast, film, asked):
    answer = client_of(cast.committee_clerk).get(address("evidence_file", film), headers={"Range": asked})
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, whole(film))


def test_range_of_another_version_gets_the_whole(client_of, cast, film):
    client = client_of(cast.committee_clerk)
    for tag, status in ((f'"{film.sha256}"', 206), ('"other"', 200)):
        answer = client.get(address("evidence_file", film), headers={"Range": "bytes=0-9", "If-Range": tag})
        read(answer)
        assert answer.status_code == status


def test_range_is_for_those_who_may_see_only(client_of, cast, film):
    for user, status in ((cast.secretary_b1, 404), (cast.outsider, 404), (cast.inspector, 206)):
        answer = client_of(user).get(address("evidence_file", film), headers={"Range": "bytes=0-9"})
        read(answer)
        assert answer.status_code == status


def test_file_can_be_asked_for_as_a_download(client_of, cast, tiny_application):
    evidence = kept(tiny_application, cast.clerk, "会议记录.pdf", PDF, "application/pdf")
    for query, kind in (("", "inline"), ("?download=1", "attachment")):
        answer = client_of(cast.clerk).get(address("evidence_file", evidence) + query)
        read(answer)
        assert answer["Content-Disposition"].split(";")[0] == kind


# The small picture


def test_thumbnail_is_made_at_upload_small_and_without_secrets(client_of, cast, tiny_application):
    evidence = kept(tiny_application, cast.clerk)
    assert evidence.thumbnail.name.startswith(f"{evidence.file.name}.thumb-")
    answer = client_of(cast.committee_clerk).get(address("evidence_thumb", evidence))
    picture = Image.open(io.BytesIO(b"".join(answer.streaming_content)))
    assert (picture.format, picture.size, dict(picture.getexif())) == ("JPEG", (400, 300), {})
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/jpeg", "private, max-age=86400")
    assert looks() == 0


def test_thumbnail_of_a_photograph_already_there_is_made_when_asked_for(client_of, cast, tiny_application):
    evidence = kept(tiny_application, cast.clerk, "透明.png", photo("PNG", size=(900, 1800)), "image/png")
    evidence.thumbnail.delete()
    Evidence.objects.update(thumbnail="")
    for _ in range(2):
        answer = client_of(cast.clerk).get(address("evidence_thumb", evidence))
        assert Image.open(io.BytesIO(b"".join(answer.streaming_content))).size == (200, 400)
    evidence.refresh_from_db()
    assert evidence.thumbnail.name.startswith(f"{evidence.file.name}.thumb-")


def test_thumbnail_made_by_two_at_once_is_kept_once(cast, tiny_application, media):
    evidence = kept(tiny_application, cast.clerk)
    evidence.thumbnail.delete()
    Evidence.objects.update(thumbnail="")
    stale = Evidence.objects.get()
    first = services.make_thumbnail(Evidence.objects.get())
    assert services.make_thumbnail(stale).thumbnail.name == first.thumbnail.name
    assert len([path for path in media.rglob("*") if path.is_file()]) == 2


def test_thumbnail_is_for_photographs_and_those_in_scope(client_of, cast, tiny_application, film):
    evidence = kept(tiny_application, cast.clerk)
    assert client_of(cast.clerk).get(address("evidence_thumb", film)).status_code == 404
    assert client_of(cast.secretary_b1).get(address("evidence_thumb", evidence)).status_code == 404


# The chooser in other forms


def pick(branch):
    return reverse("applications:evidence_pick", args=[branch.pk])


def test_picker_finds_by_words_and_keeps_what_is_ticked(client_of, cast, tiny_application):
    ticked = kept(tiny_application, cast.clerk, "党员大会.jpg", sha256="1" * 64)
    found = kept(tiny_application, cast.clerk, "走访群众.jpg", sha256="2" * 64)
    kept(tiny_application, cast.clerk, "荣誉墙.jpg", sha256="3" * 64)
    page = client_of(cast.clerk).get(pick(tiny_application.branch), {"q": "走访", "evidence": ticked.pk})
    picker = page.context["picker"]
    assert ([file.pk for file in picker["chosen"]], [file.pk for file in picker["files"]]) == ([ticked.pk], [found.pk])
    assert page.content.decode().count(" checked") == 1


def test_picker_shows_no_other_branch(client_of, cast, tiny_application, bureau):
    kept(tiny_application, cast.clerk)
    assert client_of(cast.secretary_b1).get(pick(bureau.a1)).status_code == 404
    assert client_of(cast.assessor).get(pick(bureau.a1)).status_code == 404
