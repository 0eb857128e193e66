"""Numbers that name a person: identity cards, mobile phones, bank cards.

A number counts only when its own rules hold: checksum, date and area of an identity
card (GB 11643), Luhn and issuer prefix of a bank card, ranges of a mobile phone. What
is masked already (3301**********1234) is no finding.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from stdnum import luhn
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

ID_CARD = "id_card"
MOBILE = "mobile"
BANK_CARD = "bank_card"
BLOCK = "block"
WARN = "warn"
LABELS = {ID_CARD: _("身份证号"), MOBILE: _("手机号"), BANK_CARD: _("银行卡号")}
# The check by whose setting a hit of this level blocks or warns.
CODES = {BLOCK: "personal_data", WARN: "contact_phone"}
# One gap between two digits: spaces, a hyphen, a dot or one line break.
_GAP = re.compile(r"[ \t]*[-–—·.]?[ \t]*|[ \t]*\n[ \t]*")
_GROUP = re.compile(r"\d+(?:[Xx](?![A-Za-z0-9]))?|(?<=[\d \-])[Xx](?![A-Za-z0-9])")
SHORTEST, LONGEST = 11, 19
_AROUND = 24
_NOT_PERSONAL = re.compile(
    r"(?:索\s*引\s*号|信用代码|文\s*号|编\s*号|单\s*号|订单|流水|案号|许可证|证书编号|批次|"
    r"条形码|机构代码|网站标识码|备案号|合同号|项目代码|发票|图号|地块|宗地|注册号|序列号|"
    r"追溯码|房产证|不动产)[^\n]{0,6}[:：]?\s*$"
)
_OTHER_CODE = re.compile(r"(?:索\s*引\s*号|信用代码|机构代码)[^\n]{0,6}$")
_ID_WORDS = re.compile(r"身份证|证件|公民身份|身份号")
_BANK_WORDS = re.compile(
    r"银行|账\s*号|帐\s*号|账\s*户|帐\s*户|卡\s*号|开户|一卡通|存折|工行|农行|建行|中行|信用社|农商行|邮储"
)
_PHONE_WORDS = re.compile(
    r"电\s*话|手\s*机|联系|号码|热线|监督|举报|咨询|值班|短号|微信"
)
_OFFICE_WORDS = re.compile(
    r"联系电话|咨询|热线|监督|举报|值班|联系人|办公电话|受理|投诉|报名|报送"
)
# Issuers whose cards begin so (UnionPay and the banks' older own ranges).
_BANK_PREFIX = re.compile(
    r"62|60(?:13|59|11)|9558|9559|9111|4[0-9]{3}|5[1-5]|35(?:2[89]|[3-8]\d)|3[47]|81"
)
_BANK_LENGTHS = {13, 15, 16, 17, 18, 19}
_UNIONPAY = ("62", "9558", "9559", "6013", "6059", "6011", "9111")
_MOBILE = re.compile(r"1(?:3\d|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9])\d{8}")
_AREA_CODE = re.compile(r"0\d{2,3}\s*[-)）]?\s*$")
_AMOUNT = re.compile(r"\.\d{1,6}(?!\d)|\s*(?:元|万元|亿元|千元|平方米|吨)")
# Parts of web addresses, and of index numbers (索引号) before their year.
_IN_ADDRESS = re.compile(r"[A-Za-z_]\d*/$|=$")
_INDEX_TAIL = re.compile(r"/\d{4}-")
_TOTAL = re.compile(r"^\s*(?:合计|小计|总计|累计)\b")
OLDEST = 1900
_PROVINCES = {
    *("11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35"),
    *("36", "37", "41", "42", "43", "44", "45", "46", "50", "51", "52", "53", "54"),
    *("61", "62", "63", "64", "65", "71", "81", "82", "83"),
}


@dataclass(frozen=True)
class Hit:
    """A number in ``text[start:end]``; ``masked_excerpt`` may be shown to anybody."""

    kind: str
    start: int
    end: int
    masked_excerpt: str
    level: str


def find(text: str) -> list[Hit]:
    """Return the personal numbers in the text, in order; masked ones are none."""
    folded = _folded(text)
    hits: list[Hit] = []
    for start, end, digits in _candidates(folded):
        if hits and start < hits[-1].end:
            continue
        kind = _kind(folded, start, end, digits)
        if kind:
            hits.append(_hit(folded, kind, start, end))
    return hits


def _folded(text: str) -> str:
    """Fold widths one character for one, so that places stay what they are."""
    return "".join(map(_folded_char, text)) if not text.isascii() else text


def _folded_char(char: str) -> str:
    if "\u3400" <= char <= "\u9fff":
        return char
    if char in "\u200b\u200c\u200d\u2060\ufeff\xa0\u3000\r":
        return " "
    if char in "－﹣−‐‑":
        return "-"
    if char == "Х" or char == "х":  # Cyrillic
        return "X"
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 else char


def _candidates(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, digits) of whole groups, alone or joined over small gaps."""
    groups = [match.span() for match in _GROUP.finditer(text)]
    for first, (start, _end) in enumerate(groups):
        digits, previous, found = "", start, []
        for begin, end in groups[first : first + 19]:
            if begin > start and not _GAP.fullmatch(text, previous, begin):
                break
            digits += text[begin:end].upper()
            previous = end
            if len(digits) > LONGEST:
                break
            if len(digits) >= SHORTEST:
                found.append((start, end, digits))
        yield from reversed(found)  # the longest first: 19 digits may hold a valid 16


