"""Opening office files (zips of XML parts) within limits; what they hide."""

import io
import zipfile
from xml.etree.ElementTree import Element

from defusedxml import ElementTree
from django.utils.translation import gettext as _

from disclosure_pages.choices import TextState
from disclosure_pages.intake.errors import Unreadable
from disclosure_pages.intake.results import Finding, Limits

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PIECE = 1 << 20
FREE_RATIO_BYTES = 10 * 1024 * 1024  # small members may be as dense as they like


def is_encrypted_office(data: bytes) -> bool:
    """Whether an OLE file is an encrypted docx/xlsx/pptx (it names its streams)."""
    return "EncryptedPackage".encode("utf-16-le") in data


def open_package(data: bytes, limits: Limits) -> zipfile.ZipFile:
    """Open a zip whose directory stays within the limits.

    Raises:
        Unreadable: encrypted, or it would unpack to more than is allowed.
    """
    archive = zipfile.ZipFile(io.BytesIO(data))
    members = archive.infolist()
    if any(member.flag_bits & 1 for member in members):
        raise Unreadable(
            TextState.ENCRYPTED, _("压缩包设了密码。请取消密码，重新打包后再传。")
        )
    if len(members) > limits.members:
        raise Unreadable(
            TextState.FAILED,
            _("压缩包里超过 %(count)d 个文件。请拆成几个包。")
            % {"count": limits.members},
        )
    if sum(member.file_size for member in members) > limits.unpacked or any(
        _too_dense(member, limits) for member in members
    ):
        raise Unreadable(TextState.FAILED, too_large())
    return archive


def too_large() -> str:
    """Return the sentence about a file that unpacks to far more than it is."""
    return _("文件解压后大得不正常，没有打开。请删去多余的空行或大图，另存后再传。")


def _too_dense(member: zipfile.ZipInfo, limits: Limits) -> bool:
    if member.file_size > limits.member_size:
        return True
    packed = max(member.compress_size, 1)
    return (
        member.file_size > FREE_RATIO_BYTES and member.file_size / packed > limits.ratio
    )


def read_member(archive: zipfile.ZipFile, name: str, limits: Limits) -> bytes:
    """Return one member, however large it says it is, up to the limit.

    Raises:
        Unreadable: it is larger than the limit.
    """
    with archive.open(name) as member:
        data = member.read(limits.member_size + 1)
    if len(data) > limits.member_size:
        raise Unreadable(TextState.FAILED, too_large())
    return data


def read_xml(archive: zipfile.ZipFile, name: str, limits: Limits) -> Element | None:
    """Return the root of an XML part; None when there is no such part."""
    if name not in archive.namelist():
        return None
    return ElementTree.fromstring(read_member(archive, name, limits), forbid_dtd=True)


def package_findings(names: list[str]) -> list[Finding]:
    """Return what the names of the parts give away: macros and embedded objects."""
    findings = []
    if any(name.endswith("vbaProject.bin") for name in names):
        message = _("文件里有宏。请另存为不带宏的格式（docx、xlsx），再上传。")
        findings.append(Finding("macros", message))
    if any("/embeddings/" in name or "/activeX/" in name for name in names):
        message = _("文件里嵌有别的文件。请把它取出来单独作附件，从这里删去。")
        findings.append(Finding("embedded", message))
    return findings
