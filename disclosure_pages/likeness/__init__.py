"""Telling whether two texts are the same text: pure functions, no database."""
