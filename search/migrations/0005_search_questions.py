import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gongkai_search", "0004_search_judgements"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="VisitorSalt",
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
                ("day", models.DateField(unique=True)),
                ("salt", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "当日的盐",
            },
        ),
        migrations.CreateModel(
            name="SearchQuestion",
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
                ("digest", models.CharField(max_length=64, unique=True)),
                (
                    "text",
                    models.CharField(
                        blank=True, db_index=True, max_length=200, verbose_name="问题"
                    ),
                ),
                ("visitors", models.JSONField(blank=True, default=list)),
                ("visitors_on", models.DateField(blank=True, null=True)),
                ("first_on", models.DateField(db_index=True, verbose_name="第一次")),
                ("last_on", models.DateField(db_index=True, verbose_name="最近一次")),
                (
                    "settled_on",
                    models.DateField(blank=True, null=True, verbose_name="处理日期"),
                ),
                (
                    "way",
                    models.CharField(blank=True, max_length=10, verbose_name="办法"),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="处理人",
                    ),
                ),
            ],
            options={
                "verbose_name": "检索问题",
                "verbose_name_plural": "检索问题",
            },
        ),
        migrations.CreateModel(
            name="QuestionDay",
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
                ("day", models.DateField(db_index=True)),
                ("asked", models.PositiveIntegerField(default=0)),
                ("zero", models.PositiveIntegerField(default=0)),
                ("told", models.PositiveIntegerField(default=0)),
                ("opened", models.PositiveIntegerField(default=0)),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="gongkai_search.searchquestion",
                    ),
                ),
            ],
            options={
                "verbose_name": "检索次数",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("question", "day"), name="question_day_unique"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OpenedHit",
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
                ("key", models.CharField(max_length=80)),
                ("count", models.PositiveIntegerField(default=0)),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hits",
                        to="gongkai_search.searchquestion",
                    ),
                ),
            ],
            options={
                "verbose_name": "打开的结果",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("question", "key"), name="opened_hit_unique"
                    )
                ],
            },
        ),
    ]
