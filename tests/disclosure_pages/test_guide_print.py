"""The prints: real PDFs, opened and read again."""

import concurrent.futures
import io
import json
import sys
import threading
import time

import pypdfium2
import pytest
import time_machine
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from PIL import Image

from cms.approval import publication_approved
from cms.context import base_url
from cms.models import Authority
from disclosure_pages import guide_drawing
from disclosure_pages.models import DisclosureImage, GuidePage
from disclosure_pages.qr import qr_path
from disclosure_pages.services import guide_prints
from disclosure_pages.services.withdrawal import withdraw
from tasks.jobs.guide import guide as guide_job
from tests.factories import fill_contacts, make_guide, make_site

pytestmark = pytest.mark.django_db
A5, A4, A3 = (420, 595), (595, 842), (842, 1191)


@pytest.fixture(autouse=True)
def print_home(settings, tmp_path):
    settings.GONGKAI_HOME = tmp_path
    cache.clear()  # Wagtail keeps renditions there, by the number of the picture
    return tmp_path


def content_of(response):
    return b"".join(response.streaming_content)


def pdf(client, kind):
    response = client.get(f"/guide/{kind}.pdf")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    return pypdfium2.PdfDocument(io.BytesIO(content_of(response)))


def text_of(document):
    pages = [page.get_textpage().get_text_bounded() for page in document]
    return "".join("".join(pages).split())


def size(document):
    return tuple(round(number) for number in document[0].get_size())


def steps(count):
    text = "<p>带上身份证，到窗口说明要什么，工作人员代填。</p>"
    return [("step", {"heading": f"第{n}步怎样办", "text": text}) for n in range(count)]


def test_booklet_has_title_contents_parts_and_version(client):
    make_guide(text="其他内容。")
    document = pdf(client, "booklet")
    assert size(document) == A5
    assert len(document) >= 3
    text = text_of(document)
    authority = Authority.load()
    for fact in (
        *("目录", "分六类", "到村里看", "提出申请", "可以投诉", "其他内容", "第1版"),
        *(authority.phone, authority.fax, authority.email),
    ):
        assert fact in text
    first = "".join(document[0].get_textpage().get_text_bounded().split())
    assert "政府信息公开指南" in first
    assert "目录" not in first


@pytest.mark.parametrize("count", [1, 4, 9, 16])
def test_the_poster_is_one_page_however_many_steps(client, count):
    make_guide(steps=steps(count))
    document = pdf(client, "poster")
    assert (len(document), size(document)) == (1, A3)
    text = text_of(document)
    assert "0000-62001203" in text
    assert all(f"第{n}步怎样办" in text for n in range(count))


def test_large_print_is_a4_and_much_larger(client):
    make_guide(text="其他内容。" * 200)
    large, booklet = pdf(client, "large"), pdf(client, "booklet")
    assert size(large) == A4
    assert len(large) > len(booklet)
    assert "0000-62001203" in text_of(large)


def test_letters_are_drawn_and_not_boxes(client):
    """Every letter comes from a font that has it."""
    make_guide()
    document = pdf(client, "booklet")
    fonts = {
        name
        for page in document
        for item in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT])
        for name in [item.get_font().get_base_name()]
    }
    assert fonts
    assert all("CJK" in name or "Han" in name for name in fonts), fonts


@pytest.mark.parametrize("kind", ["booklet", "poster", "large"])
def test_a_draft_guide_has_no_print(client, kind):
    assert client.get(f"/guide/{kind}.pdf").status_code == 404
    make_guide(live=False)
    assert client.get(f"/guide/{kind}.pdf").status_code == 404
    assert client.get("/guide/other.pdf").status_code == 404


def test_unpublished_changes_are_not_printed(client):
    guide = make_guide()
    guide.remedies = "<p>还没有审查的话。</p>"
    guide.save_revision()
    assert "还没有审查的话" not in text_of(pdf(client, "booklet"))


def test_the_same_content_is_drawn_once(client, monkeypatch, print_home):
    make_guide()
    drawn = []
    draw = guide_prints._pdf

    def counted(*args, **kwargs):
        drawn.append(1)
        return draw(*args, **kwargs)

    monkeypatch.setattr(guide_prints, "_pdf", counted)
    first = content_of(client.get("/guide/poster.pdf"))
    for _again in range(3):
        assert content_of(client.get("/guide/poster.pdf?x=1")) == first
    assert len(drawn) == 1
    fill_contacts(phone="0000-999")
    assert "0000-999" in text_of(pdf(client, "poster"))
    assert len(drawn) == 2
    assert len(list((print_home / "prints").iterdir())) == 1


