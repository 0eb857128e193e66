"""One item as a row of the portal's table, with its files; bad ones say why."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from disclosure_pages.bulk.cells import CONTROL
from disclosure_pages.bulk.exporting import LONGEST_CELL, UNSAFE_NAME
from disclosure_pages.choices import PublicKind
from disclosure_pages.public_state import PublicState, attachment_file

from ..targets.base import TargetError
from .fields import ATTACHMENTS, BODY_HTML, EMPTY, FIXED, LONG, ColumnPlan, value_of

FILES, TEXTS = "附件", "正文"
CHUNK = 1 << 16
LONGEST_NAME = 120  # characters; a file name holds 255 bytes


class BadItem(Exception):
    """This item can't go into the table; the others can."""

    def __init__(self, reason_zh: str) -> None:
        super().__init__(reason_zh)
        self.error = TargetError(reason_zh, retryable=False)


@dataclass
class Prepared:
    """An item whose files lie in the folder of the package."""

    version: int
    state: PublicState
    cells: list[str] = field(default_factory=list)


def prepare(
    plan: Sequence[ColumnPlan],
    words: dict[tuple[str, str], str],
    folder: Path,
    item: tuple[int, PublicState],
) -> Prepared:
    """Return the item's cells and put its files below ``folder``.

    Args:
        words: the portal's own word for (field, our value).

    Raises:
        BadItem: a column that must be filled has nothing, a text is too long for it,
            or a file is not there (any more).
        OSError: the folder can't be written.
    """
    version, state = item
    files = _copy_files(folder, state)
    cells = []
    for column in plan:
        if column.field == ATTACHMENTS:
            text = "；".join(files)
        elif column.field in (FIXED, EMPTY):
            text = column.fixed
        else:
            text = CONTROL.sub("", value_of(column.field, version, state, words))
        cells.append(_fitted(column, folder, state, text))
    return Prepared(version, state, cells)


def _fitted(column: ColumnPlan, folder: Path, state: PublicState, text: str) -> str:
    """Return a text that the column takes; a long body goes beside the table."""
    heading = column.heading.rstrip("*")
    item = state.metadata.get("type") == PublicKind.ITEM.value
    if column.required and item and not text:
        raise BadItem(_("门户的“%(heading)s”必填，这一条没有。") % {"heading": heading})
    if column.max_length and len(text) > column.max_length:
        raise BadItem(
            _("门户的“%(heading)s”最多 %(most)d 字，这一条有 %(length)d 字。")
            % {"heading": heading, "most": column.max_length, "length": len(text)}
        )
    if len(text) < LONGEST_CELL:  # one sign may be put in front of it
        return text
    if column.field not in LONG:
        raise BadItem(_("“%(heading)s”超过单元格的上限。") % {"heading": heading})
    ending = "html" if column.field == BODY_HTML else "txt"
    relative = Path(TEXTS) / f"{state.key}.{ending}"
    (folder / TEXTS).mkdir(exist_ok=True)
    (folder / relative).write_text(text, encoding="utf-8")
    return f"见文件：{relative.as_posix()}"


def _copy_files(folder: Path, state: PublicState) -> list[str]:
    """Copy the attachments; returns their paths within the package."""
    names: list[str] = []
    for attachment, name in zip(
        state.attachments, _file_names(state.attachments), strict=True
    ):
        relative = Path(FILES) / state.key / name
        stored = attachment_file(attachment["sha256"])
        if stored is None:
            reason = _("附件“%(name)s”的文件找不到。")
            raise BadItem(reason % {"name": attachment["name"]})
        (folder / relative).parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with stored.open("rb") as source, (folder / relative).open("wb") as copy:
            while piece := source.read(CHUNK):
                digest.update(piece)
                copy.write(piece)
        if digest.hexdigest() != attachment["sha256"]:
            reason = _("附件“%(name)s”的文件已损坏，请重新上传。")
            raise BadItem(reason % {"name": attachment["name"]})
        names.append(relative.as_posix())
    return names


def _file_names(attachments: list[dict[str, str]]) -> Iterator[str]:
    """Yield a harmless name for each, no two alike."""
    seen: set[str] = set()
    for number, attachment in enumerate(attachments, start=1):
        name = UNSAFE_NAME.sub("_", attachment["name"]).replace("；", "_")
        name = name.strip(" .") or str(number)
        stem, suffix = Path(name).stem[:LONGEST_NAME], Path(name).suffix[:20]
        name = f"{stem}{suffix}"
        if name.casefold() in seen:
            name = f"{stem}-{number}{suffix}"
        seen.add(name.casefold())
        yield name
