"""Checks over one draft, each of which blocks or warns by setting."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace

from django.utils.translation import gettext as _

from cms.models import Authority
from disclosure_pages import document_numbers
from disclosure_pages.checks import personal_data, wording
from disclosure_pages.checks.attachments import check_attachments
from disclosure_pages.checks.chosen import chosen_checks
from disclosure_pages.checks.contents import Contents, contents_of
from disclosure_pages.checks.levels import BLOCK, OFF, usual_level
from disclosure_pages.checks.links import dead_links
from disclosure_pages.checks.problems import Problem, excerpt_at
from disclosure_pages.guide_rules import missing_parts
from disclosure_pages.item_rules import HIDDEN, visible_text
from disclosure_pages.models import DisclosureItemPage, GuidePage, ReadingPointPage
from disclosure_pages.models.base import PublicPage
from disclosure_pages.models.pages import TextPage
from disclosure_pages.reading_point_rules import point_errors, unmet

TITLE_LENGTH = 60  # longer ones are cut in lists and on phones


def check_page(page: PublicPage) -> list[Problem]:
    """Return what to look at before the draft is submitted, the serious first.

    Reads the page as it stands in memory, and what is known of its attachments;
    changes nothing of the page.
    """
    contents = contents_of(page)
    chosen = chosen_checks()
    found = [
        *_title(page),
        *_record(page),
        *_guide(page),
        *_text(page),
        *_point(page),
        *_personal(page, contents),
        *_pictures(contents),
        *_tables(contents),
        *_links(contents),
        *_wording(page, contents, chosen.words),
        *check_attachments(page),
    ]
    found = [replace(each, level=chosen.level_of(each.code)) for each in found]
    found = [problem for problem in found if problem.level != OFF]
    return sorted(found, key=lambda problem: problem.level != BLOCK)


def what_blocks(page: PublicPage) -> list[str]:
    """Return in words what must be mended before the draft may be submitted."""
    return [found.message for found in check_page(page) if found.level == BLOCK]


def _problem(code: str, message: str, field: str = "", excerpt: str = "") -> Problem:
    return Problem(code, usual_level(code), message, field, excerpt)


def _title(page: PublicPage) -> Iterator[Problem]:
    title = page.title or ""
    shown = visible_text(title)
    if not shown:
        yield _problem("title_blank", _("标题是空的。请写上文件的标题。"), "title")
        return
    if any(c in HIDDEN or unicodedata.category(c) == "Cc" for c in title):
        message = _("标题里有看不见的控制字符。请把标题重新打一遍。")
        yield _problem("hidden_characters", message, "title", shown[:40])
    if len(shown) > TITLE_LENGTH:
        message = _("标题有 %(count)d 个字，手机和列表里显示不全。请尽量缩短。")
        yield _problem(
            "title_length", message % {"count": len(shown)}, "title", shown[:40] + "…"
        )
    if "  " in title.strip() or "\u3000" in title or title != title.strip():
        message = _("标题里有多余的空格。请删去。")
        yield _problem("title_spaces", message, "title", shown[:40])


def _record(page: PublicPage) -> Iterator[Problem]:
    if not isinstance(page, DisclosureItemPage):
        return
    number = page.document_number.strip()
    if not number:
        message = _("没有文号。文件上有就填上；确实没有，可以不理会。")
        yield _problem("document_number", message, "document_number")
    elif document_numbers.parse(number) is None:
        message = _("文号看起来不完整。例：云政〔2026〕31号")
        yield _problem("document_number", message, "document_number", number)
    elif document_numbers.normalise(number) != number:
        message = _("文号的规范写法是 %(number)s。")
        values = {"number": document_numbers.normalise(number)}
        yield _problem("document_number", message % values, "document_number", number)
    if page.date_made is None:
        message = _("没有成文日期。请填文件落款的日期。")
        yield _problem("date_made", message, "date_made")
    if page.warning:
        yield _problem("repeal", page.warning, "validity")


def _guide(page: PublicPage) -> Iterator[Problem]:
    if isinstance(page, GuidePage):
        for name, sentence in missing_parts(page, Authority.load()):
            yield _problem("guide_part", sentence, name)


def _text(page: PublicPage) -> Iterator[Problem]:
    if isinstance(page, TextPage):
        for name, sentence in page.missing():
            yield _problem("text_missing", str(sentence), name)


def _point(page: PublicPage) -> Iterator[Problem]:
    if not isinstance(page, ReadingPointPage):
        return
    for name, sentence in point_errors(page, page.absences.all()):
        yield _problem("point_part", sentence, name)
    if page.photo and not page.photo.description.strip():
        message = _("照片没有说明。请到图片里填“描述”，给看不见的人听。")
        yield _problem("image_description", message, "photo", page.photo.title[:40])
    if lacking := unmet(page):
        message = _("条件还没有齐，不计入覆盖率：%(reasons)s。可以先公开，齐了再改。")
        reasons = "、".join(str(condition.reason) for condition in lacking)
        yield _problem("point_incomplete", message % {"reasons": reasons})


def _personal(page: PublicPage, contents: Contents) -> Iterator[Problem]:
    for name, text in [("title", page.title or ""), *contents.texts]:
        for hit in personal_data.find(text):
            yield personal_problem(hit, name)


def personal_problem(hit: personal_data.Hit, field: str) -> Problem:
    """Return the problem of one personal number; a contact's phone only warns."""
    if hit.level == BLOCK:
        message = _("这里有%(kind)s。请删去，或把中间几位改成 *。")
    else:
        message = _("这里有%(kind)s。对外联系最好用办公电话；确需公开可以保留。")
    code = personal_data.CODES[hit.level]
    message %= {"kind": personal_data.LABELS[hit.kind]}
    return _problem(code, message, field, hit.masked_excerpt)


def _pictures(contents: Contents) -> Iterator[Problem]:
    for name, image, alt in contents.pictures:
        if len(alt.strip()) < 2 or alt.strip() == getattr(image, "title", None):
            message = _("图片没有说明。请写一句图里是什么，给看不见的人听。")
            yield _problem("image_description", message, name, alt[:40])


def _tables(contents: Contents) -> Iterator[Problem]:
    for name, table in contents.tables:
        headings = [str(c.get("heading") or "").strip() for c in table.columns]
        if not table.columns or not all(headings):
            message = _("表格缺表头。请给每一列写上列名，朗读时才听得懂。")
            shown = table.caption or "、".join(h for h in headings if h)
            yield _problem("table_header", message, name, shown[:40])


def _links(contents: Contents) -> Iterator[Problem]:
    for name, shown, why in dead_links(contents.links) if contents.links else []:
        if why == "hidden":
            message = _("链接指向还没有公开的页面。请换一个链接，或先公开那一页。")
        else:
            message = _("链接指向的页面或文件不存在。请删去，或重新选择。")
        yield _problem("dead_link", message, name, shown[:40])


def _wording(
    page: PublicPage, contents: Contents, words: Iterable[wording.Word]
) -> Iterator[Problem]:
    seen: set[str] = set()
    for name, text in [("title", page.title or ""), *contents.texts]:
        for (wrong, right, note), place in wording.find(text, words):
            if wrong in seen:
                continue
            seen.add(wrong)
            if right:
                message = _("“%(wrong)s”建议改为“%(right)s”。")
            else:
                message = _("不要用“%(wrong)s”。")
            message %= {"wrong": wrong, "right": right}
            excerpt = excerpt_at(text, place, place + len(wrong))
            yield _problem("wording", message + note, name, excerpt)
