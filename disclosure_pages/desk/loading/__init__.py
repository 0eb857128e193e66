"""Bulk load on the desk: upload, dry run, confirmation, pieces, undo."""
