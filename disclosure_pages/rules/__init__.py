"""Content rules (内容规则): when something happens and it fits, do this."""
