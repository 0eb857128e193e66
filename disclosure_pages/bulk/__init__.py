"""Bulk load (批量导入) and export of items, by the columns of the portal's template."""
