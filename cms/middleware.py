"""Headers that depend on the path, and failures of the desk in words."""

import errno
import logging
import sqlite3
from collections.abc import Callable

from csp.constants import NONE, SELF
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models import ProtectedError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    JsonResponse,
)
from django.template import loader
from django.utils.datastructures import MultiValueDictKeyError
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
PG_DISK_FULL = "53100"
ADMIN_PREFIXES = ("/admin/", "/api/v1/docs")
PUBLIC_POLICY = {
    "default-src": [NONE],
    "img-src": [SELF, "data:"],
    "script-src": [SELF],
    "style-src": [SELF],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [SELF],
    "base-uri": [NONE],
    "object-src": [NONE],
}


def path_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give public pages a policy without inline code, and keep the admin uncached."""

    def respond(request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path:  # PostgreSQL refuses to look for it
            return HttpResponseBadRequest()
        response = get_response(request)
        if request.path.startswith(ADMIN_PREFIXES):
            response.setdefault("Cache-Control", "private, no-store")
        elif not hasattr(response, "_csp_replace"):
            response._csp_replace = PUBLIC_POLICY
        response.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        return response

    return respond


def desk_failures(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Say in words what failed on the desk; nothing was changed.

    Every unsafe request of the desk is one transaction, so that nothing is half done.
    A form without a field that the desk's own pages always send is a bad request:
    Wagtail reads the count of a text's blocks and the place of a copy unasked.
    """

    def respond(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(
        request: HttpRequest, error: Exception
    ) -> HttpResponse | None:
        if isinstance(error, MultiValueDictKeyError):
            return HttpResponseBadRequest()
        if not request.path.startswith(ADMIN_PREFIXES):
            return None
        if disk_is_full(error):
            logger.error("disk full in %s", request.path, exc_info=error)
            return _no_room(request)
        if isinstance(error, OperationalError | InterfaceError):
            logger.error("database lost in %s", request.path, exc_info=error)
            answer = _failure(
                503,
                _("暂时存不上"),
                _("数据库刚才断开了，您这一步没有办成，什么也没有改变。"),
                _("请过一分钟按浏览器的“后退”回到刚才的页面（写的还在），再点一次。"),
            )
            answer["Retry-After"] = "30"
            return answer
        if isinstance(error, ProtectedError):
            return _failure(
                409,
                _("还在使用，不能删除"),
                _("还有信息在用它，所以没有删除，什么也没有改变。"),
                _("请先在用到它的信息里去掉它，再回来删除。"),
            )
        return None

    respond.process_exception = process_exception
    return respond


def disk_is_full(error: BaseException) -> bool:
    """Whether a file or the database could not grow."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return True
    if not isinstance(error, DatabaseError):
        return False
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF == sqlite3.SQLITE_FULL
    return getattr(cause, "sqlstate", None) == PG_DISK_FULL


def _no_room(request: HttpRequest) -> HttpResponse:
    title = _("服务器的磁盘满了")
    sentences = (
        _("您这一步没有办成，什么也没有改变，已经公开的照常可以看。"),
        _("请告诉系统管理员清理磁盘；清理以后按浏览器的“后退”，再点一次。"),
    )
    if request.path.endswith("/multiple/add/"):  # files that a script sends
        told = {
            "success": False,
            "error_message": _("%(title)s。") % {"title": title} + "".join(sentences),
        }
        return JsonResponse(told)
    return _failure(507, title, *sentences)


def _failure(status: int, title: str, *sentences: str) -> HttpResponse:
    shown = {"title": title, "sentences": sentences}
    text = loader.render_to_string("desk_failure.html", shown)
    return HttpResponse(text, status=status)
