"""Who did what, when and why: recorded in Wagtail's log, sealed in a chain of hashes.

``recording`` and ``receivers`` write the log, ``sealing`` copies committed rows of it
into the chain, ``verifying`` proves that nothing was changed since.
"""
