"""Reading what a clerk drops: text, title, number and date, and a clean public copy."""
