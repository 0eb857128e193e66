"""Several management commands in one process: ``-m ops.prepare migrate setup_site``.

Every start of Django costs seconds on a small machine; ``./run`` pays for few.
"""

import sys

import django
from django.core.management import call_command

if __name__ == "__main__":
    django.setup()
    for command in sys.argv[1:]:
        call_command(command, verbosity=0)
