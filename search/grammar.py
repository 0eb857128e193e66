"""What is written into a question on purpose: quotes, minus, OR and field words.

``低保 OR 救助`` (also ``|``, or 或 / 或者 between spaces), ``“低保对象”``, ``-公示``,
``文号:云政〔2026〕11号``. What is no use of these is just words: nothing is an error.
"""

import re
from dataclasses import dataclass

from cms.folding import fold_text

# What a field word is typed as → the mark of its tokens (``search.fields``).
FIELDS = {
    "文号": "number",
    "索引号": "code",
    "发布机构": "publisher",
    "标题": "title",
    "村": "village",
}
_QUOTE = '"“”「」『』'
_OR = re.compile(
    rf"(?<=[\s{_QUOTE}])(?:OR|\uff2f\uff32|或者|或)(?=[\s{_QUOTE}])"  # OR, full-width
)
_QUOTED = f'["“”「『][^{_QUOTE}]+["“”」』]'
_NAME = rf"(?<![^\W_])(?:{'|'.join(FIELDS)})\s*:\s*"
_PLAIN = rf"[^\s|{_QUOTE},;?!，。；、\-−][^\s|{_QUOTE},;?!，。；、]*"
_OPERAND = rf"(?:{_NAME})?(?:{_QUOTED}|{_PLAIN})"
_PARTS = re.compile(
    rf"(?P<minus>(?:^|(?<=\s))[-−](?:(?:{_NAME})?{_QUOTED}|{_NAME}{_PLAIN}|[^\W_]+))"
    rf"|(?P<group>{_OPERAND}(?:\s*\|\s*{_OPERAND})+)"
    rf"|(?P<field>{_NAME}(?:{_QUOTED}|{_PLAIN}))"
    rf"|(?P<quoted>{_QUOTED})"
)
_OPERANDS = re.compile(_OPERAND)
_PREFIX = re.compile(rf"({'|'.join(FIELDS)})\s*:\s*")


@dataclass(frozen=True)
class Operand:
    """One thing sought: text, perhaps in quotes, perhaps in one field only."""

    text: str
    field: str = ""
    quoted: bool = False


@dataclass(frozen=True)
class Written:
    """A question taken apart; ``rest`` are the words outside of all signs.

    ``groups``: of each any one operand is enough.
    """

    rest: str
    quoted: tuple[str, ...] = ()
    excluded: tuple[Operand, ...] = ()
    fields: tuple[Operand, ...] = ()
    groups: tuple[tuple[Operand, ...], ...] = ()

    @property
    def operands(self) -> list[Operand]:
        """What shall be found in a field, or any of a group."""
        return [*self.fields, *(one for group in self.groups for one in group)]

    @property
    def signs(self) -> bool:
        """Whether anything is sought beside the plain words."""
        return bool(self.quoted or self.operands)

    @property
    def plain(self) -> str:
        """The same without any sign; what was excluded is left out."""
        texts = [self.rest, *self.quoted, *(one.text for one in self.operands)]
        return " ".join(" ".join(texts).split())


def fold_question(text: str) -> str:
    """Return a question folded for matching, every OR as ``|``."""
    return fold_text(_OR.sub("|", text))


def take_apart(folded: str) -> Written:
    """Take a folded question apart."""
    parts: dict[str, list[str]] = {
        "minus": [], "group": [], "field": [], "quoted": [],
    }  # fmt: skip
    for match in _PARTS.finditer(folded):
        parts[match.lastgroup or ""].append(match[0])
    quoted = [operand_of(part).text for part in parts["quoted"]]
    return Written(
        rest=_PARTS.sub(" ", folded).replace("|", " "),
        quoted=tuple(filter(None, quoted)),
        excluded=tuple(operand_of(part[1:]) for part in parts["minus"]),
        fields=tuple(operand_of(part) for part in parts["field"]),
        groups=tuple(
            tuple(operand_of(one[0]) for one in _OPERANDS.finditer(part))
            for part in parts["group"]
        ),
    )


def blank_signs(folded: str) -> str:
    """Return a question of the same length, all that is written with signs blank."""
    return _PARTS.sub(lambda match: " " * len(match[0]), folded)


def operand_of(part: str) -> Operand:
    """Read one operand as it was typed."""
    prefix = _PREFIX.match(part)
    value = part[prefix.end() :] if prefix else part
    quoted = value[:1] in _QUOTE
    text = value[1:-1] if quoted else value
    return Operand(text.strip(), FIELDS[prefix[1]] if prefix else "", quoted)