def test_a_flood_waits_in_no_queue(monkeypatch, print_home):
    """While one draws, few wait and the others are told to come back."""
    started, release = threading.Event(), threading.Event()

    def slow(html, css, *, one_page):
        started.set()
        assert release.wait(20)
        return b"%PDF-"

    monkeypatch.setattr(guide_prints, "_pdf", slow)
    path = print_home / "prints" / "poster-x.pdf"

    def ask(_number):
        try:
            with guide_prints._draw_once(path, "", "", "poster") as file:
                return file.read()
        except guide_prints.PrintingBusy:
            return "busy"

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        first = pool.submit(ask, 0)
        assert started.wait(20)
        others = [pool.submit(ask, number) for number in range(11)]
        for other in concurrent.futures.as_completed(others, timeout=20):
            if sum(o.done() for o in others) >= 11 - guide_prints.WAITING + 1:
                release.set()
            assert other.result(20) in ("busy", b"%PDF-")
        release.set()
        assert first.result(20) == b"%PDF-"
        busy = [other.result() for other in others].count("busy")
    assert busy == 11 - guide_prints.WAITING + 1
    connection.close_if_unusable_or_obsolete()


def test_without_pango_the_site_says_what_to_install(
    client, monkeypatch, settings, tmp_path
):
    make_guide()

    def missing(name):
        raise OSError(name)

    monkeypatch.setattr(guide_drawing.importlib, "import_module", missing)
    status = guide_drawing.main()
    monkeypatch.undo()
    settings.GONGKAI_HOME = tmp_path
    drawing = [sys.executable, "-c", f"raise SystemExit({status})"]
    monkeypatch.setattr(guide_prints, "DRAWING", drawing)
    answer = client.get("/guide/poster.pdf")
    assert answer.status_code == 503
    assert "缺少 Pango" in answer.content.decode()
    assert answer["Retry-After"]
    assert client.get("/guide/").status_code == 200
    with pytest.raises(CommandError, match="Pango"):
        call_command("print_guide", out="unused")


def picture(colour):
    file = io.BytesIO()
    Image.new("RGB", (400, 300), colour).save(file, "PNG")
    image = DisclosureImage(
        title="图", file=ContentFile(file.getvalue(), name="plan.png")
    )
    image.save()
    return image


def test_pictures_of_the_guide_are_printed_and_nothing_else_is_loaded(client):
    guide = make_guide()
    block = {"image": picture("red"), "alt": "示意图", "caption": "位置示意图"}
    guide.body = [("image", block)]
    with publication_approved("test"):
        guide.save_revision().publish(skip_permission_checks=True)
    document = pdf(client, "booklet")
    images = [
        item
        for page in document
        for item in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
    ]
    assert len(images) == 1
    assert "位置示意图" in text_of(document)
    for url in ("file:///etc/hostname", "https://example.org/x.png", "/media/a.png"):
        assert guide_prints._pictures(f'<img alt="" src="{url}">') == {}
        with pytest.raises(ValueError, match="."):
            guide_drawing.Pictures(None, {})(url)


def draw_with(monkeypatch, script):
    """Draw with a shell script that counts its runs in a file."""
    counted = f"echo >> '{guide_prints._folder().parent}/runs'; {script}"
    monkeypatch.setattr(guide_prints, "DRAWING", ["/bin/sh", "-c", counted])


def runs(home):
    return len((home / "runs").read_text().splitlines())


def test_a_drawing_that_fails_is_told_logged_and_not_tried_again_at_once(
    client, monkeypatch, caplog, print_home
):
    make_guide()
    draw_with(monkeypatch, "echo broken font >&2; exit 1")
    for _again in range(3):
        answer = client.get("/guide/poster.pdf")
        assert answer.status_code == 503
        assert answer["Retry-After"] == "300"
        assert "没有生成成功" in answer.content.decode()
        assert "五分钟后再试" in answer.content.decode()
    assert "broken font" in caplog.text
    assert runs(print_home) == 1
    later = time.time() + guide_prints.FAILED_S + 1
    draw_with(monkeypatch, "printf %%PDF-1.7")
    with time_machine.travel(later):
        assert client.get("/guide/poster.pdf").status_code == 200
    assert runs(print_home) == 2


