import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

MAILING = [("", "不发"), ("now", "马上发"), ("digest", "每天汇总一封")]


class Migration(migrations.Migration):
    dependencies = [
        ("gongkai_cms", "0005_audit_chain"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="on_desk",
            field=models.BooleanField(default=True, verbose_name="在后台显示"),
        ),
        migrations.AddField(
            model_name="notice",
            name="mailing",
            field=models.CharField(
                blank=True,
                choices=MAILING,
                default="",
                max_length=10,
                verbose_name="邮件",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="notice",
            name="refusals",
            field=models.PositiveSmallIntegerField(
                default=0, verbose_name="被邮箱拒收的次数"
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="created_at",
            field=models.DateTimeField(
                auto_now_add=True, db_index=True, verbose_name="时间"
            ),
        ),
        migrations.CreateModel(
            name="NoticePreference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("kind", models.CharField(max_length=40, verbose_name="种类")),
                (
                    "on_desk",
                    models.BooleanField(default=True, verbose_name="在后台显示"),
                ),
                (
                    "mailing",
                    models.CharField(
                        blank=True,
                        choices=MAILING,
                        max_length=10,
                        verbose_name="邮件",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notice_preferences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "通知设置",
                "verbose_name_plural": "通知设置",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["user", "kind"], name="notice_preference_once_a_kind"
                    )
                ],
            },
        ),
    ]
