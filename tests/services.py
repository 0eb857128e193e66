"""What of the outside world the tests can reach, and the rule for what is missing.

On a laptop a suite whose server is missing is left out, and the summary says so;
where ``CI`` is set it fails. The suite runs on SQLite; with
``GONGKAI_TEST_DATABASE=postgresql`` it is the second pass: ``postgresql`` tests, and
of the files in `ALSO_ON_POSTGRESQL` those that ask the database in this process. What
locks, writes in bulk, casts, counts or sorts belongs there. Forms, texts, drawings and
the crawl of all addresses are the same on both and take the longest; the sites of
tests/e2e in production mode have used PostgreSQL in the first pass.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

CHROMIUM = os.environ.get("GONGKAI_CHROMIUM", "/usr/bin/chromium")
ON_POSTGRESQL = os.environ.get("GONGKAI_TEST_DATABASE") == "postgresql"
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
VARIABLES = {
    "elasticsearch": ["ELASTICSEARCH_URL"],
    "redis": ["REDIS_URL"],
    "postgresql": ["DATABASE_URL"],
    "services": ["DATABASE_URL", "REDIS_URL", "ELASTICSEARCH_URL"],
}
PROCESS_MARKS = ("browser", "services")
PROCESS_FIXTURES = ("site", "production_site")
DATABASE_MARKS = ("django_db", "postgresql")
DATABASE_FIXTURES = ("db", "transactional_db")
ALSO_ON_POSTGRESQL = {
    f"tests/{package}/{name}.py"
    for package, names in {
        "cms": "test_audit_chain test_duties test_moderation test_notices",
        "disclosure_pages": """
            bulk/test_updating test_api test_batch_review test_bulk_import
            test_catalogue_import test_catalogue_items test_collections test_duplicates
            test_feeds test_guide_versions test_index_numbers test_item_listing
            test_list_exports test_opinions test_public_state test_publishing
            test_review_queue test_rules test_setup_site test_withdrawal
            test_working_copy
        """,
        "security": """
            test_addresses test_after_moderation test_database_lost
            test_moderation_races
        """,
        "search": "test_log test_questions test_saved_news test_saved_searches",
        "tasks": """
            test_changes test_confirmation test_drain test_embedded test_index_desk
            test_linked_items test_outbox test_portal_limits
            test_portal_receiving test_rebuild test_receivers test_reconcile_index
            test_reconcile_portal test_sweeping test_template_portal test_wake
            test_withdrawn_everywhere
        """,
    }.items()
    for name in names.split()
}
HINT = 'eval "$(./test services env)" after ./test services up'
RUNNING_SITES = "tests/e2e"
REASON = "left out"


def missing_for(marks: set[str]) -> str:
    """Return why a test with these marks can't run here, or ''."""
    names = sorted({n for mark in marks for n in VARIABLES.get(mark, [])})
    absent = [name for name in names if not os.environ.get(name)]
    if absent:
        return f"{', '.join(absent)} not set ({HINT})"
    if "browser" in marks and not Path(CHROMIUM).exists():
        return f"no Chromium at {CHROMIUM} (GONGKAI_CHROMIUM)"
    return ""


def belongs_here(marks: set[str], fixtures: list[str], path: str) -> bool:
    """Whether this pass (SQLite or PostgreSQL) is the one that runs the test."""
    if ON_POSTGRESQL:
        if marks.intersection(PROCESS_MARKS) or set(PROCESS_FIXTURES) & set(fixtures):
            return False
        asks = set(DATABASE_MARKS) & marks or set(DATABASE_FIXTURES) & set(fixtures)
        return "postgresql" in marks or bool(asks and path in ALSO_ON_POSTGRESQL)
    return "postgresql" not in marks or not os.environ.get("DATABASE_URL")


def sort_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what the other pass runs; mark what a laptop can't run as skipped.

    What takes longest comes first, so that no worker waits for it in the end.
    """
    here, elsewhere = [], []
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        used = getattr(item, "fixturenames", [])
        if not belongs_here(marks, used, item.nodeid.partition("::")[0]):
            elsewhere.append(item)
            continue
        here.append(item)
        reason = missing_for(marks)
        if reason and not IN_CI:
            item.add_marker(pytest.mark.skip(reason=reason))
            item.user_properties.append((REASON, reason))
    if elsewhere:
        config.hook.pytest_deselected(items=elsewhere)
    items[:] = sorted(here, key=lambda item: not starts_a_site(item.nodeid))


def starts_a_site(nodeid: str) -> bool:
    """Whether the test is one of those that share a running site."""
    return nodeid.startswith(f"{RUNNING_SITES}/")


def left_out(skipped: list[pytest.TestReport]) -> Counter[str]:
    """Count the reasons for which tests can't run here, of every worker's reports."""
    told = (dict(report.user_properties).get(REASON) for report in skipped)
    return Counter(filter(None, told))


def insist(item: pytest.Item) -> None:
    """In CI a missing server is a failure, not a gap."""
    reason = missing_for({mark.name for mark in item.iter_markers()})
    if reason and IN_CI:
        pytest.fail(f"missing in CI: {reason}", pytrace=False)
