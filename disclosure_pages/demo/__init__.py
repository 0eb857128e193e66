"""The demo township (示例乡镇): invented names, every state of review."""
