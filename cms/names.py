"""How names are written: 姓 before 名, in Chinese without a space between them."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser


def full_name(user: AbstractUser) -> str:
    """Return the whole name; one in another script keeps Django's order and space."""
    if f"{user.first_name}{user.last_name}".isascii():
        return f"{user.first_name} {user.last_name}".strip()
    return f"{user.last_name}{user.first_name}".strip()


def put_family_name_first() -> None:
    """Have every screen write names so; called once, when the models are there."""
    get_user_model().add_to_class("get_full_name", full_name)
