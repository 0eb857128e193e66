"""Signatures of the portal protocol: Standard Webhooks headers over the request.

What is signed is ``id.timestamp.METHOD path?query.sha256(body)``: a signature fits one
request only. A key has the form ``whsec_<base64>``; while a key is being replaced the
receiver accepts the old and the new one.
"""

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from standardwebhooks import Webhook, WebhookVerificationError

TOLERANCE_S = 300
MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class SignatureRefused(Exception):
    """No accepted key signed this request, or not within five minutes."""


class ClockOff(SignatureRefused):
    """The sender's clock and ours differ by more than the tolerance.

    ``ahead_s``: seconds by which the sender's clock is ahead; negative: behind.
    """

    def __init__(self, ahead_s: int) -> None:
        super().__init__("webhook-timestamp")
        self.ahead_s = ahead_s


def signed_text(method: str, target: str, body_sha256: str) -> str:
    """Return what a signature covers besides id and timestamp.

    Args:
        target: path and query exactly as they stand in the request line.
        body_sha256: hex digest of the body; `EMPTY_SHA256` without one.
    """
    return f"{method.upper()} {target}.{body_sha256}"


def sign(
    key: str,
    method: str,
    target: str,
    body_sha256: str = EMPTY_SHA256,
    *,
    now: datetime | None = None,
) -> dict[str, str]:
    """Return the three headers for one attempt; every call makes a new message id."""
    moment = now or datetime.now(tz=UTC)
    message_id = f"msg_{uuid.uuid4().hex}"
    text = signed_text(method, target, body_sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(key).sign(message_id, moment, text),
    }


def verify(
    keys: Iterable[str],
    headers: Mapping[str, str],
    method: str,
    target: str,
    body_sha256: str,
) -> str:
    """Return the message id of a request that one of the keys signed.

    The comparison takes the same time for every wrong signature. Whether the id was
    used before is for the caller to ask.

    Raises:
        ClockOff: outside the tolerance of five minutes.
        SignatureRefused: headers missing or malformed, or signed by none of the keys.
    """
    message_id = headers.get("webhook-id", "")
    if not MESSAGE_ID.fullmatch(message_id):
        raise SignatureRefused("webhook-id")
    _compare_clocks(headers.get("webhook-timestamp", ""))
    text = signed_text(method, target, body_sha256)
    for key in keys:
        try:
            Webhook(key).verify(text, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError):  # also malformed base64
            continue
        return message_id
    raise SignatureRefused("webhook-signature")


def _compare_clocks(timestamp: str) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):  # noqa: PLR2004
        raise SignatureRefused("webhook-timestamp")
    ahead_s = int(timestamp) - round(datetime.now(tz=UTC).timestamp())
    if abs(ahead_s) > TOLERANCE_S:
        raise ClockOff(ahead_s)
