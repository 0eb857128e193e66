"""Learn ranking from judgements; nothing changes for readers without ``--activate``."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from disclosure_pages.public_state import public_keys, public_states
from search import dictionary, engines, site_ranking
from search.builder import build_document
from search.documents import SearchDocument
from search.learning import store
from search.learning.learn import Classroom, Lesson
from search.learning.measures import COLUMNS
from search.models import LearnedRanking

AT_ONCE = 500


class Command(BaseCommand):
    help = _("从“哪些问题由哪些文件回答”中学习排序，并与现在的排序比较；默认不启用。")

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--activate", action="store_true", help=_("确有提高时启用"))
        add("--use", type=int, metavar="ID", help=_("启用以前学到的一次"))
        add("--off", action="store_true", help=_("停用，恢复设置中的排序"))

    def handle(self, *args: Any, **options: Any) -> None:
        if options["off"]:
            store.deactivate()
        elif options["use"]:
            row = LearnedRanking.objects.filter(pk=options["use"]).first()
            if row is None:
                raise CommandError(_("没有这一次学习。"))
            self._activate(row)
        else:
            row = self._learn()
            if options["activate"]:
                self._activate(row)
        site_ranking.forget()

    def _learn(self) -> LearnedRanking:
        questions = store.judgements()
        if len(questions) < 2:  # noqa: PLR2004
            raise CommandError(_("还没有可以学习的问题。"))
        dictionary.load()
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(_("学习"), total=None)
            room = Classroom(
                questions,
                _documents(),
                engines.get(settings.GONGKAI_INDEXES[0]),
                site_ranking.standing(),
                lambda done, every: progress.update(task, completed=done, total=every),
            )
            if len(room.questions) < 2:  # noqa: PLR2004
                raise CommandError(_("还没有可以学习的问题。"))
            lesson = room.lesson()
        row = store.save(lesson)
        self._show(lesson)
        said = {"number": row.pk, "count": row.questions}
        self.stdout.write(_("第 %(number)d 次，%(count)d 个问题。") % said)
        return row

    def _show(self, lesson: Lesson) -> None:
        table = Table("", *COLUMNS)
        for name, means in ((_("现在"), lesson.before), (_("学到的"), lesson.after)):
            table.add_row(name, *(f"{means[column]:.1f}" for column in COLUMNS))
        table.add_row(_("差别"), *(str(lesson.gains[column]) for column in COLUMNS))
        Console(file=self.stdout, width=130).print(table)

    def _activate(self, row: LearnedRanking) -> None:
        try:
            store.activate(row)
        except store.Refused as error:
            raise CommandError(
                _("没有启用：%(reason)s。") % {"reason": error}
            ) from None
        self.stdout.write(_("已启用，十分钟内起作用。"))


def _documents() -> Iterator[SearchDocument]:
    keys = public_keys()
    for start in range(0, len(keys), AT_ONCE):
        for state in public_states(keys[start : start + AT_ONCE]).values():
            yield build_document(state)
