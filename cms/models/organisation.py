from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _


class Office(models.Model):
    """An office of the authority (科室): drafts, owns and answers for its items."""

    code = models.SlugField(
        _("代码"),
        max_length=40,
        unique=True,
        help_text=_("小写字母，用在网址里，例如 civil-affairs。"),
    )
    name = models.CharField(_("名称"), max_length=40, unique=True)
    phone = models.CharField(_("电话"), max_length=40, blank=True)
    address = models.CharField(
        _("办公地点"), max_length=80, blank=True, help_text=_("例：镇政府2楼205室")
    )
    hours = models.CharField(
        _("办公时间"), max_length=80, blank=True, help_text=_("空着即与机关相同。")
    )
    head_name = models.CharField(_("负责人姓名"), max_length=20, blank=True)
    duties = models.TextField(_("职责"), blank=True)
    sort_order = models.PositiveSmallIntegerField(_("排序"), default=0)
    editor_group = models.ForeignKey(
        Group,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("编辑人员组"),
        help_text=_("起草本科室信息的人。新科室保存后自动建好，一般不用改。"),
    )
    head_group = models.ForeignKey(
        Group,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("负责人组"),
        help_text=_("初审本科室信息的人。新科室保存后自动建好，一般不用改。"),
    )

    class Meta:
        verbose_name = _("科室")
        verbose_name_plural = _("科室")
        ordering = ["sort_order", "code"]

    def __str__(self) -> str:
        return self.name


class Village(models.Model):
    """A village (村); its position is a place on the schematic map, not a survey.

    ``map_x`` is 0…880 from the left, ``map_y`` 0…560 from the top.
    """

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=40, unique=True)
    map_x = models.PositiveSmallIntegerField(_("示意图横坐标"), default=0)
    map_y = models.PositiveSmallIntegerField(_("示意图纵坐标"), default=0)
    sort_order = models.PositiveSmallIntegerField(_("排序"), default=0)
    manager_group = models.OneToOneField(
        Group,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("查阅点管理员组"),
    )

    class Meta:
        verbose_name = _("村")
        verbose_name_plural = _("村")
        ordering = ["sort_order", "code"]

    def __str__(self) -> str:
        return self.name


class SteeringRole(models.TextChoices):
    """Place in the steering group (领导小组)."""

    LEADER = "leader", _("组长")
    DEPUTY = "deputy", _("副组长")
    MEMBER = "member", _("成员")


class SteeringMember(models.Model):
    """A member of the steering group for disclosure (政府信息公开工作领导小组)."""

    name = models.CharField(_("姓名"), max_length=20)
    position = models.CharField(_("职务"), max_length=60)
    role = models.CharField(
        _("组内职务"),
        max_length=10,
        choices=SteeringRole.choices,
        default=SteeringRole.MEMBER,
    )
    duty = models.CharField(_("分工"), max_length=120, blank=True)
    office = models.ForeignKey(
        Office,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="steering_members",
        verbose_name=_("科室"),
    )
    sort_order = models.PositiveSmallIntegerField(_("排序"), default=0)

    class Meta:
        verbose_name = _("领导小组成员")
        verbose_name_plural = _("领导小组成员")
        ordering = ["sort_order", "pk"]

    def __str__(self) -> str:
        return f"{self.name} {self.position}"
