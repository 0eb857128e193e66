"""What the wizard fills in by itself, each with the reason it shows to the clerk."""

import re
from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _

from disclosure_pages.choices import Category, TermScheme
from disclosure_pages.models import DisclosureItemPage, OfficeIndexPage, Term

RECENT = 30
SHARE = 0.6
KEYWORDS: dict[str, tuple[str, ...]] = {
    Category.FINANCE: (
        *("预算", "决算", "收费", "采购", "专项资金", "财政", "审计", "三公", "债务"),
        *("资金使用", "补贴资金", "收支"),
    ),
    Category.ENFORCEMENT: (
        *("行政处罚", "行政许可", "行政强制", "执法", "监督检查", "双随机", "处罚决定"),
    ),
    Category.PERSONNEL: (
        *("招聘", "招录", "任免", "任职", "录用", "考录", "事业单位人员", "拟录取"),
    ),
    Category.INSTITUTION: (
        *("机构职能", "领导分工", "内设机构", "办公地址", "联系方式", "领导班子"),
    ),
    Category.DECISION: (
        *("规划", "预案", "管理办法", "实施办法", "暂行办法", "规定", "工作要点"),
        *("实施意见", "征求意见", "重大决策", "规范性文件", "实施方案"),
    ),
    Category.WORK: (
        *("低保", "救助", "征地", "补偿", "安置", "宅基地", "补贴", "公示", "项目"),
        *("工程", "医疗", "教育", "养老", "残疾", "危房", "防汛", "饮水", "补助"),
    ),
}
TAIL = re.compile(r"[（(][^（）()]*[）)]\s*$")


@dataclass(frozen=True)
class Proposal:
    """A value with the sentence that says where it comes from."""

    value: str = ""
    why: str = ""


def propose_category(title: str, parent: OfficeIndexPage) -> Proposal:
    """Return the category by a word of the title, else by the office's own habit."""
    hits = {
        category: [word for word in words if word in title]
        for category, words in KEYWORDS.items()
    }
    best = max(hits, key=lambda category: sum(map(len, hits[category])))
    if hits[best]:
        label = str(Category(best).label)
        return Proposal(
            best,
            _("标题里有“%(word)s”，这样的信息一般归“%(category)s”。")
            % {"word": hits[best][0], "category": label},
        )
    recent = DisclosureItemPage.objects.child_of(parent).live().order_by("-pk")
    counts = Counter(recent.values_list("category", flat=True)[:RECENT])
    if counts:
        category, count = counts.most_common(1)[0]
        if count / counts.total() >= SHARE:
            label = str(Category(category).label)
            return Proposal(
                category,
                _("本科室最近公开的多数归“%(category)s”。") % {"category": label},
            )
    return Proposal()


def propose_genre(title: str) -> Term | None:
    """Return the genre (体裁) that the title's last word names: 通知, 意见, 公告 …"""
    title = TAIL.sub("", title.strip()).rstrip("》。. ")
    terms = Term.objects.filter(scheme=TermScheme.GENRE, enabled=True)
    fitting = [term for term in terms if title.endswith(term.label)]
    return max(fitting, key=lambda term: len(term.label), default=None)
