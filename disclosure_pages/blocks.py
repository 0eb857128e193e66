from django.utils.translation import gettext_lazy as _
from wagtail.blocks import (
    CharBlock,
    ChoiceBlock,
    RichTextBlock,
    StaticBlock,
    StreamBlock,
    StructBlock,
)
from wagtail.contrib.typed_table_block.blocks import TypedTableBlock
from wagtail.images.blocks import ImageChooserBlock
from wagtail.snippets.blocks import SnippetChooserBlock

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


class PictureBlock(StructBlock):
    """A picture with the words that stand for it when it cannot be seen."""

    image = ImageChooserBlock(label=_("图片"))
    alt = CharBlock(
        max_length=120,
        label=_("图片里是什么"),
        help_text=_("看不见图片的人会听到这句话。"),
    )
    caption = CharBlock(required=False, max_length=120, label=_("图注"))

    class Meta:
        icon = "image"
        label = _("图片")
        template = "disclosure_pages/blocks/picture.html"


class FilesBlock(StaticBlock):
    """The place in the text where the item's attachments are listed."""

    class Meta:
        icon = "doc-full"
        label = _("附件清单")
        admin_text = _("这里列出本页的全部附件。附件在下面的“附件”里添加。")
        template = "disclosure_pages/blocks/files.html"


class ContactBlock(StructBlock):
    """Whom to ask: an office, whose phone and address come from the register."""

    office = SnippetChooserBlock("gongkai_cms.Office", label=_("科室"))
    person = CharBlock(required=False, max_length=20, label=_("联系人"))
    note = CharBlock(required=False, max_length=120, label=_("说明"))

    class Meta:
        icon = "user"
        label = _("联系方式")
        template = "disclosure_pages/blocks/contact.html"


class GuideStepBlock(StructBlock):
    """One step of the way through a request, with the office that helps."""

    heading = CharBlock(max_length=60, label=_("这一步做什么"))
    text = RichTextBlock(features=RICH_TEXT, label=_("怎样做"))
    office = SnippetChooserBlock("gongkai_cms.Office", required=False, label=_("找谁"))

    class Meta:
        icon = "list-ol"
        label = _("步骤")


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
    image = PictureBlock()
    files = FilesBlock()
    contact = ContactBlock()
    notice = NoticeBlock()
