"""The fixed words and shapes of official documents, by which parts are told."""

import re

GENRES = (
    *("通知", "通报", "公告", "通告", "意见", "决定", "决议", "请示", "报告", "批复"),
    *("函", "复函", "纪要", "方案", "办法", "规定", "细则", "公示", "公报", "命令"),
    *("令", "议案", "说明", "总结", "计划", "规划", "预案", "名单", "制度", "指南"),
    *("须知", "章程", "解读", "条例", "规则", "目录", "清单", "要点", "简报", "简介"),
    *("情况", "答复", "承诺书", "倡议书", "公开信", "申报表", "一览表", "汇总表"),
    *("决算", "预算", "职责", "机构设置", "流程", "标准", "表", "书", "信"),
)
ORGAN = re.compile(
    "(?:人民政府|政府|委员会|党委|办公室|办公厅|指挥部|领导小组|[\u4e00-\u9fff]局|"
    "财政所|司法所|派出所|服务中心|[\u4e00-\u9fff]中心|工作站|管理所|执法队|村委会|"
    "[\u4e00-\u9fff]站|[\u4e00-\u9fff]厅|[\u4e00-\u9fff]部|党支部|合作社|大队|中队|学校|医院|"
    "联合会|协会|工会|妇联|团委|人大主席团|代表大会|主席团|专班)$"
)
HEAD_WORDS = re.compile(
    "(?:文件|简报|工作动态|(?:专题|党委|镇长办公|党政联席)?会议纪要|内部情况)$"
)
MARKS = re.compile(
    r"^(?:\d{6}|(?:绝密|机密|秘密|内部)?[★☆].*|(?:绝密|机密|秘密)|特急|加急|平急|急件"
    r"|(?:签发人|会签人|签发|密级|份号|紧急程度|缓急)\s*[:：].*"
    r"|[—\-_–·. ]*\d*[—\-_–·. ]*"
    r"|第\s*\d+\s*页.*|\d+\s*/\s*\d+)$"
)
SIGNER = re.compile(r"[\s\u3000]*签\s*发\s*人?\s*[:：].*$")
LABELS = (
    r"索\s*引\s*号|发布机构|发文机关|发文字号|文\s*号|成文日期|发布日期|公开日期"
    r"|主题分类|主题词|有效性|信息来源|来\s*源|公开方式|公开属性|体裁|发布机关"
    r"|发文时间|生成日期|发布时间|打印|字体|浏览次数|阅读次数|作者"
)
RECORD = re.compile(
    rf"^(?:{LABELS}|名\s*称|标\s*题)\s*[:：\t]|^(?:{LABELS}).*(?:{LABELS})"
    rf"|^(?:{LABELS})$"
)
FIELD = re.compile(rf"(?P<label>{LABELS})\s*[:：]?\s*")
NO_GENRES = ("代表", "秘书", "文书", "图书", "司令", "公函", "通信", "短信")
ORDER = re.compile(r"^[\u4e00-\u9fff]{2,30}令$")
ORDER_SERIAL = re.compile(r"^[(（]?\s*第?\s*\d{1,4}\s*号\s*[)）]?$")
ADDRESSEE = re.compile(r"^[^。；！？]{2,160}[:：]$")
ATTACHMENT = re.compile(r"^附\s*件?\s*[\d一二三四五六七八九十]*\s*[:：]?$")
ISSUED = re.compile(r"印\s*发$|印$")
COPIED = re.compile(r"^(?:抄\s*送|抄\s*报|主\s*送|分\s*送|发\s*送)\s*[:：]")
PAGE_NUMBER = re.compile(r"[—\-_–·. ]*\d+[—\-_–·. ]*|第\s*\d+\s*页.*|\d+\s*/\s*\d+")
PASSED = re.compile("(?:通过|批准|公布|修订|修正|施行|发布)[)）]?$")
SENTENCE_END = tuple("。；;！!？?")
SPACES = re.compile(r"\s+")


def squeezed(text: str) -> str:
    """Return the text without any spaces."""
    return SPACES.sub("", text)


def is_sentence(text: str) -> bool:
    return text.endswith(SENTENCE_END) or (len(text) > 30 and "。" in text)


def ends_as_title(text: str) -> bool:
    bare = re.sub(r"[(（][^()（）]*[)）]$", "", squeezed(text))
    bare = bare.rstrip('》”"')
    return bare.endswith(GENRES) and not bare.endswith(NO_GENRES) and len(bare) > 1


def starts_section(text: str) -> bool:
    return bool(
        re.match(
            r"^(?:第[一二三四五六七八九十]+[章节条]|[一二三四五六七八九十]+、)", text
        )
    )


def bracketed(text: str) -> str:
    """Return what is within brackets, if the whole line is."""
    match = re.fullmatch(r"\s*[(（〔\[](.*)[)）〕\]]\s*", text)
    return match[1] if match else ""


def joined(texts: list[str]) -> str:
    """Join the lines of a title: Chinese without spaces, Latin words with one."""
    text = ""
    for line in texts:
        piece = SPACES.sub(" ", line.replace("\u3000", " ")).strip()
        latin = text[-1:].isascii() and text[-1:].isalpha() and piece[:1].isascii()
        text += (" " if latin else "") + piece
    han = r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef\d]"
    return re.sub(rf"(?<={han}) +(?={han})", "", text)
