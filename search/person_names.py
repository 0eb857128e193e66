"""Questions that may be somebody's name: their words are kept of no one."""

import re

from . import segmenter
from .models import SearchTerm
from .recognise import HAN

SHORTEST, LONGEST = 2, 4
# The hundred surnames most people have, and the commonest of two characters.
_ONE = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋"
    "蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段"
    "雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄"
    "聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛"
    "曲翁冉骆蓝路游辛靳欧管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤时阳穆农司卓古吉缪简车项连"
    "芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙"
)
_TWO = "欧阳|上官|司马|诸葛|夏侯|皇甫|东方|尉迟|公孙|慕容|令狐|司徒|端木|轩辕"
_FORM = re.compile(rf"(?:[{_ONE}]|{_TWO})[{HAN}]{{1,3}}")


def may_be_name(question: str) -> bool:
    """Whether a folded question looks like a name and begins with no known word.

    Known are the words of what is public here, and those of the dictionary that name
    no person. It errs towards a name.
    """
    text = question.strip()
    if not SHORTEST <= len(text) <= LONGEST or not _FORM.fullmatch(text):
        return False
    word, kind = segmenter.tag(text)[0]
    if len(word) > 1 and not kind.startswith("nr"):
        return False
    beginnings = [text[:end] for end in range(2, len(text) + 1)]
    return not SearchTerm.objects.filter(text__in=beginnings).exists()
