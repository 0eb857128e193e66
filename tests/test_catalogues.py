"""The interface is complete in Chinese and in English, whatever Wagtail leaves out.

Our message ids are Chinese, so ``zh_Hans`` holds only what Wagtail and Django lack;
``en`` holds all of ours. ``docs/translations.md`` says how to bring both up to date.
"""

import ast
import json
import re
from collections import Counter
from pathlib import Path

import polib
import pytest
import wagtail
from django.test import RequestFactory
from django.utils import translation
from django.utils.translation.template import templatize
from django.views.i18n import JavaScriptCatalog

ROOT = Path(__file__).resolve().parents[1]
WAGTAIL = Path(wagtail.__file__).parent
WAGTAIL_CATALOGUES = sorted(WAGTAIL.rglob("locale/en/LC_MESSAGES/*.po"))
OURS = sorted((ROOT / "locale").rglob("*.po"))
PACKAGES = ["cms", "disclosure_pages", "search", "tasks"]
CALL = re.compile(r"\b(?:np?|p)?gettext(?:_lazy|_noop)?$|^_$")
# What templatize writes for a tag: a call whose arguments are Python literals.
LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
TEMPLATE_CALL = re.compile(rf"\b(n?p?gettext|_)\(\s*({LITERAL}(?:,\s*{LITERAL})*)")
PLACEHOLDER = re.compile(r"%\(\w+\)[-#0 +]*[\d.]*[a-z]|%[sdrif]|\{\w*\}")
TAG = re.compile(r"</?\w[^>]*>")
BLOCK_TEXT = re.compile(r"\{% blocktranslate.*?\{% endblocktranslate %\}", re.DOTALL)
TEMPLATE_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
PUNCTUATION = re.compile("[：、（）；，。]")
JOINED = re.compile(r"""\|join:["'][：、；，]""")
HAN = re.compile(r"[\u3400-\u9fff]")


def key(entry):
    """What gettext looks up: context and message id."""
    return entry.msgctxt or "", entry.msgid


def texts(entry):
    """The translated forms: one, or one for each plural form."""
    if entry.msgid_plural:
        return [entry.msgstr_plural[n] for n in sorted(entry.msgstr_plural)]
    return [entry.msgstr]


def translated(catalogue):
    """``{key: forms}`` of the entries that gettext would use."""
    return {
        key(entry): texts(entry)
        for entry in catalogue
        if not (entry.obsolete or getattr(entry, "fuzzy", False)) and all(texts(entry))
    }


def compiled(path):
    """The entries of a ``.mo`` file, none when there is no such file."""
    return translated(polib.mofile(str(path))) if path.exists() else {}


def locale_file(language, name):
    return ROOT / "locale" / language / "LC_MESSAGES" / name


def named(path):
    return str(path.relative_to(ROOT if ROOT / "locale" in path.parents else WAGTAIL))


def python_ids(source):
    """Keys of the ``_("…")`` calls in a module."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if CALL.search(name) and node.args:
            words = [a.value for a in node.args[:2] if isinstance(a, ast.Constant)]
            if name.lstrip("n").startswith("p"):
                yield words[0], words[1]
            elif words:
                yield "", words[0]


def template_ids(source):
    """Keys of the translation tags and ``_("…")`` constants in a template."""
    for name, arguments in TEMPLATE_CALL.findall(templatize(source)):
        words = [ast.literal_eval(w) for w in re.findall(LITERAL, arguments)]
        if name.lstrip("n").startswith("p"):
            yield words[0], words[1]
        else:
            yield "", words[0]


def our_ids():
    """``{key: file that uses it first}`` of every message of ours."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for message in python_ids(path.read_text()):
                found.setdefault(message, str(path.relative_to(ROOT)))
    for folder in [ROOT / "templates", *(ROOT / name for name in PACKAGES)]:
        for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.txt")]):
            for message in template_ids(path.read_text()):
                found.setdefault(message, str(path.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("path", WAGTAIL_CATALOGUES, ids=named)
def test_every_text_of_wagtail_is_there_in_chinese(path):
    theirs = Path(str(path).replace("/locale/en/", "/locale/zh_Hans/"))
    chinese = compiled(theirs.with_suffix(".mo")) | compiled(
        locale_file("zh_Hans", path.with_suffix(".mo").name)
    )
    asked = [key(e) for e in polib.pofile(str(path)) if not e.obsolete]
    assert asked
    assert [wanted for wanted in asked if wanted not in chinese] == []


def test_every_text_of_ours_is_there_in_english():
    english = compiled(locale_file("en", "django.mo"))
    ours = our_ids()
    assert len(ours) > 300
    lacking = {k: where for k, where in ours.items() if k not in english}
    assert lacking == {}, "see docs/translations.md"


def test_english_texts_are_english():
    english = compiled(locale_file("en", "django.mo"))
    assert {k: v for k, v in english.items() if HAN.search("".join(v))} == {}


def test_punctuation_between_texts_is_a_text_too():
    wrong = {}
    for path in sorted((ROOT / "templates").rglob("*.html")):
        between = TEMPLATE_TAG.split(BLOCK_TEXT.sub("", path.read_text()))
        signs = [t for t in between if PUNCTUATION.search(t) and not HAN.search(t)]
        signs += JOINED.findall(path.read_text())
        wrong |= {str(path.relative_to(ROOT)): signs} if signs else {}
    assert wrong == {}, "see docs/translations.md"


@pytest.mark.parametrize("path", OURS, ids=named)
def test_translations_keep_placeholders_and_markup(path):
    def parts(text):
        text = text.replace("%%", "").replace("<br />", "<br>")
        return set(PLACEHOLDER.findall(text)), Counter(TAG.findall(text))

    wrong = []
    for entry in polib.pofile(str(path)):
        *others, last = texts(entry)
        wanted = parts(entry.msgid_plural or entry.msgid)
        if parts(last) != wanted:
            wrong.append((entry.msgid, last))
        # A form that stands for one number may leave the number out.
        wrong += [(entry.msgid, t) for t in others if not parts(t)[0] <= wanted[0]]
    assert wrong == []


@pytest.mark.parametrize("path", OURS, ids=named)
def test_each_catalogue_is_finished_and_compiled(path):
    catalogue = polib.pofile(str(path))
    current = [entry for entry in catalogue if not entry.obsolete]
    assert [e.msgid for e in current if not e.translated() or e.fuzzy] == []
    forms = int(re.search(r"nplurals=(\d)", catalogue.metadata["Plural-Forms"])[1])
    assert {len(e.msgstr_plural) for e in current if e.msgid_plural} <= {forms}
    binary = polib.mofile(str(path.with_suffix(".mo")))
    assert translated(binary) == translated(catalogue)
    assert binary.metadata["Plural-Forms"] == catalogue.metadata["Plural-Forms"]


def test_our_catalogue_goes_before_those_of_wagtail():
    with translation.override("zh-hans"):
        assert translation.gettext("Locked by workflow") == "审查锁定"
        assert translation.gettext("Approve") == "通过"  # Wagtail's own: 批准
        pages = translation.ngettext(
            "%(num_parent_objects)d page has been deleted",
            "%(num_parent_objects)d pages have been deleted",
            1,
        )
    assert pages % {"num_parent_objects": 1} == "已删除 1 个页面"


def test_scripts_of_the_desk_speak_chinese():
    view = JavaScriptCatalog.as_view(packages=["wagtail.admin"])
    with translation.override("zh-hans"):
        content = view(RequestFactory().get("/")).content.decode()
    assert json.dumps("正在自动保存…") in content
