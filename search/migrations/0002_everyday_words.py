"""Words of every day and those of the forms; a row that is not wanted is switched off."""

from django.db import migrations

WORDS = """
低保、最低生活保障
五保、特困人员供养
医保、医疗保险
养老金、养老保险
社保、社会保险
户口、户籍
危房、危旧房
公厕、公共厕所
自来水、供水
拆迁、征收
征地、土地征收
补贴、补助
招聘、招录
办事指南、服务指南
一把手、主要负责人
红头文件、规范性文件
"""


def add(apps, _editor):
    model = apps.get_model("gongkai_search", "Synonym")
    model.objects.bulk_create(model(words=row) for row in WORDS.split())


class Migration(migrations.Migration):
    dependencies = [("gongkai_search", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
