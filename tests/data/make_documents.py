"""Makes varied official documents (docx, pdf) whose title, number and date are known.

``make_documents(seed, count)`` returns them in memory; the same seed, the same texts.
The layouts are those that townships produce: by the standard (GB/T 9704), by habit
(centred with spaces, everything in one style), and copies from websites.
"""

import datetime as dt
import io
import random
from dataclasses import dataclass, field
from html import escape

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Pt, RGBColor
from weasyprint import HTML

ORGANS = [
    ("云溪镇人民政府", "云政"),
    ("云溪镇人民政府办公室", "云政办"),
    ("中共云溪镇委员会", "云委"),
    ("乐清市人民政府办公室", "乐政办发"),
    ("瑞安市民政局", "瑞民"),
    ("云溪镇防汛抗旱指挥部", "云防指"),
    ("云溪镇安全生产委员会办公室", "云安委办"),
    ("温州市财政局", "温财"),
    ("云溪镇便民服务中心", "云便"),
    ("云溪镇综合行政执法队", "云执"),
]
SUBJECTS = [
    *("做好2026年冬春火灾防控工作", "加强农村宅基地审批管理"),
    *(
        "开展殡葬领域专项整治",
        "调整镇政务公开领导小组成员",
        "下达2026年村级公益事业补助资金",
    ),
    *(
        "召开全镇农业农村工作会议",
        "组织申报高标准农田建设项目",
        "公布行政规范性文件清理结果",
    ),
    *("进一步规范村级小微工程招投标管理", "开展第三次全国土壤普查样品采集"),
    *("做好第8号台风“海葵”防御工作", "推进“一户一码”垃圾分类"),
    *("同意云溪镇污水处理站扩建工程立项", "落实《浙江省乡镇（街道）条例》有关要求"),
    *("做好城乡居民基本医疗保险参保缴费工作",),
]
ADDRESSEES = [
    "各村（居）民委员会，镇属各单位：",
    "各村、镇机关各科室：",
    "乐清市民政局：",
    "各乡镇人民政府、街道办事处，市政府直属各单位：",
]
SENTENCES = [
    "根据上级有关要求，结合我镇实际，现就有关事项通知如下。",
    "根据《中华人民共和国政府信息公开条例》和国办发〔2019〕54号文件精神，制定本意见。",
    "一、提高认识。各村各单位要充分认识这项工作的重要性，明确分管领导和责任人，抓好落实。",
    "二、明确时限。请于2026年10月15日前将汇总表报镇党政综合办公室，逾期不再受理。",
    "三、强化督查。镇纪委将于2026年11月1日至11月20日开展专项检查，结果全镇通报。",
    "经2026年8月3日镇长办公会议研究同意，原云政办〔2021〕17号文件同时废止。",
    "（一）资金来源为2025年度结转资金126.5万元，其中市级补助80万元。",
    "本通知自2026年12月1日起施行，有效期至2031年11月30日。",
    "联系人：党政综合办公室，电话：0577-61234567。",
]


@dataclass
class Piece:
    """One paragraph or table; ``how`` is left, center, right or indent."""

    text: str = ""
    how: str = "indent"
    size: float = 16
    red: bool = False
    bold: bool = False
    rows: list[list[str]] = field(default_factory=list)
    page_break: bool = False


@dataclass
class Made:
    """A document and what is true of it."""

    name: str
    data: bytes
    layout: str
    title: str
    document_number: str
    date_made: dt.date | None


