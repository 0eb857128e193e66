"""The acts of ours in Wagtail's log, with the words that people read."""

from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import LogActionRegistry

LOGIN = "gongkai.login"
LOGOUT = "gongkai.logout"
LOGIN_FAILED = "gongkai.login_failed"
GROUPS = "gongkai.groups"
PERMISSIONS = "gongkai.permissions"
ACCOUNT = "gongkai.account"
SETTINGS = "gongkai.settings"
SECRECY_REVIEW = "gongkai.secrecy_review"
SIGN = "gongkai.review.sign"
READ = "gongkai.read"
READ_HISTORY = "gongkai.read_history"
COMPARE = "gongkai.compare"
READ_FILE = "gongkai.read_file"
EXPORT = "gongkai.export"


def register(actions: LogActionRegistry) -> None:
    """Make the acts known: Wagtail writes no others."""
    for action, label in (
        (LOGIN, _("登录")),
        (LOGOUT, _("退出登录")),
        (LOGIN_FAILED, _("登录失败")),
        (GROUPS, _("改动所在用户组")),
        (PERMISSIONS, _("改动权限")),
        (ACCOUNT, _("改动账号")),
        (SETTINGS, _("改动设置")),
        (SECRECY_REVIEW, _("填写保密审查意见")),
        (SIGN, _("会签或代办审查")),
        (READ, _("查看未公开内容")),
        (READ_HISTORY, _("查看修改历史")),
        (COMPARE, _("比较版本")),
        (READ_FILE, _("打开未公开文件")),
        (EXPORT, _("导出未公开信息")),
    ):
        actions.register_action(action, label, label)
