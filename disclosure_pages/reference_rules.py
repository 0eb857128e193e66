"""What must hold when an item points to a superior's (引用, 补充); pure functions."""

from typing import Any

from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from disclosure_pages.choices import LinkStatus, ReferenceKind


def reference_errors(item: Any) -> dict[str, str]:
    """Return what is wrong between the item, its reference and its text, by field."""
    has_text = _has_text(item)
    if not item.reference_id:
        if item.reference_kind:
            return {"reference": _("请选择上级的哪一条信息。")}
        return {}
    if not item.reference_kind:
        return {"reference_kind": _("请选择是引用（只指向原文）还是补充。")}
    if item.reference_kind == ReferenceKind.REFERENCE and has_text:
        return {
            "body": _("引用只指向上级原文，正文要空着。本地另有内容的，请改选“补充”。")
        }
    if item.reference_kind == ReferenceKind.SUPPLEMENT and not has_text:
        return {
            "body": _(
                "补充上级信息的，请写明本地补充的内容；只指向原文的，请选“引用”。"
            )
        }
    return {}


def _has_text(item: Any) -> bool:
    """Whether the body says anything; an empty paragraph does not."""
    return any(
        strip_tags(child.value.source).strip() if child.block_type == "paragraph" else 1
        for child in item.body
    )


def is_pure_reference(item: Any) -> bool:
    """Whether the item only points to a superior's and has no text of its own."""
    return bool(item.reference_id) and item.reference_kind == ReferenceKind.REFERENCE


def reference_label(item: Any) -> str:
    """Return what stands beside the title: 引用：市民政局；"" for what is our own."""
    if not item.reference_id:
        return ""
    publisher = {"publisher": item.reference.publisher}
    if item.reference_kind == ReferenceKind.SUPPLEMENT:
        return _("补充：%(publisher)s") % publisher
    return _("引用：%(publisher)s") % publisher


def reference_warning(item: Any) -> str:
    """Return a sentence when the superior's page did not open at the last check."""
    if not item.reference_id:
        return ""
    if item.reference.link_status == LinkStatus.GONE:
        return _("原文已撤下")
    if item.reference.link_status == LinkStatus.BROKEN:
        return _("原文暂时打不开")
    return ""
