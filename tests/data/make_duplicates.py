"""Makes pairs of a draft and a superior's text that are the same text, or are not.

``make_pairs(seed, count, forms)`` returns ``count`` of either; the same seed, the same
pairs. Drafts are given as a clerk pastes them, the superior's texts as HTML. Every pair
has a superior's text of its own, so that all may stand in one database.
"""

import random
from dataclasses import dataclass
from html import escape

import opencc

from tests.data import notices

LAYOUT, WORDS, LETTERS, CUT, ADDED = "layout", "words", "letters", "cut", "added"
COVER, MOVED, SIGNED, MIXED = "cover", "moved", "signed", "mixed"
POSITIVES = (LAYOUT, WORDS, LETTERS, CUT, ADDED, COVER, MOVED, SIGNED, MIXED, COVER)
NEGATIVES = (
    *("year", "year_only", "village", "month", "matter", "people", "fillers"),
    *("cover_of_other_year", "quotation", "figures"),
)
FULL_WIDTH = str.maketrans("0123456789,:()", "０１２３４５６７８９，：（）")


@dataclass(frozen=True)
class Pair:
    """A draft and a superior's text; ``same`` whether they are one text."""

    kind: str
    same: bool
    draft_title: str
    draft: str
    title: str
    html: str
    publisher: str


def make_pairs(seed, count=400, forms=None):
    """Return ``count`` pairs that are the same text and as many that are not."""
    maker = Maker(seed, forms or notices.FORMS)
    same = [maker.same(POSITIVES[i % len(POSITIVES)]) for i in range(count)]
    other = [maker.other(NEGATIVES[i % len(NEGATIVES)]) for i in range(count)]
    return same + other


