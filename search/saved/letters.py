"""The letters about a saved search: plain text, and simple HTML for what is new."""

from collections.abc import Iterable

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from cms.context import base_url
from cms.models import Authority
from search.address import in_words, one_line
from search.documents import SearchDocument
from search.item_rows import path_of

from .models import SavedSearch
from .news import News
from .subscribing import confirm_url, stop_url
from .words import address_of, in_harmless_words

AUTOMATIC = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
SUBJECT = 60


def first_letter(saved: SavedSearch) -> EmailMessage:
    """Ask the owner of the mailbox whether he wants letters."""
    parts = [
        _("有人在“%(site)s”填了这个邮箱，希望在有新结果时收到邮件。")
        % {"site": _site()},
        _("搜索：%(words)s") % {"words": in_harmless_words(address_of(saved.search))},
        _("如果是您，请在 48 小时内打开下面的网址，再按“确认”：")
        + f"\n{confirm_url(saved)}",
        _(
            "如果不是您，不用理会这封信：不确认就不会再收到邮件，"
            "您的邮箱地址 48 小时后自动删除。"
        ),
    ]
    return _plain(saved, _("请确认：有新结果时发邮件给您"), parts, AUTOMATIC)


def reminder(saved: SavedSearch) -> EmailMessage:
    """Say that this search is confirmed already."""
    parts = [
        _("这个搜索早已确认，有新结果就会发到这个邮箱，不用再做什么。"),
        _("搜索：%(words)s") % {"words": in_words(address_of(saved.search))},
        _ending(saved),
    ]
    return _plain(saved, _("这个搜索已经在给您发邮件"), parts, _headers(saved))


def news_letter(saved: SavedSearch, news: News) -> EmailMessage:
    """Tell what is new of a search."""
    address = address_of(saved.search)
    words = in_words(address)
    count = len(news.documents) + news.follows + news.beyond
    told = {"count": count, "words": words}
    page = f"{base_url()}{reverse('search')}{address}"
    found = list(_entries(news.documents))
    rest = _rest(news)
    parts = [
        _("您关注的搜索有 %(count)d 条新公开的信息。搜索：%(words)s") % told,
        *(f"{title}\n{note}\n{url}" for title, note, url in found),
        *([rest] if rest else []),
        _("看全部结果：") + f"\n{page}",
        _ending(saved),
    ]
    letter = _plain(saved, _("新公开 %(count)d 条：%(words)s") % told, parts)
    letter.extra_headers.update(_headers(saved))
    context = {
        "told": told,
        "found": found,
        "rest": rest,
        "page": page,
        "stop": stop_url(saved),
        "site": _site(),
    }
    html = render_to_string("search/saved/news_letter.html", context)
    letter.attach_alternative(html, "text/html")
    return letter


def _entries(documents: Iterable[SearchDocument]) -> Iterable[tuple[str, str, str]]:
    """Give title, date and publisher, and absolute address of each."""
    for document in documents:
        label = document.origin_label or document.publisher
        by = document.office_label or document.village or label
        note = " · ".join(
            filter(None, (document.document_number, by, document.date_published))
        )
        url = f"{base_url()}{path_of(document)}"
        yield one_line(document.title), one_line(note), url


def _rest(news: News) -> str:
    if news.follows:
        return _("还有 %(n)d 条，下一个工作日接着发。") % {"n": news.follows}
    if news.beyond:
        return _("另有 %(n)d 条，太多了，不再逐条发，请到网页上看。") % {
            "n": news.beyond
        }
    return ""


def _ending(saved: SavedSearch) -> str:
    return _("不想再收这个搜索的邮件，请打开：") + f"\n{stop_url(saved)}"


def _headers(saved: SavedSearch) -> dict[str, str]:
    """Let mail programs offer one click to stop (RFC 8058)."""
    return AUTOMATIC | {
        "List-Unsubscribe": f"<{stop_url(saved)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _site() -> str:
    return f"{Authority.load().short_name}{_('政府信息公开')}"


def _plain(
    saved: SavedSearch,
    subject: str,
    parts: Iterable[str],
    headers: dict[str, str] | None = None,
) -> EmailMultiAlternatives:
    sender = Authority.load().short_name
    return EmailMultiAlternatives(
        subject=one_line(f"[{sender}] {subject}" if sender else subject)[:SUBJECT],
        body="\n\n".join([*parts, _site()]),
        to=[saved.mail],
        headers=dict(headers or {}),
    )
