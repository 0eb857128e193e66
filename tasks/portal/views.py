"""The receiving end of portal protocol v1; exists in the portal role only."""

import functools
import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db import OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from cms.context import is_portal
from disclosure_pages.models import ExternalFile, ExternalItem, Origin
from disclosure_pages.public_state import PUBLISHED, WITHDRAWN
from disclosure_pages.services import external

from . import protocol, quotas, services
from .protocol import KEY, MAX_FILE_BYTES, MAX_ITEM_BYTES, Refused
from .signing import EMPTY_SHA256, ClockOff, SignatureRefused

View = Callable[..., HttpResponse]
logger = logging.getLogger(__name__)
CHUNK = 1 << 16
SMALL = 1 << 20  # bytes of a file that is taken into memory as a whole


def _refusal(status: int, reason: str, **details: Any) -> JsonResponse:
    body = {"error": reason, **details}
    return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})


def _refused(error: Refused) -> JsonResponse:
    answer = _refusal(error.status, error.reason, **error.details)
    if wait := error.details.get("retry_after"):
        answer["Retry-After"] = str(wait)
    return answer


def portal_view(*methods: str) -> Callable[[View], View]:
    """Wrap a view of the protocol: portal role, no CSRF, every refusal as JSON."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @require_http_methods(methods)
        @functools.wraps(view)
        def wrapped(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if not is_portal():
                raise Http404
            try:
                response = view(request, **kwargs)
            except ClockOff as error:
                logger.info("a sender's clock is off by %s s", error.ahead_s)
                return _refusal(401, _clock_words(error.ahead_s))
            except SignatureRefused as error:
                logger.info("signature refused: %s", error)
                return _refusal(401, _("签名无效、过期或已用过。"))
            except Refused as error:
                return _refused(error)
            except UnreadablePostError:
                return _refusal(400, _("内容没有收完。"))
            except OperationalError:
                logger.exception("database unavailable")
                busy = _refusal(503, _("门户数据库忙，请稍后再试。"))
                busy["Retry-After"] = "5"
                return busy
            response["Cache-Control"] = "no-store"
            return response

        return wrapped

    return decorate


def _clock_words(ahead_s: int) -> str:
    """Say whose clock differs by how much; one of the two is wrong."""
    minutes = round(abs(ahead_s) / 60)
    if ahead_s > 0:
        return _("时钟不一致：贵机关的时钟比门户快 %(minutes)d 分钟，请校准时钟。") % {
            "minutes": minutes
        }
    return _("时钟不一致：贵机关的时钟比门户慢 %(minutes)d 分钟，请校准时钟。") % {
        "minutes": minutes
    }


def _authenticate(
    request: HttpRequest,
    origin: str | None = None,
    urgent: Callable[[], bool] = lambda: False,
) -> None:
    """Refuse a request without a body that is not signed, or was seen before."""
    _signed(request, origin=origin, urgent=urgent).use_up()


def _signed(
    request: HttpRequest,
    body_sha256: str = EMPTY_SHA256,
    origin: str | None = None,
    urgent: Callable[[], bool] = lambda: False,
) -> services.Proof:
    return services.signed(
        {name.lower(): value for name, value in request.headers.items()},
        request.method or "",
        request.get_full_path(),
        body_sha256,
        origin=origin,
        urgent=urgent,
    )


def _within(check: Callable[..., None], sender: Origin, *args: Any) -> None:
    """Hold a township to its limits; the desk of the portal shows what it ran into."""
    try:
        check(sender, *args)
    except Refused as refused:
        services.note_refusal(sender, refused.reason)
        raise


def _length(request: HttpRequest, cap: int) -> int:
    """Return the announced length of the body, at most the cap."""
    text = request.headers.get("Content-Length") or ""
    if not text.isascii() or not text.isdigit():
        raise Refused(_("须写明 Content-Length。"), status=411)
    if len(text) > 18 or int(text) > cap:
        raise Refused(_("内容超过大小限制。"), status=413, limit=cap)
    return int(text)


@portal_view("GET", "PUT")
def item(request: HttpRequest, origin: str, key: str) -> HttpResponse:
    """Take a version of one item, or show what is held."""
    if request.method == "PUT":
        return _put_item(request, origin, key)
    _authenticate(request, origin=origin, urgent=lambda: True)
    held = ExternalItem.objects.filter(origin=origin, key=key).first()
    if held is None:
        return _refusal(404, _("没有收到过这一条。"))
    shown = {
        "key": held.key,
        "version": held.version,
        "state": held.state,
        **held.payload,
        "sha256": held.sha256,
        "url": _public_url(held),
    }
    return JsonResponse(shown, json_dumps_params={"ensure_ascii": False})


def _put_item(request: HttpRequest, origin: str, key: str) -> HttpResponse:
    body = request.read(_length(request, MAX_ITEM_BYTES))
    proof = _signed(
        request,
        hashlib.sha256(body).hexdigest(),
        origin=origin,
        urgent=lambda: protocol.parse_body(body).get("state") == WITHDRAWN,
    )
    try:
        message = protocol.read_message(origin, key, protocol.parse_body(body))
    except Refused:
        proof.use_up()
        raise
    return _once(proof, lambda: _store_item(proof.origin, message))


def _once(proof: services.Proof, act: Callable[[], HttpResponse]) -> HttpResponse:
    """Use a request up in the transaction of what it asks, also where it is refused."""
    with transaction.atomic():
        proof.use_up()
        try:
            return act()
        except Refused as refused:
            return _refused(refused)


def _store_item(sender: Origin, message: protocol.Message) -> HttpResponse:
    if message.state == PUBLISHED:
        _within(quotas.check_items, sender, message.key)
    try:
        held = external.store_external(
            external.Received(origin=sender.credit_code, **message.as_json())
        )
    except external.VersionConflict as conflict:
        held = conflict.held
        return JsonResponse(
            {"version": held.version, "sha256": held.sha256}, status=409
        )
    except external.FilesMissing as error:
        raise Refused(_("缺少附件，请先发送。"), missing=error.hashes) from error
    return JsonResponse(
        {
            "key": held.key,
            "version": held.version,
            "sha256": held.sha256,
            "url": _public_url(held),
        }
    )


def _public_url(held: ExternalItem) -> str:
    path = reverse("external_item", kwargs={"origin": held.origin, "key": held.key})
    return f"{settings.GONGKAI_BASE_URL}{path}"


@portal_view("HEAD", "PUT")
def file(request: HttpRequest, sha256: str) -> HttpResponse:
    """Say whether a file is held, or take it; the path promises what its bytes are."""
    if request.method == "HEAD":
        _authenticate(request)
        known = ExternalFile.objects.held().filter(sha256=sha256).exists()
        return HttpResponse(status=200 if known else 404)
    size = _length(request, MAX_FILE_BYTES)
    proof = _signed(request, sha256)
    if size > SMALL:
        proof.use_up()  # before anything of it is taken
        return _store_file(request, sha256, proof.origin, size, _pieces(request, size))
    body = [request.read(size)]
    return _once(proof, lambda: _store_file(request, sha256, proof.origin, size, body))


def _store_file(
    request: HttpRequest,
    sha256: str,
    sender: Origin,
    size: int,
    pieces: Iterable[bytes],
) -> HttpResponse:
    if not ExternalFile.objects.held().filter(sha256=sha256).exists():
        _within(quotas.check_bytes, sender, size)
    try:
        stored, created = external.store_file(
            sha256,
            pieces,
            mime=request.headers.get("Content-Type", ""),
            max_bytes=MAX_FILE_BYTES,
            origin=sender.credit_code,
        )
    except external.ContentMismatch as error:
        raise Refused(_("文件与 sha256 不符。"), sha256=str(error)) from error
    answer = {"sha256": stored.sha256, "bytes": stored.bytes}
    return JsonResponse(answer, status=201 if created else 200)


def _pieces(request: HttpRequest, size: int) -> Iterator[bytes]:
    while size > 0 and (piece := request.read(min(CHUNK, size))):
        size -= len(piece)
        yield piece


@portal_view("GET")
def digest(request: HttpRequest, origin: str) -> HttpResponse:
    """Show the 256 bucket hashes of one origin."""
    _authenticate(request, origin=origin)
    found = services.digest(origin)
    return JsonResponse(
        {"origin": origin, "items": found.items, "buckets": found.buckets()}
    )


@portal_view("GET")
def manifest(request: HttpRequest, origin: str) -> HttpResponse:
    """List what is held from one origin, in one bucket or in all."""
    _authenticate(request, origin=origin)
    bucket = _number(request, "bucket", protocol.BUCKETS - 1)
    limit = _number(request, "limit", 10**6)
    after = request.GET.get("after", "")
    if after and not KEY.fullmatch(after):
        raise Refused(_("参数 after 不对。"), status=400)
    rows, following = services.manifest(
        origin, bucket, after, protocol.MANIFEST_LIMIT if limit is None else limit
    )
    return JsonResponse({"items": [row._asdict() for row in rows], "next": following})


def _number(request: HttpRequest, name: str, highest: int) -> int | None:
    text = request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise Refused(_("参数 %(name)s 不对。") % {"name": name}, status=400)
    if int(text) > highest:
        raise Refused(_("参数 %(name)s 不对。") % {"name": name}, status=400)
    return int(text)
