import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gongkai_tasks', '0004_index_rebuild'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='IndexOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('target', models.CharField(max_length=60, verbose_name='目标')),
                ('kind', models.CharField(choices=[('rebuild', '重建索引'), ('compare', '索引对账')], max_length=10, verbose_name='种类')),
                ('asked_at', models.DateTimeField(verbose_name='什么时候要的')),
                ('taken_at', models.DateTimeField(blank=True, null=True, verbose_name='开始时间')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='结束时间')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='说明')),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='谁要的')),
            ],
            options={
                'verbose_name': '索引任务',
                'verbose_name_plural': '索引任务',
                'constraints': [models.UniqueConstraint(fields=('target', 'kind'), name='index_order_unique')],
            },
        ),
    ]
