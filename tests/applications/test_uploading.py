"""Large files piece by piece: begun, interrupted, gone on with, put together, judged, given up, swept."""

import datetime
import hashlib
import io
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from applications.models import Citation, Evidence, PartialUpload
from applications.services import evidence as services
from applications.services import uploading
from applications.tasks import sweep_uploads
from branches import uploads
from branches.models import AuditEntry
from tests.uploads import MP4, PDF, film, office, photo, uploaded

FILM = film(bytes(range(256)) * 40)
PIECE = 4000
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(uploading, "PIECE_BYTES", PIECE)


@pytest.fixture
def branch(tiny_application):
    return tiny_application.branch


def begun(branch, by, content=FILM, name="专题片.mp4", mark="mark"):
    return uploading.start_upload(branch, name=name, size=len(content), fingerprint=mark, by=by)


def sent(partial, content=FILM, *, until=None):
    """Send the rest, piece by piece."""
    while partial.received < (until or len(content)):
        start = partial.received
        partial = uploading.receive_piece(partial, offset=start, content=content[start : start + PIECE])
    return partial


def refused(act, *args, **how):
    with pytest.raises(ValidationError) as caught:
        act(*args, **how)
    return caught.value.code


def files_in(media):
    return sorted(str(path.relative_to(media)) for path in media.rglob("*") if path.is_file())


def nothing_left(media):
    return (PartialUpload.objects.count(), Evidence.objects.count(), files_in(media)) == (0, 0, [])


# Services


def test_a_film_arrives_piece_by_piece_as_it_was_sent(cast, branch, media):
    partial = sent(begun(branch, cast.clerk))
    assert len(partial.pieces) == 3
    evidence = uploading.finish_upload(partial, by=cast.clerk)
    with evidence.file.open("rb") as file:
        assert hashlib.sha256(file.read()).hexdigest() == hashlib.sha256(FILM).hexdigest() == evidence.sha256
    assert (evidence.name, evidence.size, evidence.content_type) == ("专题片.mp4", len(FILM), "video/mp4")
    assert files_in(media) == [evidence.file.name]
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="evidence.").order_by("seq")] == [
        "evidence.begin", "evidence.upload",
    ]  # fmt: skip


def test_the_same_file_goes_on_where_it_stopped_another_day(cast, branch):
    partial = sent(begun(branch, cast.clerk), until=PIECE)
    again = begun(branch, cast.clerk)
    assert (again.pk, again.received) == (partial.pk, PIECE)
    assert AuditEntry.objects.filter(action="evidence.begin").count() == 1
    assert begun(branch, cast.secretary).pk != partial.pk, "a colleague's file is another one"
    assert begun(branch, cast.clerk, mark="other").pk != partial.pk


def test_a_piece_sent_twice_is_taken_once(cast, branch, media):
    partial = begun(branch, cast.clerk)
    stale = PartialUpload.objects.get(pk=partial.pk)
    sent(partial, until=PIECE)
    assert refused(uploading.receive_piece, stale, offset=0, content=FILM[:PIECE]) == "wrong_offset"
    stale.refresh_from_db()
    assert (stale.received, len(stale.pieces), len(files_in(media))) == (PIECE, 1, 1)
    evidence = uploading.finish_upload(sent(stale), by=cast.clerk)
    assert evidence.sha256 == hashlib.sha256(FILM).hexdigest()


@pytest.mark.parametrize("offset", [1, PIECE - 1, PIECE + 1, 10**9])
def test_a_piece_that_does_not_fit_is_not_taken(cast, branch, offset):
    partial = sent(begun(branch, cast.clerk), until=PIECE)
    assert refused(uploading.receive_piece, partial, offset=offset, content=b"x" * 10) == "wrong_offset"
    assert refused(uploading.receive_piece, partial, offset=PIECE, content=b"") == "wrong_offset"
    assert refused(uploading.receive_piece, partial, offset=PIECE, content=b"x" * len(FILM)) == "too_much"
    partial.refresh_from_db()
    assert partial.received == PIECE


