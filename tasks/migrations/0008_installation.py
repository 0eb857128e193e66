import tasks.models.installation
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gongkai_tasks', '0007_portal_templates'),
    ]

    operations = [
        migrations.CreateModel(
            name='Installation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(default=tasks.models.installation.new_name, max_length=32)),
                ('epoch', models.PositiveIntegerField(default=1, verbose_name='恢复次数')),
            ],
            options={
                'verbose_name': '本站数据库',
                'verbose_name_plural': '本站数据库',
            },
        ),
    ]
