"""Which offices a user heads: asked by withdrawal, the batch and the log alike."""

from typing import Any

from disclosure_pages.models import OfficeIndexPage


def headed_offices(user: Any) -> dict[int, str]:
    """Return the offices that the user heads, with their pages' tree paths.

    Kept on the user object of the request, because lists ask for every row.
    """
    if not hasattr(user, "_gongkai_headed"):
        pages = OfficeIndexPage.objects.filter(office__head_group__in=user.groups.all())
        user._gongkai_headed = dict(pages.values_list("office_id", "path"))
    return user._gongkai_headed
