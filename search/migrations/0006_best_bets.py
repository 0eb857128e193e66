import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gongkai_search', '0005_search_questions'),
        migrations.swappable_dependency(settings.WAGTAIL_PAGE_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BestBet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.CharField(help_text='用顿号分开，例：个人档案、档案查询。', max_length=300, verbose_name='读者会搜的词')),
                ('match', models.CharField(choices=[('exact', '问的就是这个词'), ('contained', '问题里有这个词')], default='contained', max_length=10, verbose_name='什么时候显示')),
                ('kind', models.CharField(choices=[('page', '本站的一个页面'), ('request', '依申请公开')], default='page', max_length=10, verbose_name='指向')),
                ('path', models.CharField(blank=True, help_text='本站的地址，从 / 开始，例：/guide/。选了页面就不用写。', max_length=300, verbose_name='或者写地址')),
                ('title', models.CharField(blank=True, help_text='选了页面的可以不写，显示页面的标题。', max_length=60, verbose_name='标题')),
                ('text', models.CharField(blank=True, help_text='例：先备好身份证和户口本，周一到周五在便民服务中心办。', max_length=120, verbose_name='一句话说明')),
                ('starts_on', models.DateField(blank=True, null=True, verbose_name='从哪天起')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='到哪天止')),
                ('enabled', models.BooleanField(default=True, verbose_name='启用')),
                ('page', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.WAGTAIL_PAGE_MODEL, verbose_name='页面')),
            ],
            options={
                'verbose_name': '推荐结果',
                'verbose_name_plural': '推荐结果',
                'ordering': ['words'],
            },
        ),
    ]