def test_a_drawing_that_takes_too_long_is_not_tried_again_at_once(
    client, monkeypatch, print_home
):
    make_guide()
    monkeypatch.setattr(guide_prints, "DRAW_S", 0.5)
    draw_with(monkeypatch, "exec sleep 20")
    for _again in range(2):
        answer = client.get("/guide/poster.pdf")
        assert answer.status_code == 503
        assert "还没有生成完" in answer.content.decode()
    assert runs(print_home) == 1


def test_a_full_disk_is_a_failure_in_words(client, monkeypatch, print_home):
    make_guide()
    (print_home / "prints").write_text("no folder can be made here")
    draw_with(monkeypatch, "printf %%PDF-1.7")
    for _again in range(2):
        answer = client.get("/guide/poster.pdf")
        assert answer.status_code == 503
        assert "没有生成成功" in answer.content.decode()
    assert runs(print_home) == 1


def test_a_print_that_another_process_replaces_is_still_served(
    client, monkeypatch, print_home
):
    make_guide()
    draw_with(monkeypatch, "printf %%PDF-1.7")
    stop = threading.Event()

    def replace():
        while not stop.is_set():
            for path in (print_home / "prints").glob("*.pdf"):
                path.unlink(missing_ok=True)

    thread = threading.Thread(target=replace)
    thread.start()
    try:
        for _again in range(20):
            answer = client.get("/guide/poster.pdf")
            assert answer.status_code == 200
            assert content_of(answer) == b"%PDF-1.7"
    finally:
        stop.set()
        thread.join()


def left(home):
    return [path.name for path in (home / "prints").iterdir()]


def printed_guide(client, monkeypatch, print_home):
    guide = make_guide()
    draw_with(monkeypatch, "printf %%PDF-1.7")
    answers = [client.get(f"/guide/{kind}.pdf") for kind in ("poster", "large")]
    assert [content_of(answer) for answer in answers] == [b"%PDF-1.7"] * 2
    assert len(left(print_home)) == 2
    return guide


def test_a_withdrawn_guide_leaves_no_print_on_the_disk(
    client, monkeypatch, print_home, django_capture_on_commit_callbacks
):
    guide = printed_guide(client, monkeypatch, print_home)
    with django_capture_on_commit_callbacks(execute=True):
        withdraw(guide, reason="有错")
    assert left(print_home) == []


def test_a_changed_guide_leaves_no_old_print_on_the_disk(
    client, monkeypatch, print_home, django_capture_on_commit_callbacks
):
    guide = printed_guide(client, monkeypatch, print_home)
    guide.remedies = "<p>找市里。</p>"
    with (
        django_capture_on_commit_callbacks(execute=True),
        publication_approved("test"),
    ):
        guide.save_revision().publish(skip_permission_checks=True)
    assert left(print_home) == []


def test_a_print_that_came_after_the_withdrawal_is_swept(
    client, monkeypatch, print_home
):
    guide = printed_guide(client, monkeypatch, print_home)
    guide_job()
    assert len(left(print_home)) == 2
    GuidePage.objects.filter(pk=guide.pk).update(expire_at=timezone.now())
    guide_job()
    assert left(print_home) == []


def test_the_printed_address_is_the_pages_own(client):
    guide = make_guide()
    guide.slug = "zhinan"
    with publication_approved("test"):
        guide.save_revision().publish(skip_permission_checks=True)
    page = GuidePage.objects.get()
    assert client.get("/zhinan/?printed=1").status_code == 200
    html = guide_prints._html(page, "poster", 1, page.versions.get())
    address = f"{base_url()}/zhinan/"
    assert f'<p class="address">{address}</p>' in html
    assert qr_path(f"{address}?printed=1").path in html


def test_a_picture_that_is_gone_leaves_the_print_standing(client):
    guide = make_guide()
    image = picture("blue")
    guide.body = [("image", {"image": image, "alt": "示意图"})]
    with publication_approved("test"):
        guide.save_revision().publish(skip_permission_checks=True)
    client.get("/guide/?a")
    rendition = image.renditions.get()
    rendition.file.storage.delete(rendition.file.name)
    assert "0000-62001203" in text_of(pdf(client, "booklet"))


def test_the_command_prints_what_is_asked(tmp_path, capsys):
    make_site()
    with pytest.raises(CommandError, match="还没有"):
        call_command("print_guide", out=tmp_path)
    make_guide()
    call_command("print_guide", "--poster", "--json", out=tmp_path / "out")
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert (file["kind"], file["version"]) == ("poster", 1)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["guide-poster-v1.pdf"]
    call_command("print_guide", out=tmp_path / "all")
    assert len(list((tmp_path / "all").iterdir())) == 3
    assert GuidePage.objects.get().versions.count() == 1
