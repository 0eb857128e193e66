"""How serious each check is, unless the office chose otherwise (`checks.chosen`)."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BLOCK = "block"
WARN = "warn"
OFF = "off"
LEVELS = {BLOCK: _("必须改"), WARN: _("提醒"), OFF: _("不检查")}


@dataclass(frozen=True)
class Check:
    """What is looked for, in words, and how serious it usually is."""

    label: Promise
    usual: str
    may_be_off: bool = True


CHECKS = {
    "personal_data": Check(_("身份证号、手机号、银行卡号"), BLOCK, may_be_off=False),
    "contact_phone": Check(_("对外联系用的手机号"), WARN),
    "title_blank": Check(_("标题是空的"), BLOCK),
    "title_length": Check(_("标题太长"), WARN),
    "title_spaces": Check(_("标题里有多余的空格"), WARN),
    "hidden_characters": Check(_("标题里有看不见的字符"), BLOCK),
    "document_number": Check(_("文号没有填或写法不规范"), WARN),
    "date_made": Check(_("没有成文日期"), WARN),
    "repeal": Check(_("失效、废止没有写清楚"), WARN),
    "text_missing": Check(_("正文或必填的一栏空着"), BLOCK),
    "guide_part": Check(_("公开指南缺法定内容"), BLOCK),
    "point_part": Check(_("查阅点填写有误"), BLOCK),
    "point_incomplete": Check(_("查阅点的条件没有齐"), WARN),
    "image_description": Check(_("图片没有说明"), BLOCK),
    "table_header": Check(_("表格缺表头"), WARN),
    "dead_link": Check(_("链接打不开"), BLOCK),
    "wording": Check(_("用词表里的写法"), WARN),
    "attachment_text": Check(_("附件读不出文字"), WARN),
    "attachment_waiting": Check(_("附件还没有读完"), WARN),
    "macros": Check(_("附件里有宏"), BLOCK),
    "program": Check(_("附件里有程序"), BLOCK),
    "tracked_changes": Check(_("附件里有修订痕迹"), BLOCK),
    "comments": Check(_("附件里有批注"), BLOCK),
    "embedded": Check(_("附件里嵌着别的文件"), WARN),
    "hidden_sheets": Check(_("附件里有隐藏的工作表"), WARN),
    "truncated": Check(_("附件太大，只读了前面一部分"), WARN),
}


def usual_level(code: str) -> str:
    """Return "block" or "warn": how serious a check is when nobody chose."""
    return CHECKS[code].usual if code in CHECKS else WARN
