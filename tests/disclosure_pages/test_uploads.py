"""Attachments and pictures at upload: each bad file gets its sentence."""

import io
import zipfile

import docx
import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image
from wagtail.models import Collection, ModelLogEntry

from cms.audit.actions import READ_FILE
from disclosure_pages.choices import TextState
from disclosure_pages.models import DisclosureDocument, DisclosureImage, FileText

pytestmark = pytest.mark.django_db
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def word(text="关于低保的公告", author="张三"):
    document = docx.Document()
    document.add_paragraph(text)
    document.core_properties.author = author
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def with_part(data, name, content=b"x"):
    written = io.BytesIO(data)
    with zipfile.ZipFile(written, "a") as package:
        package.writestr(name, content)
    return written.getvalue()


def pdf(**options):
    document = pikepdf.new()
    document.add_blank_page()
    document.docinfo["/Author"] = "张三"
    written = io.BytesIO()
    document.save(written, **options)
    return written.getvalue()


def picture(size=(20, 10), kind="JPEG", exif=None):
    image, written = Image.new("RGB", size, "red"), io.BytesIO()
    image.save(written, kind, **({"exif": exif} if exif else {}))
    return written.getvalue()


def located():
    exif = Image.Exif()
    exif[0x010F] = "Phone"
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def bomb():
    """A PNG whose head claims 30000 × 30000 pixels."""
    data = bytearray(picture(kind="PNG"))
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


BAD = {
    "macro by name": ("表.xlsm", b"PK\x03\x04", "文件里有宏"),
    "macro inside": ("通知.docx", with_part(word(), "word/vbaProject.bin"), "有宏"),
    "old macro": (
        "旧.doc",
        OLE + bytes(600) + "_VBA_PROJECT".encode("utf-16-le"),
        "有宏",
    ),
    "locked office": (
        "密.docx",
        OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
        "请先取消密码",
    ),
    "locked pdf": (
        "密.pdf",
        pdf(encryption=pikepdf.Encryption(user="a", owner="b")),
        "去掉密码",
    ),
    "broken pdf": ("断.pdf", b"%PDF-1.7\n" + b"\x00garbage" * 40, "打不开"),
    "broken docx": ("断.docx", word()[:900], "打不开"),
    "pdf that is a program": ("公告.pdf", b"MZ\x90\x00" * 80, "内容却不是"),
    "text that is a program": ("说明.txt", b"MZ\x90\x00" * 80, "内容却不是"),
    "sheet that is a docx": ("表.xlsx", word(), "内容却不是"),
    "picture that is a pdf": ("图.jpg", pdf(), "图片打不开"),
    "png named jpg": ("图.jpg", picture(kind="PNG"), "内容却不是"),
    "absurd picture": ("大图.png", bomb(), "图片尺寸太大"),
    "svg": ("图.svg", b"<svg><script>alert(1)</script></svg>", "不接受 SVG"),
    "program": ("安装.exe", b"MZ" * 40, "不接受这种文件（exe）"),
    "no ending": ("公告", b"text", "没有扩展名"),
    "empty": ("空.txt", b"", "空"),
}


def collection_of(user):
    return Collection.objects.exclude(depth=1).first() or Collection.objects.first()


def add(client, name, content, title="我写的名称"):
    return client.post(
        reverse("wagtaildocs:add"),
        {
            "title": title,
            "collection": collection_of(None).pk,
            "file": SimpleUploadedFile(name, content),
        },
    )


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_gets_its_sentence_and_the_title_stays(clerk, case):
    name, content, sentence = BAD[case]
    response = add(clerk, name, content)
    assert response.status_code == 200
    page = response.content.decode()
    assert sentence in page
    assert "我写的名称" in page
    assert not DisclosureDocument.objects.exists()


@pytest.mark.parametrize("case", BAD)
def test_many_at_once_and_the_chooser_refuse_the_same(clerk, case):
    name, content, sentence = BAD[case]
    if not content:
        pytest.skip("Wagtail's script never sends an empty file")
    data = {"collection": collection_of(None).pk, "title": "名称"}
    many = clerk.post(
        reverse("wagtaildocs:add_multiple"),
        {**data, "files[]": SimpleUploadedFile(name, content)},
        HTTP_X_REQUESTED_WITH="XMLHttpRequest",
    ).json()
    assert many["success"] is False
    assert sentence in many["error_message"]
    prefix = "document-chooser-upload-"
    chosen = clerk.post(
        reverse("wagtaildocs_chooser:create"),
        {
            f"{prefix}title": "名称",
            f"{prefix}collection": data["collection"],
            f"{prefix}file": SimpleUploadedFile(name, content),
        },
    ).json()
    assert sentence in chosen["htmlFragment" if "htmlFragment" in chosen else "html"]


def test_a_file_above_the_cap_is_refused_with_what_to_do(clerk, settings):
    settings.WAGTAILDOCS_MAX_UPLOAD_SIZE = 1000
    response = add(clerk, "大.pdf", pdf() + bytes(2000))
    assert "拆成几个文件后再传" in response.content.decode()


