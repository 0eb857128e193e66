"""What the guide must say before it may be public (Regulation, art. 12)."""

from typing import Any

from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from cms.models import Authority


def missing_parts(page: Any, authority: Authority) -> list[tuple[str, str]]:
    """Return (field, sentence) of each part that is still empty; no field: register.

    The office's name falls back on the authority's, so it needs no sentence of its own.
    """
    missing = [(name, text) for name, text in _texts().items() if _empty(page, name)]
    if not page.steps:
        missing.append(
            ("steps", _("依申请公开的步骤还没有写。请至少写一步，并选上找哪个科室。"))
        )
    return missing + [
        ("", sentence)
        for name, sentence in _contacts().items()
        if not getattr(authority, name).strip()
    ]


def _empty(page: Any, name: str) -> bool:
    return not strip_tags(getattr(page, name)).replace("&nbsp;", " ").strip()


def _texts() -> dict[str, str]:
    return {
        "classification": _(
            "信息分类和编排体系还空着。条例第十二条要求写明信息分几类、目录怎样编。"
        ),
        "ways_to_obtain": _(
            "获取方式还空着。条例第十二条要求写明到哪里看、怎样查、怎样拿到。"
        ),
        "remedies": _("监督和救济还空着。请写明不满意时向谁投诉、怎样复议。"),
    }


def _contacts() -> dict[str, str]:
    where = _("请信息管理员在“公开机关”里填上，指南会自动显示。")
    return {
        name: sentence + where
        for name, sentence in {
            "name": _("还没有填机关名称。"),
            "address": _("还没有填办公地址。"),
            "office_hours": _("还没有填办公时间。"),
            "phone": _("还没有填咨询电话。"),
            "fax": _("还没有填传真号码；没有传真的，请填“无”。"),
            "email": _("还没有填电子邮箱（互联网联系方式）。"),
        }.items()
    }
