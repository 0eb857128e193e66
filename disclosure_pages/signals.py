"""The one signal by which public content tells the right-hand packages of a change.

``public_state_changed`` is sent inside the transaction of the change, with
``keys`` (list of permanent keys) and ``lane`` ("withdraw", "publish" or "bulk").
Wagtail's own publish signals cover single pages; this one covers bulk paths,
withdrawals and rows that are not pages.
"""

from django.dispatch import Signal

public_state_changed = Signal()