def test_finish_before_the_end_is_refused_and_nothing_is_lost(cast, branch):
    partial = sent(begun(branch, cast.clerk), until=PIECE)
    assert refused(uploading.finish_upload, partial, by=cast.clerk) == "unfinished"
    assert uploading.finish_upload(sent(partial), by=cast.clerk).size == len(FILM)


def test_a_lost_last_answer_can_be_asked_for_again(cast, branch):
    partial = sent(begun(branch, cast.clerk))
    stale = PartialUpload.objects.get(pk=partial.pk)
    first = uploading.finish_upload(partial, by=cast.clerk)
    partial.refresh_from_db()
    for each in (partial, stale):
        again = uploading.finish_upload(each, by=cast.clerk)
        assert (again.pk, again.was_there) == (first.pk, True)
    assert begun(branch, cast.clerk).evidence_id == first.pk, "chosen again, it need not be sent again"
    assert Evidence.objects.count() == 1


def test_what_is_in_the_library_already_is_not_stored_twice(cast, branch, media):
    first = uploading.finish_upload(sent(begun(branch, cast.clerk)), by=cast.clerk)
    second = uploading.finish_upload(sent(begun(branch, cast.secretary, name="另一个名字.mp4")), by=cast.secretary)
    assert (second.pk, second.was_there, files_in(media)) == (first.pk, True, [first.file.name])


@pytest.mark.parametrize(
    ("content", "code"),
    [(MP4[:-20], "damaged"), (photo()[:400], "damaged"), (PDF + office("readme.txt"), "polyglot")],
)
def test_what_turns_out_bad_at_the_end_leaves_nothing(cast, branch, media, content, code):
    partial = sent(begun(branch, cast.clerk, content), content)
    assert refused(uploading.finish_upload, partial, by=cast.clerk) == code
    assert nothing_left(media)


def test_what_is_bad_from_the_start_is_refused_with_the_first_piece(cast, branch, media, settings):
    content = b"MZ" + b"\x00" * 9000
    assert refused(sent, begun(branch, cast.clerk, content), content) == "wrong_type"
    settings.EVIDENCE_MAX_BYTES = 5000
    content = PDF + b" " * 9000
    assert refused(sent, begun(branch, cast.clerk, content), content) == "too_large"
    assert nothing_left(media)


@pytest.mark.parametrize(("size", "code"), [(0, "empty"), (-1, "empty"), (501 * 1024 * 1024, "too_large")])
def test_sizes_that_cannot_be_are_refused_before_anything_is_sent(cast, branch, size, code):
    assert refused(uploading.start_upload, branch, name="a.mp4", size=size, fingerprint="m", by=cast.clerk) == code
    assert PartialUpload.objects.count() == 0


def test_what_is_under_way_counts_against_the_quota(cast, branch, settings):
    settings.BRANCH_QUOTA_BYTES = len(FILM) + 100
    partial = sent(begun(branch, cast.clerk), until=PIECE)
    assert (services.used_bytes(branch), services.reserved_bytes(branch)) == (0, len(FILM))
    assert refused(begun, branch, cast.secretary) == "over_quota"
    upload = uploads.examine(uploaded("a.pdf", PDF + b" " * 100), "a.pdf", max_bytes=10**6)
    assert refused(services.store_upload, branch, upload, by=cast.clerk) == "over_quota"
    assert uploading.finish_upload(sent(partial), by=cast.clerk).size == len(FILM), "its own room was kept for it"


def test_over_quota_at_the_end_waits_for_room(cast, branch, settings, media):
    partial = sent(begun(branch, cast.clerk))
    settings.BRANCH_QUOTA_BYTES = 10
    assert refused(uploading.finish_upload, partial, by=cast.clerk) == "over_quota"
    assert files_in(media) == sorted(partial.pieces)
    settings.BRANCH_QUOTA_BYTES = 10**9
    assert uploading.finish_upload(partial, by=cast.clerk).size == len(FILM)


def test_pieces_that_vanished_are_said_to_be_lost(cast, branch, media):
    partial = sent(begun(branch, cast.clerk))
    default_storage.delete(partial.pieces[1])
    assert refused(uploading.finish_upload, partial, by=cast.clerk) == "lost"
    assert nothing_left(media)


