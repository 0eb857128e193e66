"""What packages to the right may want to hear of; sent once, by the act itself."""

from django.dispatch import Signal

# A review step is a working day over its time: ``instance`` is its ReviewDuty.
review_overdue = Signal()
