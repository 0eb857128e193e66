"""The line of packages and the rules of form that a reader relies on."""

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINE = ["cms", "disclosure_pages", "search", "tasks"]  # each knows those to its left
MAX_LINES = 400
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
# Wagtail imports this module while its own models load.
LOCAL_IMPORTS_ALLOWED = {"cms/finish.py"}
# The host names its parts as strings; apps are named where they are installed.
NAMES_OTHERS = re.compile(r"cms/(settings/.*|urls)\.py")


def modules():
    """All modules of the four packages, without migrations."""
    return [
        path.relative_to(ROOT)
        for package in LINE
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def tracked():
    """Text files that git knows or would add, as (path, text)."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    for name in listed:
        path = ROOT / name
        if path.is_file():
            content = path.read_bytes()
            if b"\0" not in content:
                yield name, content.decode("utf-8", "replace")


MODULES = modules()


def tree_of(path):
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def to_the_right(path):
    return LINE[LINE.index(path.parts[0]) + 1 :]


def imported(node):
    """The first names of what an import statement brings in (absolute ones)."""
    if isinstance(node, ast.ImportFrom):
        return [] if node.level else [node.module.split(".")[0]]
    return [alias.name.split(".")[0] for alias in node.names]


def imports(tree):
    return [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]


def all_imports():
    return [(path, node) for path in MODULES for node in imports(tree_of(path))]


def test_a_package_imports_only_from_itself_or_its_left():
    wrong = [
        f"{path}:{node.lineno} imports {name}"
        for path, node in all_imports()
        for name in imported(node)
        if name in to_the_right(path)
    ]
    assert wrong == []


def test_a_relative_import_stays_in_its_package():
    wrong = [
        f"{path}:{node.lineno}"
        for path, node in all_imports()
        if isinstance(node, ast.ImportFrom) and node.level > len(path.parts) - 1
    ]
    assert wrong == []


def test_no_string_names_a_module_to_the_right():
    wrong = []
    for path in MODULES:
        right = "|".join(to_the_right(path))
        if not right or NAMES_OTHERS.fullmatch(path.as_posix()):
            continue
        wrong += [
            f"{path}:{node.lineno} names {node.value!r}"
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(rf"({right})(\.[A-Za-z_]\w*)+", node.value)
        ]
    assert wrong == []


def test_imports_stand_at_the_top():
    wrong = [
        f"{path}:{node.lineno}"
        for path in MODULES
        if path.as_posix() not in LOCAL_IMPORTS_ALLOWED
        for function in ast.walk(tree_of(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and not (path.name == "apps.py" and function.name == "ready")
        for node in imports(function)
    ]
    assert wrong == []


def test_a_module_has_at_most_400_lines():
    lengths = {p: len((ROOT / p).read_text("utf-8").splitlines()) for p in MODULES}
    assert {str(p): n for p, n in lengths.items() if n > MAX_LINES} == {}


def test_no_module_is_named_vaguely():
    assert [str(path) for path in MODULES if path.stem in VAGUE_NAMES] == []


def test_no_template_switches_escaping_off():
    off = re.compile(r"\|\s*safe(seq)?\b|\bautoescape\s+off\b")
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted(ROOT.glob("**/templates/**/*.html"))
        if ".venv" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if off.search(line)
    ]
    assert wrong == []


def test_no_file_names_a_machine_or_a_private_registry():
    machine = re.compile(
        r"(?<![\w.])/(work|root|Users|home/\w+)/"
        r"|\.\./shared\b"
        r"|^\s*(--(extra-)?index-url|--find-links|--trusted-host)\b"
        r"|\bhttps?://(10\.\d+|192\.168|172\.(1[6-9]|2\d|3[01]))\.\d+\.",
        re.MULTILINE,
    )
    wrong = [
        f"{name}: {found.group().strip()}"
        for name, text in tracked()
        if name != "tests/test_architecture.py" and (found := machine.search(text))
    ]
    assert wrong == []
