"""Portals without any interface: packages to load by hand, receipts to read back."""
