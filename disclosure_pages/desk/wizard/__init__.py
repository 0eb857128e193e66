"""发布一条信息: five screens for people who publish twice a year."""
