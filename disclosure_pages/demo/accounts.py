"""The demo's accounts: one person per role, one password for all."""

import os
import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from cms.models import Village
from disclosure_pages.demo.content import load
from disclosure_pages.services.village_managers import assign_managers


def demo_password() -> str:
    """Return the one password: configured, kept from the first time, or random."""
    path = Path(settings.GONGKAI_HOME) / "demo-password"
    password = settings.GONGKAI_DEMO_PASSWORD
    if not password and path.exists():
        password = path.read_text().strip()
    password = password or secrets.token_urlsafe(9)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".demo-password.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(f"{password}\n")
    draft.replace(path)
    return password


def load_accounts(password: str, usernames: list[str] | None = None) -> dict[str, str]:
    """Make accounts that are missing; returns {username: name} of all.

    The password of an account that exists is left as it is.
    """
    users = get_user_model().objects
    groups = {group.name: group for group in Group.objects.all()}
    hashed = make_password(password)
    names = {}
    for account in load("accounts"):
        username = account["username"]
        if usernames is not None and username not in usernames:
            continue
        user, made = users.get_or_create(
            username=username,
            defaults={
                "first_name": account["given_name"],
                "last_name": account["family_name"],
                "email": f"{username}@yunxi.example",
                "password": hashed,
            },
        )
        if made:
            user.groups.set([groups[name] for name in account["groups"]])
            for village in Village.objects.filter(code__in=account.get("villages", [])):
                assign_managers(village, [user])
        names[username] = user.get_full_name()
    return names