class Maker:
    """Composes documents from one source of chance."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.pieces: list[Piece] = []
        self.title = self.number = ""
        self.date: dt.date | None = None

    def add(self, text="", how="indent", **values):
        self.pieces.append(Piece(text, how, **values))

    def start(self, genre="通知", organ=None):
        chance = self.random
        self.pieces = []
        self.organ, self.code = organ or chance.choice(ORGANS)
        self.date = dt.date(2026, 1, 5) + dt.timedelta(days=chance.randrange(320))
        self.number = f"{self.code}〔{self.date.year}〕{chance.randint(1, 199)}号"
        self.subject = chance.choice(SUBJECTS)
        prefix = self.organ if chance.random() < 0.45 else ""
        self.title = f"{prefix}关于{self.subject}的{genre}"

    def number_as_typed(self):
        strict = self.number
        return self.random.choice(
            [
                *(
                    strict,
                    strict,
                    strict,
                    strict.replace("〔", "（").replace("〕", "）"),
                ),
                *(strict.replace("〔", "[").replace("〕", "]"),),
                *(strict.replace("〔", "【").replace("〕", "】"),),
                strict.replace("〔", "(").replace("〕", ") 第 "),
                strict.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
            ]
        )

    def date_as_typed(self):
        day = self.date
        digits = dict(zip("0123456789", "〇一二三四五六七八九", strict=True))
        year = "".join(digits[char] for char in str(day.year))
        forms = [
            *[f"{day.year}年{day.month}月{day.day}日"] * 4,
            f"{year}年{han(day.month)}月{han(day.day)}日",
            f"{year.replace('〇', '○')}年{han(day.month)}月{han(day.day)}日",
            f"{day.year} 年 {day.month} 月 {day.day} 日",
            day.isoformat(),
            f"{day.year}.{day.month}.{day.day}",
        ]
        return self.random.choice(forms)

    def red_head(self, how="center"):
        if self.random.random() < 0.3:
            self.add(f"{self.random.randint(1, 999):06d}", "left")
            self.add(self.random.choice(["特急", "平急", "加急"]), "left")
        ending = self.random.choice(["文件", "文件", ""])
        self.add(f"{self.organ}{ending}", how, size=30, red=True, bold=True)

    def add_title(self, size=22, bold=True):
        for part in self.title_lines():
            self.add(part, "center", size=size, bold=bold)

    def title_lines(self):
        """Break the title as typists do: after the organ, or where the line is full."""
        title, lines = self.title, []
        if title.startswith(self.organ) and self.random.random() < 0.6:
            lines, title = [self.organ], title[len(self.organ) :]
        width = self.random.choice([14, 18, 22])
        while len(title) > width:
            cut = width - self.random.randint(0, 3)
            while title[cut] in "）”》、，" or title[cut - 1] in "（“《":
                cut += 1
            lines.append(title[:cut])
            title = title[cut:]
        return [*lines, title] if title else lines

    def body(self, count=None):
        count = count or self.random.randint(3, len(SENTENCES))
        for sentence in self.random.sample(SENTENCES, count):
            self.add(sentence)

    def sign(self, organ=None, day=None):
        if self.random.random() < 0.12:
            self.add(f"{organ or self.organ}  {day or self.date_as_typed()}", "right")
            return
        self.add(organ or self.organ, "right")
        self.add(day or self.date_as_typed(), "right")
        if self.random.random() < 0.4:
            self.add("（此件公开发布）")

    def footer(self):
        issued = self.date + dt.timedelta(days=self.random.randint(0, 3))
        self.add("抄送：市委办、市府办，镇人大主席团。", "left", size=14)
        self.add(
            f"{self.organ}办公室    {issued.year}年{issued.month}月{issued.day}日印发",
            "left",
            size=14,
        )

    # Layouts.

    def standard(self):
        self.start(self.random.choice(["通知", "意见", "通报", "决定"]))
        self.red_head()
        self.add(self.number_as_typed(), "center")
        self.add_title()
        self.add(self.random.choice(ADDRESSEES), "left")
        self.body()
        if self.random.random() < 0.5:
            self.add("附件：1. 汇总表")
            self.add("      2. 责任分工表")
        self.sign()
        self.footer()

    def upward(self):
        self.start(self.random.choice(["请示", "报告"]))
        self.red_head()
        self.add(f"{self.number_as_typed()}        签发人：张建国", "left")
        self.add_title()
        self.add("乐清市人民政府：", "left")
        self.body()
        self.add("妥否，请批示。")
        self.sign()
        self.footer()

    def letter(self):
        self.start(self.random.choice(["函", "复函"]))
        self.add(self.organ, "center", size=26, red=self.random.random() < 0.7)
        self.add(self.number_as_typed(), "right")
        self.add_title()
        self.add("乐清市民政局：", "left")
        self.body(3)
        self.add("特此函告。")
        self.sign()

    def unnumbered(self):
        self.start(self.random.choice(["通知", "公告", "通告", "公示"]))
        self.number = ""
        self.add_title(size=self.random.choice([22, 18, 16]))
        if self.random.random() < 0.6:
            self.add(self.random.choice(ADDRESSEES), "left")
        self.body()
        self.sign()

    def forwarded(self):
        """转发: the inner document has a number, a title and a date of its own."""
        inner_organ = ("浙江省民政厅", "浙民助")
        self.start("通知", ("云溪镇人民政府办公室", "云政办"))
        inner = f"关于{self.subject}的通知"
        self.title = f"云溪镇人民政府办公室转发{inner_organ[0]}{inner}"
        if self.random.random() < 0.3:
            self.number = ""
        else:
            self.red_head()
            self.add(self.number_as_typed(), "center")
        self.add_title()
        self.add(ADDRESSEES[0], "left")
        self.add(f"现将《{inner}》（浙民助〔2026〕88号）转发给你们，请认真贯彻执行。")
        self.sign()
        self.pieces[-1].page_break = True
        if self.random.random() < 0.5:
            self.add("附件", "left")
        self.add(f"{inner_organ[0]}文件", "center", size=30, red=True)
        self.add("浙民助〔2026〕88号", "center")
        self.add(inner, "center", size=22)
        self.add("各市、县（市、区）民政局：", "left")
        self.body(3)
        self.sign(inner_organ[0], "2026年1月3日")

    def enacting(self):
        """印发: rules on the next page, with a title of their own."""
        self.start("通知")
        rules = f"云溪镇{self.subject[:8]}实施办法（试行）"
        self.title = f"{self.organ}关于印发《{rules}》的通知"
        self.red_head()
        self.add(self.number_as_typed(), "center")
        self.add_title()
        self.add(ADDRESSEES[1], "left")
        self.add(f"《{rules}》已经镇政府研究同意，现印发给你们，请遵照执行。")
        self.sign()
        self.pieces[-1].page_break = True
        self.add(rules, "center", size=22)
        self.add("第一章  总则", "center")
        self.add("第一条  为规范管理，根据有关规定，制定本办法。")
        self.add("第二条  本办法自2026年12月1日起施行。")
        self.footer()

    def order(self):
        self.start()
        serial = self.random.randint(1, 12)
        organ = self.random.choice(["云溪镇人民政府", "云溪镇森林防灭火指挥部"])
        self.organ = organ
        self.number = f"{organ}令第{serial}号"
        self.title = self.random.choice(
            ["云溪镇2026年森林禁火令", "云溪镇防汛防台转移命令"]
        )
        self.add(f"{organ}令", "center", size=30, red=True)
        self.add(f"第{serial}号", "center")
        self.add_title()
        self.body(3)
        self.sign(organ)

    def decided(self):
        """A decision of a meeting: its date stands under the title, no signature."""
        self.start("决议")
        self.number = ""
        self.title = "云溪镇第十六届人民代表大会第九次会议关于政府工作报告的决议"
        self.add_title()
        day = f"{self.date.year}年{self.date.month}月{self.date.day}日"
        note = f"{day}云溪镇第十六届人民代表大会第九次会议通过"
        self.add(f"（{note}）", "center")
        self.body(3)

    def web_copy(self):
        """A page saved from a website: a record above, the number in it."""
        self.start(self.random.choice(["通知", "意见"]))
        day = self.date.isoformat()
        typed = self.number_as_typed()
        if self.random.random() < 0.5:
            self.pieces.append(
                Piece(
                    rows=[
                        ["索引号", "11330382MB1A/2026-00123", "文号", typed],
                        ["发布机构", self.organ, "成文日期", day],
                        ["公开日期", "2026-11-30", "有效性", "有效"],
                    ]
                )
            )
            self.add_title()
        else:
            self.add(self.title, "center", size=20, bold=True)
            self.add(
                "发布日期：2026-11-30  来源：市门户网站  浏览次数：123",
                "center",
                size=10,
            )
            self.add(
                f"索引号：11330382MB1A/2026-00123    文号：{typed}", "left", size=10
            )
        self.add(ADDRESSEES[3], "left")
        self.body()
        self.sign()

    def number_below(self):
        self.start(self.random.choice(["通知", "公告"]))
        self.add_title()
        self.add(f"（{self.number_as_typed()}）", "center")
        self.add(ADDRESSEES[0], "left")
        self.body()
        self.sign()

    def joint(self):
        self.start("通知", ("云溪镇人民政府", "云政"))
        self.title = f"关于{self.subject}的通知"
        self.add("中共云溪镇委员会", "center", size=28, red=True)
        self.add("云溪镇人民政府文件", "center", size=28, red=True)
        self.add(self.number_as_typed(), "center")
        self.add_title()
        self.add(ADDRESSEES[1], "left")
        self.body()
        self.add("中共云溪镇委员会", "right")
        self.sign()
        self.footer()

    def with_table(self):
        """公示 with a table in which dates and numbers stand."""
        self.start("公示")
        self.number = self.number if self.random.random() < 0.3 else ""
        if self.number:
            self.red_head()
            self.add(self.number, "center")
        self.title = (
            f"云溪镇2026年{self.random.choice(['临时救助', '危房改造'])}对象名单公示"
        )
        self.add_title()
        self.add("经村民主评议、镇审核，现将下列名单公示。公示期7天。")
        self.pieces.append(
            Piece(
                rows=[
                    ["序号", "姓名", "村", "批准日期", "金额（元）"],
                    ["1", "林某某", "溪口村", "2026年3月2日", "1200"],
                    ["2", "周某", "岭头村", "2026-03-09", "800"],
                ]
            )
        )
        self.add("如有异议，请于公示期内向镇民政和社会事务办公室反映。")
        self.sign()

    def minutes(self):
        self.start("会议纪要")
        self.number = f"云政纪要〔2026〕{self.random.randint(1, 40)}号"
        self.title = f"研究{self.subject[:12]}工作专题会议纪要"
        self.add("云溪镇人民政府专题会议纪要", "center", size=28, red=True)
        self.add(self.number, "center")
        self.add(f"云溪镇人民政府办公室        {self.date_plain()}", "left")
        self.add_title()
        self.add("2026年1月2日上午，镇长主持召开专题会议，研究有关工作。纪要如下：")
        self.body(3)
        self.add("出席：张三、李四、王五。")

    def date_plain(self):
        return f"{self.date.year}年{self.date.month}月{self.date.day}日"

    def attachment_only(self):
        """A file that is itself an attachment: no number, no date."""
        self.start("汇总表")
        self.number, self.date = "", None
        self.title = "云溪镇2026年村级公益事业项目资金安排汇总表"
        self.add(f"附件{self.random.randint(1, 3)}", "left")
        self.add(self.title, "center", size=20)
        self.pieces.append(
            Piece(rows=[["村", "项目", "开工日期"], ["溪口村", "道路", "2026年5月1日"]])
        )

    def plainest(self):
        """Everything in one style; the typist centred with spaces."""
        self.start("通知")
        self.number = self.number if self.random.random() < 0.5 else ""
        if self.number:
            self.add(f"            {self.number}", "left")
        for line in self.title_lines():
            self.add("        " + line, "left")
        self.add(ADDRESSEES[0], "left")
        self.body()
        self.add("                                  " + self.organ, "left")
        self.add("                                  " + self.date_as_typed(), "left")

    def issued_only(self):
        """No signature (a note of a party committee): only 印发 has a date."""
        self.start("通知", ("中共云溪镇委员会", "云委"))
        self.red_head()
        self.add(self.number, "center")
        self.add_title()
        self.add("各村党支部：", "left")
        self.body(3)
        self.add("抄送：市委组织部。", "left", size=14)
        self.add(f"中共云溪镇委员会办公室  {self.date_plain()}印发", "left", size=14)

    def reply(self):
        """批复: the title quotes a number, the text cites another."""
        self.start("批复")
        self.title = f"{self.organ}关于{self.subject}的批复"
        self.red_head()
        self.add(self.number_as_typed(), "center")
        self.add_title()
        self.add("溪口村村民委员会：", "left")
        self.add(
            "你村《关于要求立项的请示》（溪村〔2026〕4号，2026年2月3日）收悉。经研究，批复如下："
        )
        self.body(3)
        self.sign()


LAYOUTS = [
    *("standard", "standard", "upward", "letter", "unnumbered", "forwarded"),
    *("enacting", "order", "decided", "web_copy", "number_below", "joint"),
    *("with_table", "minutes", "attachment_only", "plainest", "issued_only", "reply"),
]


def han(number):
    """Return 1…31 in Chinese."""
    digits = "〇一二三四五六七八九"
    if number < 10:
        return digits[number]
    tens, units = divmod(number, 10)
    return ("" if tens == 1 else digits[tens]) + "十" + (digits[units] if units else "")


def make_documents(seed: int = 2026, count: int = 50) -> list[Made]:
    """Return ``count`` documents: layouts in turn, docx and pdf in turn."""
    maker, made = Maker(seed), []
    for index in range(count):
        layout = LAYOUTS[index % len(LAYOUTS)]
        getattr(maker, layout)()
        as_pdf = (index + index // len(LAYOUTS)) % 2 == 1
        render = to_pdf if as_pdf else to_docx
        data = render(maker.pieces, maker.random)
        made.append(
            Made(
                f"{index:02d}-{layout}.{'pdf' if as_pdf else 'docx'}",
                *(data, layout, maker.title, maker.number, maker.date),
            )
        )
    return made


def to_docx(pieces, chance) -> bytes:
    """Write a Word file in one of the ways typists work."""
    document = docx.Document()
    breaks_in_paragraph = chance.random() < 0.25
    by_style = chance.random() < 0.25
    boxed = chance.random() < 0.2
    previous = None
    for piece in pieces:
        if piece.rows:
            add_table(document, piece.rows)
        elif boxed and piece.red:
            add_box(document, piece)
        elif breaks_in_paragraph and joins(previous, piece):
            run = document.paragraphs[-1].add_run()
            run.add_break()
            add_run(document.paragraphs[-1], piece)
        else:
            add_paragraph(document, piece, by_style)
        if piece.page_break:
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        previous = piece
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def joins(previous, piece):
    """Whether two lines are one title, which some break with Shift+Enter."""
    return (
        previous is not None
        and previous.how == piece.how == "center"
        and previous.size == piece.size >= 18
        and not previous.red
    )


def add_run(paragraph, piece):
    # Word splits runs wherever the typist stopped.
    middle = len(piece.text) // 2
    for text in (piece.text[:middle], piece.text[middle:]):
        run = paragraph.add_run(text)
        run.font.size = Pt(piece.size)
        run.bold = piece.bold
        if piece.red:
            run.font.color.rgb = RGBColor(0xFF, 0, 0)


def add_paragraph(document, piece, by_style):
    if by_style and piece.bold and not piece.red:
        paragraph = document.add_paragraph(style="Title")
    else:
        paragraph = document.add_paragraph()
    add_run(paragraph, piece)
    places = {"center": WD_ALIGN_PARAGRAPH.CENTER, "right": WD_ALIGN_PARAGRAPH.RIGHT}
    if piece.how in places:
        paragraph.alignment = places[piece.how]
    elif piece.how == "indent":
        paragraph.paragraph_format.first_line_indent = Pt(32)


def add_table(document, rows):
    table = document.add_table(rows=len(rows), cols=len(rows[0]))
    for row, values in zip(table.rows, rows, strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value


def add_box(document, piece):
    """Put a line into a text box, as templates of red heads do."""
    box = (
        f'<w:r {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml"><w:pict>'
        '<v:shape style="width:400pt;height:60pt"><v:textbox><w:txbxContent><w:p>'
        '<w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:rPr><w:color w:val="FF0000"/>'
        f'<w:sz w:val="{int(piece.size * 2)}"/></w:rPr><w:t>{escape(piece.text)}</w:t>'
        "</w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
    )
    document.add_paragraph()._p.append(parse_xml(box))


def to_pdf(pieces, chance) -> bytes:
    """Print the document by WeasyPrint, with page numbers as the standard has them."""
    family = chance.choice(["Noto Serif CJK SC", "Noto Sans CJK SC"])
    numbered = chance.random() < 0.7
    foot = '@bottom-center{content:"— " counter(page) " —"}' if numbered else ""
    style = f"@page{{size:A4;margin:37mm 26mm 35mm 28mm;{foot}}}"
    style += f"body{{font-family:'{family}';line-height:1.8}}p{{margin:0}}"
    style += "td{border:1px solid;padding:4pt}p{white-space:pre-wrap}"
    html = "".join(map(piece_html, pieces))
    return HTML(string=f"<style>{style}</style><body>{html}").write_pdf()


def piece_html(piece):
    if piece.rows:
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(v)}</td>" for v in row) + "</tr>"
            for row in piece.rows
        )
        return f"<table>{rows}</table>"
    css = f"font-size:{piece.size}pt;"
    css += "text-indent:2em;" if piece.how == "indent" else ""
    css += f"text-align:{piece.how};" if piece.how in ("center", "right") else ""
    css += "color:#f00;" if piece.red else ""
    css += "break-after:page;" if piece.page_break else ""
    return f'<p style="{css}">{escape(piece.text)}</p>'
