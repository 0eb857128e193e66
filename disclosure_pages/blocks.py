from django.utils.translation import gettext_lazy as _
from wagtail.blocks import (
    CharBlock,
    ChoiceBlock,
    RichTextBlock,
    StreamBlock,
    StructBlock,
)
from wagtail.contrib.typed_table_block.blocks import TypedTableBlock

RICH_TEXT = ["h2", "h3", "bold", "italic", "ol", "ul", "link", "document-link", "hr"]


class NoticeBlock(StructBlock):
    """A box that stands out: what to do, until when, whom to ask."""

    kind = ChoiceBlock(
        choices=[("info", _("提示")), ("warn", _("注意"))],
        default="info",
        label=_("种类"),
    )
    heading = CharBlock(max_length=60, label=_("标题"))
    text = RichTextBlock(features=["bold", "link"], label=_("内容"))

    class Meta:
        icon = "warning"
        label = _("提示框")
        template = "disclosure_pages/blocks/notice.html"


class DisclosureBody(StreamBlock):
    """The text of an item or guide (正文)."""

    paragraph = RichTextBlock(features=RICH_TEXT, label=_("文字"), icon="pilcrow")
    table = TypedTableBlock(
        [
            ("text", CharBlock(required=False, label=_("文字"))),
            ("number", CharBlock(required=False, label=_("数字"))),
        ],
        label=_("表格"),
        template="disclosure_pages/blocks/table.html",
    )
    notice = NoticeBlock()