class Maker:
    """Fills in forms and rewrites them, from one source of chance."""

    def __init__(self, seed, forms):
        self.random = random.Random(seed)
        self.forms = forms
        self.traditional = opencc.OpenCC("s2t").convert

    def facts(self):
        r = self.random
        month = r.randint(1, 9)
        person, person2 = r.sample(notices.PEOPLE, 2)
        return {
            "year": r.randint(2015, 2026),
            "season": r.choice(notices.SEASONS),
            "month": month,
            "day": r.randint(1, 14),
            "month2": r.randint(month + 1, 12),
            "day2": r.randint(15, 28),
            "village": r.choice(notices.VILLAGES),
            "matter": r.choice(notices.MATTERS),
            "person": person,
            "person2": person2,
            "phone": f"0577-{r.randint(60000000, 69999999)}",
            "n1": r.randint(11, 400),
            "n2": r.randint(401, 1500),
            "n3": r.randint(3, 6),
            "n4": r.randint(1, 2),
            "n5": r.randint(1600, 90000),
            "money1": r.randint(20, 60) * 1000 + 500,
            "money2": r.randint(2, 19) * 1000,
            "money3": r.randint(100, 480) + 20,
            "money4": r.randint(500, 990),
            "money5": r.randint(100000, 990000),
            "money6": r.randint(100000, 990000),
            "money7": r.randint(100000, 990000),
        }

    def filled(self, form, facts, fillers):
        title, paragraphs = form
        lines = [*paragraphs]
        for place, filler in fillers:
            lines.insert(min(place, len(lines) - 1), filler)
        return title.format(**facts), [line.format(**facts) for line in lines]

    def fillers(self):
        chosen = self.random.sample(notices.FILLERS, self.random.randint(0, 3))
        return [(self.random.randint(2, 6), filler) for filler in chosen]

    def signature(self, name, facts, day=None):
        return [name, f"{facts['year']}年{facts['month']}月{day or facts['day']}日"]

    def same(self, kind):
        """A draft that is the superior's text, rewritten in one way."""
        r = self.random
        facts, form = self.facts(), r.choice(self.forms)
        title, lines = self.filled(form, facts, self.fillers())
        publisher = r.choice(notices.SUPERIORS)
        signed = [*lines, *self.signature(publisher, facts)]
        draft_title, draft = title, signed
        if kind == COVER:
            draft_title, draft = self.covered(title, signed, publisher, facts)
        elif kind == SIGNED:
            draft = [
                *lines,
                *self.signature("云溪镇人民政府", facts, r.randint(15, 28)),
            ]
        else:
            draft = self.rewritten(kind, signed)
        if r.random() < 0.3 and kind != COVER:
            draft_title = r.choice(
                [
                    f"云溪镇人民政府{title}",
                    f"【转载】{title}",
                    title.replace("做好", "切实做好"),
                ]
            )
        text = "\n".join(draft)
        if kind in (LAYOUT, MIXED):
            text = self.laid_out(text)
        return Pair(kind, True, draft_title, text, title, html_of(r, signed), publisher)

    def rewritten(self, kind, lines):
        share = self.random.uniform(0.01, 0.15)
        if kind == WORDS:
            return self.reworded(lines, share)
        if kind == LETTERS:
            return self.mistyped(lines, share)
        if kind == CUT:
            return self.cut(lines)
        if kind == ADDED:
            return self.added(lines)
        if kind == MOVED:
            inner = lines[1:-3]
            self.random.shuffle(inner)
            return [lines[0], *inner, *lines[-3:]]
        if kind == MIXED:
            return self.added(self.reworded(self.cut(lines), share / 2))
        return lines

    def reworded(self, lines, share):
        """Change words, leave some out, put some in: up to a share of the letters.

        Figures stay: who changes a figure says something else.
        """
        text = "\n".join(lines)
        budget = share * len(text)
        pool = [pair for pair in notices.SYNONYMS if pair[0] in text]
        self.random.shuffle(pool)
        while budget > 0:
            if pool and self.random.random() < 0.5:
                old, new = pool.pop()
                places = text.count(old)
                if places * max(len(old), len(new)) > budget:
                    text = text.replace(old, new, 1)
                    budget -= max(len(old), len(new))
                else:
                    text = text.replace(old, new)
                    budget -= places * max(len(old), len(new))
                continue
            size = self.random.randint(2, 5)
            start = self.random.randrange(len(text) - size)
            piece = text[start : start + size]
            if not is_plain(piece):
                continue
            new = self.random.choice(["", "", "有关", "进一步地", "相应的", "认真"])
            text = text[:start] + new + text[start + size :]
            budget -= max(size, len(new))
        return text.split("\n")

    def mistyped(self, lines, share):
        """Replace single letters, as a bad scan would; figures stay."""
        text = list("\n".join(lines))
        plain = [i for i, char in enumerate(text) if is_plain(char)]
        wrong = self.random.sample(plain, min(len(plain), int(share * len(text))))
        for i in wrong:
            text[i] = chr(self.random.randint(0x4E00, 0x8FFF))
            if not is_plain(text[i]):
                text[i] = "口"
        return "".join(text).split("\n")

    def cut(self, lines):
        inner = list(range(1, len(lines) - 2))
        count = max(1, int(len(inner) * self.random.uniform(0.15, 0.5)))
        gone = set(self.random.sample(inner, count))
        return [line for i, line in enumerate(lines) if i not in gone]

    def added(self, lines):
        more = self.random.sample(notices.FILLERS, self.random.randint(1, 3))
        place = self.random.randint(1, len(lines) - 2)
        return [*lines[:place], *more, *lines[place:]]

    def covered(self, title, signed, publisher, facts):
        """The superior's text after a notice of our own that forwards it."""
        r = self.random
        number = f"〔{facts['year']}〕{r.randint(1, 200)}号"
        cover = [
            "各村民委员会，镇直有关单位：",
            f"现将《{publisher}{title}》（宁{number}）转发给你们，请认真贯彻执行。",
            *r.sample(notices.FILLERS, r.randint(0, 3)),
            *(
                ["一、请各村于本月底前将贯彻落实情况报镇党政综合办公室。"]
                * r.randint(0, 1)
            ),
            *self.signature("云溪镇人民政府", facts, r.randint(15, 28)),
            "附件",
        ]
        return f"云溪镇人民政府关于转发《{title}》的通知", [*cover, title, *signed]

    def laid_out(self, text):
        """Full width, traditional script, other breaks, spaces between the letters."""
        r = self.random
        if r.random() < 0.5:
            text = text.translate(FULL_WIDTH)
        if r.random() < 0.4:
            text = self.traditional(text)
        if r.random() < 0.5:
            text = text.replace("\n", " 　")
        if r.random() < 0.3:
            text = "".join(f"{c}\n" if c in "，。；" else c for c in text)
        return text.replace("：", ": ") if r.random() < 0.3 else text

    def other(self, kind):
        """A draft after the same form, or with the same phrases, that is another."""
        r = self.random
        facts = self.facts()
        form = r.choice([f for f in self.forms if fits(kind, f)])
        fillers = self.fillers()
        publisher = r.choice(notices.SUPERIORS)
        title, lines = self.filled(form, facts, fillers)
        signed = [*lines, *self.signature(publisher, facts)]
        changed = facts | self.changes(kind, facts)
        if kind == "fillers":
            form = r.choice([f for f in self.forms if f is not form])
        draft_title, own = self.filled(form, changed, fillers)
        draft = [
            *own,
            *self.signature(r.choice(["云溪镇人民政府", publisher]), changed),
        ]
        if kind == "cover_of_other_year":
            draft_title, draft = self.covered(draft_title, draft, publisher, changed)
        if kind == "quotation":
            draft_title, draft = self.quoting(lines, changed)
        if kind in ("year", "figures") and r.random() < 0.5:  # the title tells nothing
            title, draft_title = (
                t.replace(f"{f['year']}年", "")
                for t, f in ((title, facts), (draft_title, changed))
            )
        if r.random() < 0.2:
            draft = self.reworded(draft, 0.03)
        in_text = "{village}" in "".join(form[1])
        if kind == "village" and in_text and r.random() < 0.5:
            title, draft_title = (
                t.replace(f["village"], "")
                for t, f in ((title, facts), (draft_title, changed))
            )
        html = html_of(r, signed)
        text = "\n".join(draft)
        return Pair(kind, False, draft_title, text, title, html, publisher)

    def changes(self, kind, facts):
        """Return the facts that another thing of the same form has."""
        r = self.random
        new = self.facts()
        later = facts["year"] + r.choice([-2, -1, 1, 2])
        village = r.choice([v for v in notices.VILLAGES if v != facts["village"]])
        matter = r.choice([m for m in notices.MATTERS if m != facts["matter"]])
        amounts = {k: new[k] for k in new if k.startswith(("n", "money"))}
        if kind in ("year", "cover_of_other_year"):
            kept = {k: v for k, v in amounts.items() if r.random() < 0.5}
            return kept | {"year": later, "day": new["day"], "day2": new["day2"]}
        if kind == "year_only":
            return {"year": later}
        if kind == "village":
            return {"village": village} | (amounts if r.random() < 0.5 else {})
        if kind == "month":
            month = r.choice([m for m in range(1, 10) if m != facts["month"]])
            return {"month": month, "month2": min(month + 2, 12), "day": new["day"]}
        if kind == "matter":
            return amounts | {"matter": matter, "phone": facts["phone"]}
        if kind == "people":
            people = r.sample(sorted(set(notices.PEOPLE) - {facts["person"]}), 2)
            return {"person": people[0], "person2": people[1], **amounts}
        if kind == "figures":
            return amounts
        return new

    def quoting(self, lines, facts):
        """A text of our own that repeats one paragraph of the superior's."""
        form = self.random.choice(self.forms)
        title, own = self.filled(form, facts, self.fillers())
        middle = len(own) // 2
        quoted = min((line for line in lines[1:-1] if len(line) > 30), key=len)
        return title, [*own[:middle], quoted, *own[middle:]]


def fits(kind, form):
    """Whether a form can be another thing in this way."""
    text = "".join([form[0], *form[1]])
    wanted = {"village": "{village}", "matter": "{matter}", "people": "{person2}"}
    if kind == "figures":
        return text.count("{n") + text.count("{money") > 1
    if kind == "month":
        return "{month}月" in form[0]
    return wanted.get(kind, "") in text


def is_plain(piece):
    """Whether there is no figure, mark or name of a place or year in it."""
    return all("一" <= c <= "鿿" and c not in HELD for c in piece)


HELD = set("零〇一二三四五六七八九十百千万亿两年月日号村社区") | set(
    "".join([*notices.VILLAGES, *notices.PEOPLE, *notices.MATTERS])
)


def html_of(r, lines):
    """The text as some site marks it up."""
    tag = r.choice(["p", "div", "p"])
    style = r.choice(["", ' style="text-indent:2em"', ' class="MsoNormal"'])
    inner = [f"<{tag}{style}>{escape(line)}</{tag}>" for line in lines]
    return "<div><script>var a=1;</script>" + "".join(inner) + "</div>"