def test_a_failing_storage_keeps_what_had_arrived(cast, branch, monkeypatch):
    partial = sent(begun(branch, cast.clerk), until=PIECE)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "save", full)
        with pytest.raises(OSError, match="space"):
            uploading.receive_piece(partial, offset=PIECE, content=FILM[PIECE : 2 * PIECE])
    partial.refresh_from_db()
    assert partial.received == PIECE
    assert uploading.finish_upload(sent(partial), by=cast.clerk).sha256 == hashlib.sha256(FILM).hexdigest()


def test_cancel_frees_the_room_and_the_storage(cast, branch, media):
    partial = sent(begun(branch, cast.clerk), until=PIECE)
    uploading.cancel_upload(partial, by=cast.clerk)
    assert nothing_left(media)
    assert AuditEntry.objects.get(action="evidence.cancel").changes == {"received": PIECE}


def test_cancel_of_a_finished_one_takes_nothing_away(cast, branch):
    partial = sent(begun(branch, cast.clerk))
    uploading.finish_upload(partial, by=cast.clerk)
    partial.refresh_from_db()
    uploading.cancel_upload(partial, by=cast.clerk)
    assert Evidence.objects.count() == 1


def test_sweep_gives_up_what_is_old_and_only_that(cast, branch, media):
    old, young = sent(begun(branch, cast.clerk), until=PIECE), sent(begun(branch, cast.secretary), until=PIECE)
    done = sent(begun(branch, cast.clerk, mark="done"))
    uploading.finish_upload(done, by=cast.clerk)
    then = timezone.now() - uploading.KEPT - datetime.timedelta(hours=1)
    PartialUpload.objects.filter(pk__in=[old.pk, done.pk]).update(updated_at=then)
    for _ in range(2):
        sweep_uploads()
    assert list(PartialUpload.objects.values_list("pk", flat=True)) == [young.pk]
    assert files_in(media) == sorted([*young.pieces, Evidence.objects.get().file.name])
    entry = AuditEntry.objects.get(action="evidence.cancel")
    assert (entry.actor, entry.origin) == (None, "定时任务")


def test_pieces_read_as_one_file_wherever_one_looks(cast, branch):
    partial = sent(begun(branch, cast.clerk))
    with io.BufferedReader(uploading.Pieces(partial.pieces, partial.size), 64) as whole:
        assert whole.read() == FILM
        for place in (0, 1, PIECE - 1, PIECE, 2 * PIECE + 7, len(FILM) - 1, len(FILM), len(FILM) + 5):
            whole.seek(place)
            assert (whole.read(9)[:9], whole.seek(-3, 2)) == (FILM[place : place + 9][:9], len(FILM) - 3)


# Views


def post(client, name, *args, query="", **how):
    return client.post(reverse(f"applications:{name}", args=args) + query, headers=FETCH, **how)


def started(client, application, content=FILM):
    answer = post(
        client, "start_upload", application.pk,
        data={"name": "..\\专题片.mp4", "size": len(content), "fingerprint": "mark"},
    )  # fmt: skip
    assert answer.status_code == 200
    return answer.json()


def piece(client, key, offset, content):
    return post(
        client, "receive_piece", key, query=f"?offset={offset}", data=content, content_type="application/octet-stream"
    )


def test_script_sends_a_film_over_two_interruptions(client_of, cast, tiny_application):
    client = client_of(cast.clerk)
    place = started(client, tiny_application)
    assert (place["received"], place["piece"], place["done"]) == (0, PIECE, False)
    place = piece(client, place["key"], 0, FILM[:PIECE]).json()
    lost = piece(client, place["key"], 0, FILM[:PIECE])  # the answer got lost, the script sends it again
    assert (lost.status_code, lost.json()["received"]) == (409, PIECE)
    assert started(client, tiny_application)["received"] == PIECE  # the page was closed
    for start in range(PIECE, len(FILM), PIECE):
        assert piece(client, place["key"], start, FILM[start : start + PIECE]).status_code == 200
    leaf = tiny_application.track.rubric.leaves_for("派出所")[0]
    for message in ("已上传", "已在材料库，没有重复保存，已引用"):
        answer = post(client, "finish_upload", tiny_application.pk, place["key"], data={"criterion": leaf.pk})
        assert [(r["ok"], r["name"], r["message"]) for r in answer.json()["results"]] == [(True, "专题片.mp4", message)]
        assert [chip["name"] for chip in answer.json()["chips"]] == ["专题片.mp4"]
    assert (Evidence.objects.get().sha256, Citation.objects.count()) == (hashlib.sha256(FILM).hexdigest(), 1)


