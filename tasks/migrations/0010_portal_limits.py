

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gongkai_tasks', '0009_origin_keys_and_watch'),
    ]

    operations = [
        migrations.AddField(
            model_name='targetstate',
            name='asked_until',
            field=models.DateTimeField(blank=True, null=True, verbose_name='门户要求等到'),
        ),
        migrations.AddField(
            model_name='targetstate',
            name='at_once',
            field=models.PositiveSmallIntegerField(db_default=1, default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(8)], verbose_name='同时推送'),
        ),
    ]
