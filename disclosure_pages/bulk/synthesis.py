"""Synthetic items (模拟信息) for load: varied titles, real lengths, the same per seed.

Offices follow Zipf's law, body lengths a log-normal distribution; nothing depends on
the clock or on the database.
"""

import datetime as dt
import itertools
import json
import math
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "data"
FIRST_DAY = dt.date(2019, 5, 15)
LAST_DAY = dt.date(2026, 11, 20)
MEDIAN_LENGTH = 420
LENGTH_SIGMA = 0.75
LONGEST = 8_000
TABLE_SHARE = 0.3
SLOT = re.compile(r"\{(\w+)\}")
VILLAGE_FIRST = "上下东西南北前后新老大小清青白黄双三九龙凤云月石竹松梅桃杨樟枫茶花水金"
VILLAGE_SECOND = "溪塘坑岙岭坪垟湾浦桥埠源洲垄坞山田洋渡畈"


def synthetic_items(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield ``count`` import rows (jsonl keys); the first n are the same for any N."""
    maker = _Maker(random.Random(seed))  # noqa: S311
    for number in range(1, count + 1):
        yield maker.item(f"gen-{seed}-{number:06d}")


class _Maker:
    """Draws one item after another from the kinds of documents."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        data = json.loads((DATA / "synthesis.json").read_text(encoding="utf-8"))
        offices = json.loads((DATA / "demo" / "offices.json").read_text("utf-8"))
        self.names = {office["code"]: office["name"] for office in offices}
        self.common: list[str] = data["common"]
        self.words: dict[str, list[str]] = data["words"]
        self.villages = [f"{a}{b}村" for a in VILLAGE_FIRST for b in VILLAGE_SECOND]
        by_office: dict[str, list[dict[str, Any]]] = {}
        for kind in data["kinds"]:
            by_office.setdefault(kind["office"], []).append(kind)
        self.kinds = by_office
        self.offices = list(by_office)
        weights = (1 / rank for rank in range(1, len(self.offices) + 1))
        self.weights = list(itertools.accumulate(weights))

    def item(self, external_id: str) -> dict[str, Any]:
        rng = self.rng
        office = rng.choices(self.offices, cum_weights=self.weights)[0]
        kind = rng.choice(self.kinds[office])
        made = FIRST_DAY + dt.timedelta(days=rng.randrange((LAST_DAY - FIRST_DAY).days))
        published = min(LAST_DAY, made + dt.timedelta(days=rng.randrange(20)))
        slots = self._slots(made, office)
        number = ""
        if kind["number"]:
            number = f"云政{kind['number']}〔{made.year}〕{rng.randrange(1, 400)}号"
        return {
            "title": self._fill(rng.choice(kind["titles"]), slots),
            "category": kind["category"],
            "document_number": number,
            "date_made": made.isoformat(),
            "date_published": published.isoformat(),
            "validity": rng.choices(
                ["valid", "amended", "expired", "repealed"], [88, 3, 6, 3]
            )[0],
            "disclosure_mode": "proactive",
            "summary": self._fill(kind["summary"], slots),
            "keywords": kind["keywords"],
            "body": self._body(kind, slots, made),
            "external_id": external_id,
            "office": office,
        }

    def _slots(self, made: dt.date, office: str) -> dict[str, str]:
        rng = self.rng
        slots = {word: rng.choice(options) for word, options in self.words.items()}
        slots |= {
            "village": rng.choice(self.villages),
            "office": self.names[office],
            "year": str(made.year),
            "month": str(made.month),
            "quarter": "一二三四"[(made.month - 1) // 3],
        }
        return slots | self._figures()

    def _figures(self) -> dict[str, str]:
        rng = self.rng
        return {
            "few": str(rng.randrange(2, 9)),
            "few2": str(rng.randrange(1, 6)),
            "some": str(rng.randrange(10, 60)),
            "many": str(rng.randrange(60, 900)),
            "batch": str(rng.randrange(1, 60)),
            "small": str(rng.randrange(1_000, 60_000)),
            "money": str(rng.randrange(60_000, 2_000_000)),
            "fine": str(rng.randrange(2, 60) * 100),
            "area": str(rng.randrange(110, 900)),
            "mu": f"{rng.uniform(2, 400):.1f}",
            "mu2": f"{rng.uniform(0.5, 2):.1f}",
            "wan": f"{rng.uniform(5, 900):.1f}",
            "percent": f"{rng.uniform(20, 100):.1f}",
            "phone": f"{rng.randrange(1200, 1300)}",
        }

    def _fill(self, text: str, slots: dict[str, str]) -> str:
        return SLOT.sub(lambda slot: slots[slot[1]], text)

    def _body(self, kind: dict[str, Any], slots: dict[str, str], made: dt.date) -> str:
        """Return paragraphs up to a drawn length, some with a table among them."""
        rng = self.rng
        drawn = rng.lognormvariate(math.log(MEDIAN_LENGTH), LENGTH_SIGMA)
        wanted = min(LONGEST, max(120, int(drawn)))
        paragraphs = [self._fill(kind["paragraphs"][0], slots)]
        length = len(paragraphs[0])
        while length < wanted:
            pool = kind["paragraphs"] if rng.random() < 0.6 else self.common
            others = slots | self._figures() | {"village": rng.choice(self.villages)}
            text = self._fill(rng.choice(pool), others)
            # A sentence without figures comes once, unless a long text needs more.
            if text not in paragraphs or rng.random() < 0.1:
                paragraphs.append(text)
                length += len(text)
        signed = f"{made.year}年{made.month}月{made.day}日"
        paragraphs += ["云溪镇人民政府", signed]
        if "table" not in kind or rng.random() > TABLE_SHARE:
            return "\n".join(paragraphs)
        html = [f"<p>{text}</p>" for text in paragraphs]
        html.insert(1, self._table(kind["table"]))
        return "".join(html)

    def _table(self, headings: list[str]) -> str:
        rng = self.rng
        head = "".join(f"<th>{text}</th>" for text in headings)
        rows = "".join(
            f"<tr><td>第{group}组</td>"
            + "".join(f"<td>{rng.randrange(1, 5000)}</td>" for _heading in headings[1:])
            + "</tr>"
            for group in range(1, rng.randrange(3, 12))
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
