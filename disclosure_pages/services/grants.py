"""Groups and what they may do: with pages, files and rows; safe to run again."""

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from wagtail.models import (
    Collection,
    GroupCollectionPermission,
    GroupPagePermission,
    Page,
)


def desk_group(name: str) -> Group:
    """Return the group of this name, whose people may enter the desk."""
    group, _made = Group.objects.get_or_create(name=name)
    group.permissions.add(*permissions("wagtailadmin", ["access_admin"]))
    return group


def rename_group(group: Group, name: str) -> None:
    """Give a group its new name, unless that is taken or somebody chose the old one.

    What stands before "·" tells a group of ours from one that somebody chose.
    """
    ours = group.name.partition("·")[0] == name.partition("·")[0]
    if ours and group.name != name and not Group.objects.filter(name=name).exists():
        group.name = name
        group.save(update_fields=["name"])


def permissions(app_label: str, codenames: Iterable[str]) -> list[Permission]:
    """Return an app's permissions by their code names."""
    return list(
        Permission.objects.filter(
            content_type__app_label=app_label, codename__in=list(codenames)
        )
    )


def allow_pages(group: Group, page: Page, codenames: list[str]) -> None:
    """Let a group do something with a page and all below it."""
    for permission in permissions("wagtailcore", codenames):
        GroupPagePermission.objects.get_or_create(
            group=group, page=page, permission=permission
        )


def allow_files(
    group: Group, collection_name: str | None, *, images_only: bool = False
) -> None:
    """Let a group put files into its collection (None: the root, all files)."""
    root = Collection.get_first_root_node()
    collection = root
    if collection_name:
        collection = root.get_children().filter(name=collection_name).first()
        collection = collection or root.add_child(name=collection_name)
    wanted = permissions("wagtailimages", ["add_image", "choose_image"])
    if not images_only:
        wanted += permissions("wagtaildocs", ["add_document", "choose_document"])
    for permission in wanted:
        GroupCollectionPermission.objects.get_or_create(
            group=group, collection=collection, permission=permission
        )