def _kind(text: str, start: int, end: int, digits: str) -> str:
    before, raw = text[max(0, start - _AROUND) : start], text[start:end]
    if _part_of_code(text, start, end) or not _one_number(raw, len(digits)):
        return ""
    if len(digits) == 18 and is_id_card(digits):
        return "" if _OTHER_CODE.search(before) else ID_CARD
    if "X" in digits:
        return ""
    if len(digits) == 15 and _is_old_id_card(digits):
        return ID_CARD if _ID_WORDS.search(_line(text, start, before)) else ""
    if len(digits) == 11:
        line = text[text.rfind("\n", 0, start) + 1 : start]
        return MOBILE if _is_mobile(digits, line, before, raw) else ""
    if len(digits) == 13 and digits.startswith("86") and _MOBILE.fullmatch(digits[2:]):
        return MOBILE if text[start - 1 : start] == "+" or len(raw) > 13 else ""
    if len(digits) in _BANK_LENGTHS and _is_bank_card(text, digits, start, before, raw):
        return BANK_CARD
    return ""


def _part_of_code(text: str, start: int, end: int) -> bool:
    """Whether letters, a slash or a mask touch the number: then it is another code."""
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if before and (before in "*#_＊×•¥$￥" or (before.isascii() and before.isalpha())):
        return True
    if before in ("-", ".") and re.search(
        r"[A-Za-z0-9][-.]$", text[max(0, start - 2) : start]
    ):
        return not _AREA_CODE.search(text[max(0, start - 5) : start])
    if _IN_ADDRESS.search(text[max(0, start - 6) : start]):
        return True
    if _INDEX_TAIL.match(text[end : end + 7]):
        return True
    if after and (after in "*#_＊×•" or (after.isascii() and after.isalpha())):
        return True
    return bool(_AMOUNT.match(text[end : end + 8]))


def _one_number(raw: str, length: int) -> bool:
    """Whether the groups look like one number and not like columns of figures."""
    if "\t" in raw:
        return False
    groups = [
        group for group in re.split(r"\D+", raw.upper().replace("X", "0")) if group
    ]
    if len(groups) == 1:
        return True
    if re.search(r"\d\.\d", raw) and length != 11:
        return False
    if "\n" in raw:  # broken once at the end of a line, or spaced all through
        return len(groups) == 2 or len({len(g) for g in groups[:-1]}) == 1
    return len(groups) <= 7 or all(len(group) == 1 for group in groups)


def is_id_card(number: str) -> bool:
    """Whether 18 characters are an identity card number that was ever given out.

    Areas that were renamed are accepted by their province: checksum and date decide.
    """
    if number[:2] not in _PROVINCES or not number[:17].isdigit():
        return False
    if number[17] != ric.calc_check_digit(number):
        return False
    return _is_birthday(number[6:14])


def _is_old_id_card(number: str) -> bool:
    """Whether 15 digits may be a card of before 1999, which has no checksum."""
    return number[:2] in _PROVINCES and _is_birthday(f"19{number[6:12]}")


def _is_birthday(digits: str) -> bool:
    try:
        day = dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return day.year >= OLDEST and day <= timezone.localdate()


def _is_mobile(digits: str, line: str, before: str, raw: str) -> bool:
    if not _MOBILE.fullmatch(digits) or _NOT_PERSONAL.search(before):
        return False
    if _TOTAL.match(line):
        return False
    groups = [len(group) for group in re.split(r"\D+", raw)]
    usual = groups in ([11], [3, 4, 4], [3, 8], [7, 4], [4, 4, 3], [3, 3, 5], [5, 6])
    if "\n" not in raw:
        return usual or groups == [1] * 11
    joins_text = bool(re.search(r"[\u4e00-\u9fff，,：:（(]\s?$", before))
    return joins_text or bool(_PHONE_WORDS.search(before))


def _is_bank_card(text: str, digits: str, start: int, before: str, raw: str) -> bool:
    if not _BANK_PREFIX.match(digits) or not luhn.is_valid(digits):
        return False
    if _NOT_PERSONAL.search(before) or len(set(digits)) < 3 or _is_credit_code(digits):
        return False
    named = bool(_BANK_WORDS.search(_line(text, start, before)))
    if digits.startswith(_UNIONPAY):
        return named or len(digits) in (16, 18, 19) or len(raw) > len(digits)
    return (
        named
        or len(digits) == 16
        and re.fullmatch(r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}", raw) is not None
    )


def _is_credit_code(digits: str) -> bool:
    try:
        uscc.validate(digits)
    except ValidationError:
        return False
    return True


def _line(text: str, start: int, before: str) -> str:
    """Return what stands before on the line, and the head of the table column."""
    line_start = text.rfind("\n", 0, start) + 1
    line = text[max(line_start, start - 80) : start]
    head_start = max(0, line_start - 2000)
    column = line.count("\t")
    if column:
        for row in text[head_start:line_start].split("\n"):
            cells = row.split("\t")
            if len(cells) > column and not re.search(r"\d{6}", cells[column]):
                line += cells[column]
    return before + line


def _hit(text: str, kind: str, start: int, end: int) -> Hit:
    around = text[max(0, start - 8) : start].replace("\n", " ")
    excerpt = around + masked(text[start:end], kind)
    level = WARN if kind == MOBILE and _of_an_office(text, start) else BLOCK
    return Hit(kind, start, end, excerpt, level)


def _of_an_office(text: str, start: int) -> bool:
    """Whether a mobile phone stands where a public contact stands."""
    return bool(_OFFICE_WORDS.search(text[max(0, start - _AROUND) : start]))


def masked(number: str, kind: str) -> str:
    """Return the number with its middle hidden."""
    digits = "".join(char for char in number if char.isalnum())
    head, tail = (3, 4) if kind == MOBILE else (4, 4)
    return digits[:head] + "*" * (len(digits) - head - tail) + digits[-tail:]
