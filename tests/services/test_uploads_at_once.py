"""Uploads racing on PostgreSQL: one piece from two tabs, one file from two people, a discard against a citation."""

import hashlib

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from applications.models import Citation, Evidence, PartialUpload
from applications.services import evidence as services
from applications.services import uploading
from branches import uploads
from branches.models import AuditEntry
from tests.services.test_races import codes, race, winners
from tests.uploads import PDF, film, uploaded

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL: SQLite has one writer at a time"),
    pytest.mark.xdist_group("races"),
]

FILM = film(bytes(range(256)) * 400)
PIECE = 20_000
TABS = 6


def begun(branch, by):
    return uploading.start_upload(branch, name="专题片.mp4", size=len(FILM), fingerprint="mark", by=by)


def files_in(media):
    return sorted(str(path.relative_to(media)) for path in media.rglob("*") if path.is_file())


@pytest.fixture
def branch(tiny_application):
    return tiny_application.branch


def test_tabs_beginning_the_same_file_begin_it_once(cast, branch):
    begins = race(*[lambda: begun(branch, cast.clerk)] * TABS)
    assert len({partial.pk for partial in begins}) == PartialUpload.objects.count() == 1
    assert AuditEntry.objects.filter(action="evidence.begin").count() == 1


def test_every_piece_sent_by_all_tabs_at_once_is_taken_once(cast, branch, media):
    pk = begun(branch, cast.clerk).pk
    for start in range(0, len(FILM), PIECE):
        content = FILM[start : start + PIECE]
        results = race(*[lambda start=start, content=content: uploading.receive_piece(
            PartialUpload.objects.get(pk=pk), offset=start, content=content
        )] * TABS)  # fmt: skip
        assert len(winners(results)) == 1
        assert set(codes(results)) == {"wrong_offset"}
    partial = PartialUpload.objects.get(pk=pk)
    assert (partial.received, files_in(media)) == (len(FILM), sorted(partial.pieces))
    evidence = uploading.finish_upload(partial, by=cast.clerk)
    with evidence.file.open("rb") as file:
        assert hashlib.sha256(file.read()).digest() == hashlib.sha256(FILM).digest()


def test_tabs_with_pieces_of_other_lengths_do_not_mix(cast, branch):
    """Each tab sends the whole film at its own pace and looks where to go on when it is told off."""
    pk = begun(branch, cast.clerk).pk

    def tab(length):
        def send():
            while (partial := PartialUpload.objects.get(pk=pk)).received < len(FILM):
                piece = FILM[partial.received : partial.received + length]
                try:
                    uploading.receive_piece(partial, offset=partial.received, content=piece)
                except ValidationError as refusal:
                    assert refusal.code == "wrong_offset"

        return send

    race(*(tab(length) for length in (7_000, 11_000, 13_001, 30_000)))
    evidence = uploading.finish_upload(PartialUpload.objects.get(pk=pk), by=cast.clerk)
    assert evidence.sha256 == hashlib.sha256(FILM).hexdigest()


def test_tabs_finishing_the_same_file_get_the_same_answer(cast, branch, media):
    partial = begun(branch, cast.clerk)
    for start in range(0, len(FILM), PIECE):
        partial = uploading.receive_piece(partial, offset=start, content=FILM[start : start + PIECE])
    results = race(*[lambda: uploading.finish_upload(PartialUpload.objects.get(pk=partial.pk), by=cast.clerk)] * TABS)
    evidence = Evidence.objects.get()
    assert {result.pk for result in winners(results)} == {evidence.pk}
    assert codes(results) == []
    assert files_in(media) == [evidence.file.name]


def test_people_sending_the_same_content_store_it_once(cast, branch, media):
    def send(user):
        def act():
            upload = uploads.examine(uploaded("会议记录.pdf", PDF), "会议记录.pdf", max_bytes=10**6)
            return services.store_upload(branch, upload, by=user)

        return act

    results = race(*(send(user) for user in (cast.clerk, cast.secretary) * 3))
    evidence = Evidence.objects.get()
    assert {result.pk for result in results} == {evidence.pk}
    assert (files_in(media), AuditEntry.objects.filter(action="evidence.upload").count()) == ([evidence.file.name], 1)
    with evidence.file.open("rb") as file:
        assert file.read() == PDF


def test_files_together_beyond_the_quota_are_not_all_taken(cast, branch, settings, media):
    size = len(PDF) + 1
    settings.BRANCH_QUOTA_BYTES = 2 * size + 1

    def send(letter):
        def act():
            upload = uploads.examine(uploaded("a.pdf", PDF + letter), "a.pdf", max_bytes=10**6)
            return services.store_upload(branch, upload, by=cast.clerk)

        return act

    results = race(*(send(letter) for letter in (b"1", b"2", b"3", b"4")))
    assert (len(winners(results)), codes(results)) == (2, ["over_quota"] * 2)
    assert files_in(media) == sorted(Evidence.objects.values_list("file", flat=True))


def test_a_file_is_cited_or_discarded_never_both(cast, tiny_application, branch, media):
    leaf = tiny_application.track.rubric.leaves_for(branch.line)[0]
    for number in range(8):
        upload = uploads.examine(uploaded("a.pdf", PDF + b" " * number), "a.pdf", max_bytes=10**6)
        evidence = services.store_upload(branch, upload, by=cast.clerk)
        cited, kept = race(
            lambda evidence=evidence: services.cite(tiny_application, leaf, evidence, by=cast.clerk),
            lambda evidence=evidence: services.discard_evidence(branch, [evidence], by=cast.secretary),
        )
        there = Evidence.objects.filter(pk=evidence.pk).exists()
        assert isinstance(cited, Citation) == there == bool(kept)
        assert (media / evidence.file.name).exists() == there
        if not there:
            assert cited.code == "gone"