def test_the_public_copy_is_served_and_the_original_kept(clerk, people):
    add(clerk, "通知.docx", word(author="张三"))
    document = DisclosureDocument.objects.get()
    stored, original = document.file.read(), document.original.read()
    assert "张三".encode() not in _all_parts(stored)
    assert "张三".encode() in _all_parts(original)
    assert document.sha256 == document.file_sha256()
    assert document.file_size == len(stored)
    assert document.uploaded_by_user == people["clerk"]


def _all_parts(data):
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return b"".join(package.read(name) for name in package.namelist())


def test_a_photo_loses_its_place(clerk):
    add(clerk, "照片.jpg", picture(exif=located()))
    document = DisclosureDocument.objects.get()
    assert not Image.open(document.file).getexif()
    assert Image.open(document.original).getexif()


def test_a_plain_file_has_no_second_copy(clerk):
    add(clerk, "说明.txt", "说明".encode())
    assert not DisclosureDocument.objects.get().original


@pytest.mark.parametrize(
    ("typed", "shown"), [("   ", "必填"), ("\u202e\u200b", "名称不能只有空格")]
)
def test_a_title_that_nobody_can_read_is_refused(clerk, typed, shown):
    response = add(clerk, "说明.txt", b"text", title=typed)
    page = response.content.decode()
    assert shown in page or "名称不能只有空格" in page or "必填项" in page
    assert not DisclosureDocument.objects.exists()


def test_hidden_marks_leave_a_title_and_500_characters_are_told(clerk):
    add(clerk, "说明.txt", b"text", title="公\u202e告 \u200b 一")
    assert DisclosureDocument.objects.get().title == "公告 一"
    response = add(clerk, "说明.txt", b"text", title="长" * 500)
    assert "255" in response.content.decode()
    assert "长" * 500 in response.content.decode()


def test_a_file_that_waited_for_its_title_is_cleaned_too(clerk):
    many = clerk.post(
        reverse("wagtaildocs:add_multiple"),
        {
            "collection": collection_of(None).pk,
            "title": "长" * 300,
            "files[]": SimpleUploadedFile("通知.docx", word()),
        },
    ).json()
    number = many["uploaded_file_id"]
    clerk.post(
        reverse("wagtaildocs:create_multiple_from_uploaded_document", args=[number]),
        {
            f"uploaded-document-{number}-title": "短名称",
            f"uploaded-document-{number}-collection": collection_of(None).pk,
        },
    )
    document = DisclosureDocument.objects.get(title="短名称")
    assert document.original
    assert "张三".encode() not in _all_parts(document.file.read())
    assert document.sha256 == document.file_sha256()


def test_nobody_reads_an_original_by_its_address(clerk, client, people):
    add(clerk, "通知.docx", word())
    document = DisclosureDocument.objects.get()
    guessed = f"/media/{document.original.name}"
    for name in (*people, None):
        client.logout()
        if name:
            client.force_login(people[name])
        assert client.get(guessed).status_code == 404, name
    client.force_login(people["officer"])
    address = reverse("gongkai_original", args=[document.pk])
    response = client.get(address)
    assert b"".join(response.streaming_content) == document.original.read()
    assert response["Cache-Control"].startswith("private, no-store")
    assert "attachment" in response["Content-Disposition"]
    read = ModelLogEntry.objects.get(action=READ_FILE)
    assert (read.object_id, read.user) == (str(document.pk), people["officer"])
    client.force_login(people["head"])
    assert client.get(address).status_code == 302  # refused: back to the first page
    client.logout()
    assert "login" in client.get(address)["Location"]


def test_deleting_a_document_deletes_its_original(clerk):
    add(clerk, "通知.docx", word())
    document = DisclosureDocument.objects.get()
    storage, name = document.original.storage, document.original.name
    document.delete()
    assert not storage.exists(name)


def test_pictures_are_checked_and_stripped(client, people):
    client.force_login(people["clerk"])
    url = reverse("wagtailimages:add")

    def send(name, content):
        return client.post(
            url,
            {
                "title": "照片",
                "collection": collection_of(None).pk,
                "description": "一张照片",
                "file": SimpleUploadedFile(name, content),
            },
        )

    assert "SVG" in send("a.svg", b"<svg/>").content.decode()
    assert "太大" in send("a.png", bomb()).content.decode() or (
        "像素" in send("a.png", bomb()).content.decode()
    )
    assert not DisclosureImage.objects.exists()
    send("a.jpg", picture(exif=located()))
    assert not Image.open(DisclosureImage.objects.get().file).getexif()


def test_the_listing_says_what_became_of_the_text(clerk, people):
    add(clerk, "说明.txt", "说明".encode())
    FileText.objects.update(state=TextState.SCAN)
    page = clerk.get(reverse("wagtaildocs:index")).content.decode()
    assert "扫描件" in page
