"""Saved searches (订阅搜索): mails what is new of a search to who confirmed."""
