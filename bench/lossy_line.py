"""300 items, each edited three times, while 30 % of the messages meet a fault.

    python bench/lossy_line.py [--items 300] [--json FILE]

Township, portal and the line between them are processes of their own. On the line an
answer is lost, a message is dropped, kept back until newer ones came, sent twice, or
answered with 500, 502, 504, 429 or too late. Exit code 1 unless the portal holds every
item in its highest version and no version ever went down there.
"""

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.test")

import django  # noqa: E402

django.setup()

from bench.rig import ORIGIN, Rig  # noqa: E402
from tests.tasks.faults import LEASE_S  # noqa: E402
from tests.tasks.many_edits import EDITS, Arrived, edit_through_faults  # noqa: E402
from tests.tasks.processes import FaultServer  # noqa: E402


def run(items: int) -> tuple[Arrived, list]:
    """Do it once; what arrived, and what then differs."""
    line = FaultServer()
    with tempfile.TemporaryDirectory(prefix="gongkai-line-") as folder:
        rig = Rig(Path(folder))
        rig.environment["GONGKAI_PORTALS"] = f"city={line.url}"
        try:
            line.start()
            rig.start()
            arrived = edit_through_faults(
                rig.township.do,
                SimpleNamespace(portal=rig.portal, origin=ORIGIN),
                line,
                items,
                timeout_s=LEASE_S * 2 / 3,
            )
            return arrived, rig.township.do("problems")
        finally:
            rig.stop()
            line.stop()


def main() -> int:
    """Print the figures; exit code 1 if anything is missing, old or ever fell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=300)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    arrived, problems = run(options.items)
    print(f"{arrived.items} items at the portal, each edited {EDITS} times")
    print(f"{arrived.highest} in their highest version, {arrived.fallen} ever fell")
    print(f"{arrived.puts} messages, faults: {dict(arrived.faults or {})}")
    print(f"{len(problems)} differences in the end, {arrived.seconds:.0f} s")
    if options.json:
        options.json.write_text(json.dumps(asdict(arrived), indent=2))
    complete = arrived.items == arrived.highest == options.items
    return 0 if complete and not arrived.fallen and not problems else 1


if __name__ == "__main__":
    sys.exit(main())