def test_half_a_piece_counts_for_nothing(client_of, cast, tiny_application):
    client = client_of(cast.clerk)
    key = started(client, tiny_application)["key"]
    cut = {"CONTENT_LENGTH": "4000", "wsgi.input": io.BytesIO(FILM[:100])}
    answer = client.generic(
        "POST", reverse("applications:receive_piece", args=[key]) + "?offset=0", headers=FETCH,
        content_type="application/octet-stream", **cut,
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"], answer.json()["received"]) == (409, "cut", 0)
    too_long = piece(client, key, 0, b"x" * (PIECE + 1))
    assert (too_long.status_code, too_long.json()["received"]) == (409, 0)


def test_refusals_are_words_for_the_script(client_of, cast, tiny_application, settings):
    client = client_of(cast.clerk)
    for data, code in (
        ({"name": "a.mp4", "size": 0, "fingerprint": "m"}, "empty"),
        ({"name": "a.mp4", "size": "9" * 15, "fingerprint": "m"}, "too_large"),
        ({"name": "a.mp4", "size": "²", "fingerprint": "m"}, "empty"),
    ):
        answer = post(client, "start_upload", tiny_application.pk, data=data)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    key = started(client, tiny_application)["key"]
    answer = piece(client, key, 0, b"MZ" + b"\x00" * 200)
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_type")
    assert piece(client, key, 0, FILM[:PIECE]).status_code == 404


def test_an_upload_is_its_owners_alone(client_of, cast, tiny_application, applications):
    key = started(client_of(cast.clerk), tiny_application)["key"]
    for user in (cast.secretary, cast.secretary_a2, cast.committee_clerk, cast.outsider):
        client = client_of(user)
        assert piece(client, key, 0, FILM[:PIECE]).status_code == 404
        assert post(client, "cancel_upload", key).status_code == 404
    foreign = post(client_of(cast.clerk), "finish_upload", applications["A-2"].pk, key)
    assert foreign.status_code == 404
    assert client_of(cast.clerk).get(reverse("applications:receive_piece", args=[key])).status_code == 405
    assert piece(client_of(cast.clerk), uuid.uuid4(), 0, b"x").status_code == 404


def test_unfinished_ones_are_told_and_can_be_given_up(client_of, cast, tiny_application, media):
    client = client_of(cast.clerk)
    key = started(client, tiny_application)["key"]
    piece(client, key, 0, FILM[:PIECE])
    library = reverse("applications:evidence", args=[tiny_application.pk])
    assert [each.percent for each in client.get(library).context["unfinished"]] == [38]
    assert client.post(reverse("applications:cancel_upload", args=[key])).status_code == 302
    assert (list(client.get(library).context["unfinished"]), nothing_left(media)) == ([], True)


def test_expired_login_is_told_apart(client, tiny_application):
    answer = post(client, "start_upload", tiny_application.pk, data={"name": "a.mp4", "size": 5, "fingerprint": "m"})
    assert answer.status_code == 401


def test_no_mark_of_a_file_breaks_the_database(client_of, cast, tiny_application):
    """PostgreSQL neither holds nor compares a NUL."""
    url = reverse("applications:start_upload", args=[tiny_application.pk])
    answer = client_of(cast.clerk).post(url, {"name": "影片.mp4", "size": "9000000", "fingerprint": "a\x00b"})
    assert answer.status_code == 200
    assert PartialUpload.objects.get().fingerprint == "ab"
