"""What Wagtail doesn't log by itself: sign-in, accounts, groups, rights, settings."""

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.auth.signals import (
    user_logged_in,
    user_logged_out,
    user_login_failed,
)
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.db.models.signals import (
    m2m_changed,
    post_delete,
    post_save,
    pre_save,
)
from django.http import HttpRequest
from django.utils import timezone
from wagtail.contrib.settings.models import BaseGenericSetting, BaseSiteSetting
from wagtail.log_actions import log
from wagtail.models import ModelLogEntry
from wagtail.models.audit_log import BaseLogEntry

from cms.audit import actions
from cms.audit.group_rights import GRANTS, grant_name
from cms.audit.recording import stamp

FAILURES_A_MINUTE = 60  # more would let strangers fill the disk
WATCHED = ("username", "email", "is_active", "is_staff", "is_superuser", "password")
SECRET = ("password",)
CHANGED = "_gongkai_changed"


def connect() -> None:
    """Connect everything below; once, when the apps are ready."""
    user = get_user_model()
    user_logged_in.connect(record_login)
    user_logged_out.connect(record_logout)
    user_login_failed.connect(record_failure)
    m2m_changed.connect(record_groups, sender=user.groups.through)
    m2m_changed.connect(record_permissions, sender=user.user_permissions.through)
    m2m_changed.connect(record_permissions, sender=Group.permissions.through)
    for grant in GRANTS:
        post_save.connect(record_grant, sender=grant)
        post_delete.connect(record_grant, sender=grant)
    kept = [m for m in apps.get_models() if issubclass(m, _SETTINGS)]
    for model in (user, *kept):
        pre_save.connect(note_changes, sender=model)
        post_save.connect(record_changes, sender=model)
    for model in apps.get_models():
        if issubclass(model, BaseLogEntry):
            pre_save.connect(stamp_entry, sender=model)


_SETTINGS = (BaseGenericSetting, BaseSiteSetting)


def stamp_entry(sender: Any, instance: BaseLogEntry, raw: bool, **kwargs: Any) -> None:
    if instance._state.adding and not raw:
        stamp(instance)


def _address(request: HttpRequest | None) -> dict[str, str]:
    address = request.META.get("REMOTE_ADDR", "") if request else ""
    return {"address": address} if address else {}


def record_login(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    log(user, actions.LOGIN, user=user, data=_address(request))


def record_logout(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    if user is not None:
        log(user, actions.LOGOUT, user=user, data=_address(request))


def record_failure(
    sender: Any,
    credentials: dict[str, Any],
    request: HttpRequest | None = None,
    **kwargs: Any,
) -> None:
    """Log a failed sign-in; a name that nobody has may be a password, and is not kept.

    At most ``FAILURES_A_MINUTE``.
    """
    since = timezone.now() - timedelta(minutes=1)
    recent = ModelLogEntry.objects.filter(
        action=actions.LOGIN_FAILED, timestamp__gte=since
    )
    if recent.count() >= FAILURES_A_MINUTE:
        return
    model = get_user_model()
    name = str(credentials.get(model.USERNAME_FIELD) or "")
    found = model._default_manager.filter(**{model.USERNAME_FIELD: name}).first()
    ModelLogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(model),
        object_id=str(found.pk) if found else "0",
        label=str(found) if found else "—",
        action=actions.LOGIN_FAILED,
        timestamp=timezone.now(),
        data=_address(request),
    )


def record_groups(
    sender: Any,
    instance: Model,
    action: str,
    reverse: bool,
    pk_set: set[int] | None,
    **kwargs: Any,
) -> None:
    """Log for each user which groups were joined and left."""
    if reverse:
        ids = pk_set
        if action == "pre_clear":
            ids = set(instance.user_set.values_list("pk", flat=True))
        users = list(get_user_model()._default_manager.filter(pk__in=ids or ()))
        groups = [instance.name]
    else:
        found = instance.groups.all() if action == "pre_clear" else Group.objects
        chosen = found if action == "pre_clear" else found.filter(pk__in=pk_set or ())
        users, groups = [instance], sorted(chosen.values_list("name", flat=True))
    change = CHANGES.get(action)
    for user in users if change and groups else ():
        log(user, actions.GROUPS, data={change: groups})


CHANGES = {"post_add": "added", "post_remove": "removed", "pre_clear": "removed"}


def record_permissions(
    sender: Any,
    instance: Model,
    action: str,
    reverse: bool,
    model: Any,
    pk_set: set[int] | None,
    **kwargs: Any,
) -> None:
    """Log which permissions a group or a user got and lost."""
    change = CHANGES.get(action)
    if not change or reverse:
        return
    field = "permissions" if isinstance(instance, Group) else "user_permissions"
    held = getattr(instance, field).all()
    found = held if action == "pre_clear" else model.objects.filter(pk__in=pk_set or ())
    names = sorted(
        f"{app}.{code}"
        for app, code in found.values_list("content_type__app_label", "codename")
    )
    if names:
        log(instance, actions.PERMISSIONS, data={change: names})


def record_grant(
    sender: Any,
    instance: Any,
    signal: Any,
    created: bool = False,
    raw: bool = False,
    **kwargs: Any,
) -> None:
    """Log a right on a part of the page tree or on a collection of files."""
    removed = signal is post_delete
    if raw or not (created or removed):
        return
    change = "removed" if removed else "added"
    data = {change: [grant_name(instance)]}
    log(instance.group, actions.PERMISSIONS, data=data)


def note_changes(
    sender: Any,
    instance: Model,
    raw: bool,
    update_fields: frozenset[str] | None,
    **kwargs: Any,
) -> None:
    """Compare with the stored row before it is overwritten."""
    is_user = isinstance(instance, get_user_model())
    names = [
        field.attname
        for field in sender._meta.concrete_fields
        if not field.primary_key
        and (not is_user or field.name in WATCHED)
        and (update_fields is None or field.name in update_fields)
    ]
    setattr(instance, CHANGED, {})
    if raw or not names:
        return
    if instance._state.adding:
        setattr(instance, CHANGED, {"created": True})
        return
    stored = sender._default_manager.filter(pk=instance.pk).values(*names).first() or {}
    changed = {
        name: [_shown(name, old), _shown(name, getattr(instance, name))]
        for name, old in stored.items()
        if old != getattr(instance, name)
    }
    setattr(instance, CHANGED, changed)


def _shown(name: str, value: Any) -> Any:
    if name in SECRET:
        return "***"
    plain = value is None or isinstance(value, bool | int | float | str)
    return value if plain else str(value)


def record_changes(sender: Any, instance: Model, **kwargs: Any) -> None:
    """Log what ``note_changes`` found, now that it is written."""
    changed = instance.__dict__.pop(CHANGED, None)
    if changed:
        is_user = isinstance(instance, get_user_model())
        action = actions.ACCOUNT if is_user else actions.SETTINGS
        log(instance, action, data={"changed": changed}, content_changed=True)
