
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gongkai_search', '0003_saved_searches'),
    ]

    operations = [
        migrations.CreateModel(
            name='SearchJudgement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('question', models.CharField(max_length=200, verbose_name='问题')),
                ('key', models.CharField(max_length=80, verbose_name="文件")),
                ('source', models.CharField(choices=[('opened', '打开过'), ('staff', '工作人员')], max_length=10, verbose_name='来源')),
                ('weight', models.FloatField(default=1.0, verbose_name='分量')),
                ('updated', models.DateTimeField(auto_now=True, verbose_name='更新于')),
            ],
            options={
                'verbose_name': '检索评判',
                'verbose_name_plural': '检索评判',
                'constraints': [models.UniqueConstraint(fields=('question', 'key', 'source'), name='search_judgement_unique')],
            },
        ),
    ]
