"""The signals by which public content tells the right-hand packages of a change.

``public_state_changed`` is sent inside the transaction of the change, with
``keys`` (list of permanent keys) and ``lane`` ("withdraw", "publish" or "bulk").
The save of a page tells its own change; this one tells those of bulk paths,
withdrawals and rows that are not pages. ``page_withdrawn`` is sent in the
transaction that took a page of any type back, with the page as ``instance``.
``files_read`` is sent in the transaction that stored the text of files, with their
``hashes``: nothing public changed by it, but more can be found.
"""

from django.dispatch import Signal

public_state_changed = Signal()
page_withdrawn = Signal()
files_read = Signal()
