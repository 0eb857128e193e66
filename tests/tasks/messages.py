"""Messages of the portal protocol, as small as they may be."""

import hashlib
import uuid

from disclosure_pages.public_state import PublicState, canonical_sha256


def new_key():
    return uuid.uuid4().hex


def state_of(key=None, *, title="低保公示", html="<p>正文。</p>", files=(), **metadata):
    """A published state; ``files`` are (name, bytes) pairs."""
    metadata = {"type": "item", "title": title, "category": "work", **metadata}
    attachments = [
        {
            "name": name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "mime": "text/plain",
        }
        for name, content in files
    ]
    sha256 = canonical_sha256("published", metadata, html, attachments)
    return PublicState(
        key or new_key(), "published", metadata, html, attachments, sha256=sha256
    )


def withdrawal_of(key, *, reason="发布有误", **metadata):
    """The tombstone of a key."""
    metadata = {"type": "item", **metadata}
    sha256 = canonical_sha256("withdrawn", metadata, "", [])
    return PublicState(key, "withdrawn", metadata, reason=reason, sha256=sha256)


def message_of(state, version=1, /, **changes):
    """The body of the PUT."""
    return {"version": version, **vars(state), **changes}
