"""How a person is named on the desk and in records."""

from typing import Any

from django.utils.translation import gettext as _


def person_name(user: Any) -> str:
    """Return the full name, else the account's name; a person who left has neither."""
    if user is None:
        return _("（已离开）")
    return user.get_full_name() or user.get_username()


def account_label(user: Any) -> str:
    """Return the name with the account, which tells two people of one name apart."""
    name = user.get_full_name()
    return f"{name}（{user.get_username()}）" if name else user.get_username()
