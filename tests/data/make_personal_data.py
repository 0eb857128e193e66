"""Makes texts and sheets with personal numbers, and clean ones full of look-alikes.

``make_samples(seed, count)`` returns half of each; the same seed, the same samples. No
number belongs to anybody: they are drawn by chance and only satisfy the rules.
"""

import datetime as dt
import io
import random
from dataclasses import dataclass, field

from openpyxl import Workbook
from stdnum import luhn
from stdnum.cn import ric

AREAS = ["330382", "330381", "330302", "110101", "360426", "510132", "440305", "320583"]
NAMES = ["张建国", "李素芬", "王小明", "陈阿香", "林文", "周建平"]
VILLAGES = ["溪口村", "岭头村", "大樟村", "樟下村", "云山村"]
CARD_HEADS = ["622848", "621700", "622202", "621226", "620302", "623091", "955880"]
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


@dataclass
class Sample:
    """A text, or a sheet as bytes; ``numbers`` are (kind, digits) that are in it."""

    name: str
    text: str = ""
    data: bytes = b""
    numbers: list[tuple[str, str]] = field(default_factory=list)


class Maker:
    """Draws numbers and sentences from one source of chance."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def digits(self, count: int) -> str:
        return "".join(self.random.choices("0123456789", k=count))

    def day(self, first=1935, last=2015) -> dt.date:
        return dt.date(first, 1, 1) + dt.timedelta(
            days=self.random.randrange((last - first) * 365)
        )

    def id_card(self) -> str:
        head = (
            self.random.choice(AREAS) + self.day().strftime("%Y%m%d") + self.digits(3)
        )
        return head + ric.calc_check_digit(head + "0")

    def old_id_card(self) -> str:
        return (
            self.random.choice(AREAS)
            + self.day(1935, 1985).strftime("%y%m%d")
            + (self.digits(3))
        )

    def mobile(self) -> str:
        heads = ["138", "139", "151", "177", "186", "198", "133", "159", "166", "147"]
        return self.random.choice(heads) + self.digits(8)

    def bank_card(self) -> str:
        length = self.random.choice([16, 19, 19])
        head = self.random.choice(CARD_HEADS)
        body = head + self.digits(length - len(head) - 1)
        return body + luhn.calc_check_digit(body)

    # Ways of typing a number.

    def typed(self, kind: str, number: str) -> str:
        way = self.random.random()
        if way < 0.5:
            return number
        if way < 0.6:
            return number.translate(FULL_WIDTH)
        if way < 0.68:
            return number.lower()
        separator = self.random.choice([" ", " ", "-", "\u3000", "\xa0"])
        if way < 0.9:
            sizes = {"id_card": (6, 8, 4), "mobile": (3, 4, 4)}.get(kind, (4,) * 5)
            if kind == "id_card" and len(number) == 15:
                sizes = (6, 6, 3)
            return separator.join(pieces(number, sizes))
        cut = self.random.randint(4, len(number) - 4)
        return f"{number[:cut]}\n{number[cut:]}"

    def dirty_sentence(self, kind: str, number: str) -> str:
        shown, name = self.typed(kind, number), self.random.choice(NAMES)
        village = self.random.choice(VILLAGES)
        forms = {
            "id_card": [
                f"经审核，{village}{name}（身份证号：{shown}）符合条件。",
                f"申请人{name}，公民身份号码{shown}，住{village}。",
                f"{name} {shown} 低保户",
                f"身份证号码 {shown}，现予公示。",
            ],
            "mobile": [
                f"联系人：{name}，手机{shown}。",
                f"{village}{name}{shown}",
                f"请于10月15日前报名，电话：{shown}（{name}）。",
                f"{name}，{shown}，{village}3组",
            ],
            "bank_card": [
                f"{name}，开户行：农业银行云溪支行，账号{shown}。",
                f"补助资金打入银行卡{shown}（{name}）。",
                f"卡号：{shown}",
                f"{name} 一卡通账号：{shown}",
            ],
        }
        if kind == "id_card" and len(number) == 15:
            return f"{name}，身份证号{shown}（旧证）。"
        return self.random.choice(forms[kind])

    def personal(self) -> tuple[str, str]:
        kind = self.random.choice(["id_card", "id_card", "mobile", "bank_card"])
        if kind == "id_card" and self.random.random() < 0.08:
            return kind, self.old_id_card()
        return kind, getattr(self, kind)()

    # Look-alikes.

    def wrong_id(self) -> str:
        number = self.id_card()
        last = self.random.choice([c for c in "0123456789" if c != number[-1]])
        return number[:-1] + last

    def credit_code(self) -> str:
        return (
            "1133"
            + self.digits(4)
            + "MB"
            + self.digits(7)
            + self.random.choice("ABXYZ5")
        )

    def masked(self) -> str:
        number, phone, card = self.id_card(), self.mobile(), self.bank_card()
        return self.random.choice(
            [
                number[:4] + "**********" + number[-4:],
                number[:6] + "********" + number[-4:],
                number[:10] + "****" + number[14:],
                number[:14] + "****",
                phone[:3] + "****" + phone[-4:],
                phone[:7] + "****",
                card[:4] + " **** **** " + card[-4:],
                card[:6] + "******" + card[-4:],
                number[:6] + "××××××××" + number[-4:],
                number[:6] + "XXXXXXXX" + number[-4:],
            ]
        )

    def clean_sentence(self) -> str:
        chance = self.random
        serial = chance.randint(1, 99999)
        village = chance.choice(VILLAGES)
        return chance.choice(
            [
                f"索引号：{self.credit_code()}/2026-{serial:05d}，请凭索引号查询。",
                f"索引号 0010080030040{chance.randint(10, 99)}/2026-{serial:06d}",
                f"统一社会信用代码：{self.credit_code()}",
                f"统一社会信用代码{chance.choice(AREAS)}{self.digits(12)}",
                f"云政办〔2026〕{chance.randint(1, 200)}号、国办发〔2019〕54号",
                f"联系电话：0577-{self.digits(8)}，传真0577-{self.digits(8)}。",
                f"电话：（0577）6{self.digits(7)}",
                f"监督电话0577 {self.digits(4)} {self.digits(4)}、12345、12388。",
                f"客服热线400-{self.digits(3)}-{self.digits(4)}，95598。",
                f"总投资{chance.randint(10**6, 10**9)}.{self.digits(2)}元，占12.5%。",
                f"合计 {chance.randint(10**10, 10**11)} 元",
                f"时间：20260101-20261231，导出时间20260824{self.digits(6)}。",
                f"项目代码：26{self.digits(2)}-330382-04-01-{self.digits(6)}",
                f"坐标：120.{self.digits(6)}，28.{self.digits(6)}",
                f"{village}{chance.choice(NAMES)}，身份证号{self.masked()}",
                f"账号{self.masked()}，电话{self.mobile()[:3]}****{self.digits(4)}",
                f"订单号：2026{self.digits(16)}，已办结。",
                f"票据编号{self.digits(19)}",
                f"浙（2026）乐清市不动产权第{self.digits(7)}号",
                f"网站标识码3303820017，邮编325600，浙ICP备{self.digits(8)}号-1",
                f"证件号有误：{self.wrong_id()}",
                f"序号{self.digits(10)}、{self.digits(12)}",
                f"QQ群：{self.digits(9)}；采购编号YXZ-2026-{self.digits(4)}-{self.digits(7)}",
                f"https://example.gov.cn/art/2026/8/24/art_{self.digits(10)}_{self.digits(8)}.html",
                "2025年收入 5637 5600 1902 1920 3606 3680 万元",
                "1月 1200\t2月 1350\t3月 1180\t4月 1420\t5月 1500",
                f"图斑号{self.digits(5)}，面积{self.digits(4)}.{self.digits(2)}平方米，宗地代码"
                f"330382{self.digits(6)}GB{self.digits(5)}",
                f"案号：（2026）浙0382行初{self.digits(3)}号",
                f"ISBN 978-7-{self.digits(3)}-{self.digits(5)}-{self.digits(1)}",
                f"设备序列号{self.digits(15)}，软件版本10.0.{self.digits(5)}",
            ]
        )

    # Samples.

    def text(self, dirty: bool) -> Sample:
        sentences = [self.clean_sentence() for _n in range(self.random.randint(2, 6))]
        sample = Sample("text.txt")
        for _number in range(self.random.randint(1, 3) if dirty else 0):
            kind, number = self.personal()
            sample.numbers.append((kind, number))
            place = self.random.randint(0, len(sentences))
            sentences.insert(place, self.dirty_sentence(kind, number))
        sample.text = "\n".join(sentences)
        return sample

    def sheet(self, dirty: bool) -> Sample:
        sample = Sample("sheet.xlsx")
        columns = self.random.sample(["身份证号", "联系电话", "银行账号"], 2)
        rows = [["序号", "姓名", "村", *columns, "金额（元）"]]
        for number in range(1, self.random.randint(3, 12)):
            cells: list[object] = []
            for column in columns:
                kind = {"身份证号": "id_card", "联系电话": "mobile"}.get(
                    column, "bank_card"
                )
                if dirty and self.random.random() < 0.7:
                    value = getattr(self, kind)()
                    sample.numbers.append((kind, value))
                    as_number = kind == "mobile" and self.random.random() < 0.5
                    cells.append(int(value) if as_number else value)
                else:
                    cells.append(self.masked())
            name, village = self.random.choice(NAMES), self.random.choice(VILLAGES)
            amount = self.random.randint(100, 10**7) / 100
            rows.append([number, name, village, *cells, amount])
        if dirty and not sample.numbers:
            value = self.id_card()
            sample.numbers.append(("id_card", value))
            rows.append(["备注", value])
        rows.append(
            [
                "合计",
                "",
                "",
                self.clean_sentence(),
                "",
                self.random.randint(10**9, 10**12),
            ]
        )
        sample.data = workbook(rows)
        return sample


def pieces(number, sizes):
    found, place = [], 0
    for size in sizes:
        if number[place : place + size]:
            found.append(number[place : place + size])
        place += size
    return found


def workbook(rows) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def make_samples(seed: int = 2026, count: int = 500) -> list[Sample]:
    """Return samples, half of them clean; every third is a sheet."""
    maker = Maker(seed)
    return [
        (maker.sheet if index % 3 == 2 else maker.text)(dirty=index % 2 == 0)
        for index in range(count)
    ]
