"""Secrets of embedded mode: made once, kept in one file that only the owner reads."""

import base64
import os
import secrets
from pathlib import Path


def embedded_secrets(home: Path) -> dict[str, str]:
    """Return the secrets of this home, making the file (mode 0600) at first start.

    Keys: ``SECRET_KEY`` (Django) and ``PAIR_KEY`` (signs what goes to the portal
    that ``./run`` starts beside the site; Standard Webhooks form ``whsec_…``).
    """
    path = home / "secrets.env"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        pair_key = base64.b64encode(secrets.token_bytes(32)).decode()
        text = f"SECRET_KEY={secrets.token_urlsafe(50)}\nPAIR_KEY=whsec_{pair_key}\n"
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(text)
        try:
            os.link(draft, path)  # atomic: of two first starts, one wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return read_secrets(path)


def read_secrets(path: Path) -> dict[str, str]:
    """Return what a file of secrets holds."""
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)
