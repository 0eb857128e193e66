"""By what a title, a 文号 or an address is the same, however it is written.

``marks_of`` gives the keys by which superiors' items are kept (`SuperiorMark`), so that
a look-up reads the few rows that share one, however many there are. Whoever changes a
key here also has to write the marks anew, by a migration.
"""

import re
import unicodedata
from collections import Counter
from urllib.parse import urlsplit
from zlib import crc32

from disclosure_pages.likeness.marks import hashes

NEAR = 0.9
HEADER = re.compile(r"^.{2,30}?(?:政府|办公室|委员会|[局厅部院所])关于")
FIGURES = re.compile(r"[0-9一二三四五六七八九十百千万〇零两]+")
NUMBER_PARTS = re.compile(r"^(.*?)[〔\[(【]?(\d{4})[〕\])】]?第?0*(\d+)号?$")
# Pairs that most titles have tell none apart: they are kept only for want of others.
STOCK_PHRASES = (
    *(
        "关于做好",
        "关于开展",
        "关于印发",
        "关于公布",
        "关于加强",
        "关于下达",
        "关于调整",
    ),
    *(
        "关于进一步加强",
        "关于组织",
        "关于认真做好",
        "关于切实做好",
        "关于转发",
        "关于召开",
    ),
    *(
        "工作的通知",
        "有关事项的通知",
        "有关工作的通知",
        "实施方案的通知",
        "专项行动的通知",
    ),
    *("的公告", "的公示", "的通报", "的意见", "的批复", "的通告", "的函", "名单的公示"),
    *("实施意见", "管理办法", "实施细则", "资金的通知", "若干措施", "情况的通报"),
    *(
        "全镇",
        "全县",
        "全市",
        "全省",
        "农村",
        "年度",
        "进一步推进",
        "贯彻落实",
        "活动方案",
    ),
)
STOCK = frozenset(
    phrase[i : i + 2] for phrase in STOCK_PHRASES for i in range(len(phrase) - 1)
)


class _Letters(dict[int, str]):
    """What each character is in a key: folded letters and figures, else nothing."""

    def __missing__(self, code: int) -> str:
        folded = chr(code).casefold()
        kept = "".join(c for c in folded if unicodedata.category(c)[0] in "LN")
        return self.setdefault(code, kept)


_LETTERS = _Letters()


def title_key(title: str) -> str:
    """Return the title without marks, spaces and the issuing authority in front."""
    text = unicodedata.normalize("NFKC", title or "").translate(_LETTERS)
    return HEADER.sub("关于", text)


def number_key(number: str) -> str:
    """Return the 文号 in one writing: ``云政[2026] 031 号`` → ``云政|2026|31``."""
    text = unicodedata.normalize("NFKC", number or "")
    text = "".join(c for c in text if not c.isspace() and c.isprintable())
    parts = NUMBER_PARTS.match(text)
    return "|".join(parts.groups()) if parts else text


def address_key(url: str) -> str:
    """Return the address without scheme, ``www.``, fragment and last slash."""
    try:
        parts = urlsplit((url or "").strip())
    except ValueError:
        return ""
    host = parts.netloc.lower().removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{parts.path.rstrip('/')}{query}" if host else ""


def bigrams(text: str) -> Counter[str]:
    """Return the pairs of neighbouring characters, counted."""
    return Counter(text[i : i + 2] for i in range(len(text) - 1))


def overlap(one: Counter[str], other: Counter[str]) -> float:
    """Return twice the shared pairs ÷ all pairs (Dice): 0 … 1."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def figures_of(key: str) -> tuple[str, ...]:
    """Return the figures in a `title_key`; titles that are near have the same."""
    return tuple(FIGURES.findall(key))


def marks_of(title: str, number: str, address: str) -> set[int]:
    """Return 64-bit marks; two things that may be the same share at least one."""
    key = title_key(title)
    exact = {
        "number": number_key(number),
        "address": address_key(address),
        "title": key,
    }
    pieces = [f"{kind}:{text}" for kind, text in exact.items() if text]
    figures = " ".join(figures_of(key))
    pieces += [f"near:{figures}:{pair}" for pair in telling_pairs(key)]
    return hashes(pieces)


def telling_pairs(key: str) -> list[str]:
    """Return so many pairs of a title that every near one has one of them, too.

    Two titles of n and m pairs are near when they share at least 9/20 (n + m), of which
    m is at least 9/11 n. Both put their pairs in one order: if none of the first
    n - shared + 1 here were among the first there, fewer would be shared.
    """
    counted = bigrams(key)
    pairs = [
        (pair, number) for pair, count in counted.items() for number in range(count)
    ]
    least_other = -(-9 * len(pairs) // 11)
    shared = -(-9 * (len(pairs) + least_other) // 20)
    pairs.sort(key=lambda each: (_is_stock(each[0]), crc32(each[0].encode()), each))
    return [f"{pair}{number}" for pair, number in pairs[: len(pairs) - shared + 1]]


def _is_stock(pair: str) -> bool:
    return pair in STOCK or bool(FIGURES.search(pair))
