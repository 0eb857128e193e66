"""Invented documents and questions in the language of a township, by a seed."""

import hashlib
import random
from collections.abc import Iterator

from search.documents import SearchDocument

PLACES = [
    *("溪口村", "石桥头村", "竹里村", "枫树坪村", "白茶岭村", "南岙村", "北岙村"),
    *("大樟村", "前塘村", "沙埠村", "月湖村", "松坑村", "梅坞村", "古渡村", "云溪镇"),
]
SUBJECTS = [
    *("最低生活保障", "临时救助", "特困人员供养", "高龄津贴", "农村危房改造"),
    *("宅基地审批", "山塘水库安全", "森林防火", "道路养护", "垃圾分类", "河长制"),
    *("耕地保护", "财政预算", "财政决算", "工程招标", "征地补偿", "人事任免"),
    *("行政处罚", "食品安全", "安全生产", "防汛防台", "计划生育", "退役军人优抚"),
    *("城乡居民医疗保险", "残疾人补贴", "农机购置补贴", "公益岗位", "文化礼堂"),
]
KINDS = [
    *("对象公示", "资金发放明细", "工作通知", "实施办法", "检查结果", "情况说明"),
    *("年度计划", "工作总结", "名单公告", "补助标准", "审核确认结果", "动态管理办法"),
]
PHRASES = [
    *("经审核，全镇新增对象{n}户{m}人。", "公示期自{y}年{a}月{b}日起七天。"),
    *("有异议的，可向镇人民政府反映。", "资金{n}万元已全部拨付到位。"),
    *("各村应当在{a}月底前完成自查。", "根据《政府信息公开条例》予以公开。"),
    *("家庭收入发生变化的，应当告知村民委员会。", "现将有关事项通知如下："),
    *("请各村对照要求抓好落实。", "联系电话0000-6200{n:04d}。", "此件公开发布。"),
]
CATEGORIES = ["institution", "decision", "work", "enforcement", "personnel", "finance"]
OFFICES = [f"office-{number}" for number in range(12)]
ORIGIN = "11330099MB1A2B3C4D"


def documents(count: int, seed: int = 1) -> Iterator[SearchDocument]:
    """Yield ``count`` published documents of about 150 to 800 characters."""
    rng = random.Random(seed)
    for serial in range(1, count + 1):
        yield _document(rng, serial)


def questions(count: int, seed: int = 2) -> list[str]:
    """Return questions of every kind: words, sentences, numbers, villages."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        place, subject, kind = (rng.choice(c) for c in (PLACES, SUBJECTS, KINDS))
        year, serial = rng.randint(2018, 2026), rng.randint(1, 400)
        start = rng.randrange(max(1, len(subject) - 1))
        made.append(
            rng.choice(
                [
                    subject,
                    f"{place}{subject}",
                    f"{year}年{subject}{kind}",
                    subject[start : start + 2],
                    f"请问{place}的{subject}怎么申请，要多少钱",
                    f"云政〔{year}〕{serial}号",
                    f"{year}-{serial:05d}",
                    f"{kind} {place}",
                    f"{subject} {rng.choice(SUBJECTS)}",
                ]
            )
        )
    return made


def _document(rng: random.Random, serial: int) -> SearchDocument:
    place, subject, kind = (rng.choice(c) for c in (PLACES, SUBJECTS, KINDS))
    year = rng.randint(2018, 2026)
    numbers = {"y": year, "a": rng.randint(1, 12), "b": rng.randint(1, 28)}
    body = [f"{place}{rng.choice(SUBJECTS)}与{subject}有关。"]
    for _ in range(rng.randint(6, 40)):
        phrase = rng.choice(PHRASES)
        body.append(
            phrase.format(**numbers, n=rng.randint(1, 99), m=rng.randint(1, 300))
        )
    title = f"{place}{year}年{subject}{kind}"
    digest = hashlib.sha256(f"{serial}{title}".encode())
    return SearchDocument(
        key=digest.hexdigest()[:32],
        sha256=digest.hexdigest(),
        type="item",
        title=title,
        text="".join(body),
        index_number=f"{ORIGIN}/{year}-{serial:05d}",
        category=rng.choice(CATEGORIES),
        document_number=f"云政〔{year}〕{serial}号" if rng.random() < 0.4 else "",
        publisher="云溪镇人民政府",
        office=rng.choice(OFFICES),
        date_made=f"{year}-{numbers['a']:02d}-{numbers['b']:02d}",
        date_published=f"{year}-{numbers['a']:02d}-{numbers['b']:02d}",
        validity=rng.choice(["valid", "valid", "valid", "amended", "repealed"]),
        url=f"https://example.test/{serial}/",
        origin=ORIGIN,
    )
