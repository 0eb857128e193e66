"""Checks over one draft."""

from wagtail.models import Page

from disclosure_pages.checks.levels import OFF, level_of
from disclosure_pages.checks.problems import Problem


def check_page(page: Page) -> list[Problem]:
    """Return what is wrong with a draft, the serious first; changes nothing."""
    problems: list[Problem] = []
    if not (page.title or "").strip():
        problems.append(Problem("title_blank", level_of("title_blank"), "", "title"))
    return [problem for problem in problems if problem.level != OFF]
