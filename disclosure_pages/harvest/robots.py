"""robots.txt by RFC 9309: groups, longest match, ``*`` and ``$``; Crawl-delay too."""

from dataclasses import dataclass, field
from urllib.parse import unquote

NAME = "gongkai-harvest"
MAX_LINES = 5000
MAX_DELAY_S = 60.0


@dataclass
class Rules:
    """What holds for us: (path, allowed) in the file's order, and seconds between."""

    paths: list[tuple[str, bool]] = field(default_factory=list)
    delay_s: float = 0.0

    def allow(self, path: str) -> bool:
        """Whether the path may be asked; the longest rule decides, then "allow"."""
        if path == "/robots.txt":
            return True
        wanted = unquote(path)
        fitting = [
            (len(rule), allowed) for rule, allowed in self.paths if fits(rule, wanted)
        ]
        return max(fitting)[1] if fitting else True


def parse(text: str) -> Rules:
    """Return the rules for our name, else those for everybody."""
    ours, everybody, named = Rules(), Rules(), False
    agents: list[str] = []
    open_group = False
    for raw in text.splitlines()[:MAX_LINES]:
        name, _colon, value = raw.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "user-agent":
            agents = [*(agents if open_group else []), value.lower()]
            open_group = True
            named = named or value.lower() == NAME
            continue
        if name not in ("allow", "disallow", "crawl-delay"):
            continue
        open_group = False
        for rules in _targets(agents, ours, everybody):
            _add(rules, name, value)
    return ours if named else everybody


def _targets(agents: list[str], ours: Rules, everybody: Rules) -> list[Rules]:
    return [
        *([ours] if NAME in agents else []),
        *([everybody] if "*" in agents else []),
    ]


def _add(rules: Rules, name: str, value: str) -> None:
    if name == "crawl-delay":
        try:
            delay_s = float(value)
        except ValueError:
            return
        if delay_s > 0:  # not so for "nan"
            rules.delay_s = min(delay_s, MAX_DELAY_S)
    elif value:
        rules.paths.append((unquote(value), name == "allow"))


def fits(rule: str, path: str) -> bool:
    """Whether the path begins as the rule says; never slower than their product."""
    exact = rule.endswith("$")
    first, *pieces = rule.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for number, piece in enumerate(pieces):
        if exact and number == len(pieces) - 1:
            return len(path) - len(piece) >= at and path.endswith(piece)
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return not exact or at == len(path)
