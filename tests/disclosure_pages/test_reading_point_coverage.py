import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from disclosure_pages.models import ManagerAbsence, ReadingPointPage
from disclosure_pages.reading_point_coverage import (
    Coverage,
    VillageCoverage,
    read_coverage,
)
from disclosure_pages.reading_point_rules import CONDITIONS
from tests.factories import (
    VillageFactory,
    make_people,
    make_reading_point,
    make_site,
)

pytestmark = pytest.mark.django_db

CSV, JSON = "/reading-points/coverage.csv", "/reading-points/coverage.json"
REPORT = "gongkai_points_report"
LACKING = {
    "managers": {"backup_manager": ""},
    "sign": {"has_sign": False},
    "rules": {"rules_posted": False},
    "screen": {"equipment": ["printer"]},
    "printer": {"equipment": ["touchscreen"]},
    "workdays": {"opens_every_workday": False},
}


def change(page, **values):
    ReadingPointPage.objects.filter(pk=page.pk).update(**values)


@pytest.fixture
def township():
    """Four villages: complete, without printer, withdrawn, without a point."""
    make_reading_point(VillageFactory(name="上云村", code="v1", sort_order=1))
    make_reading_point(
        VillageFactory(name="下云村", code="v2", sort_order=2), equipment=["computer"]
    )
    gone = make_reading_point(VillageFactory(name="溪口村", code="v3", sort_order=3))
    change(gone, live=False, withdrawn_at=timezone.now())
    VillageFactory(name="竹里村", code="v4", sort_order=4)


def csv_rows(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_each_condition_has_a_case():
    assert set(LACKING) == {condition.code for condition in CONDITIONS}


@pytest.mark.parametrize("code", LACKING)
def test_a_village_counts_only_if_every_condition_is_met(code):
    point = make_reading_point()
    assert read_coverage().complete == 1
    change(point, **LACKING[code])
    found = read_coverage()
    assert (found.total, found.complete, found.with_point) == (1, 0, 1)
    assert [condition.code for condition in found.failing[0].failing] == [code]
    assert not ReadingPointPage.objects.get(pk=point.pk).complete


def test_villages_without_a_public_point_are_in_the_figure(township):
    found = read_coverage()
    assert (found.total, found.complete, found.with_point) == (4, 1, 2)
    assert found.sentence == "4 个村，达标 1，覆盖率 25%"
    assert {row.village.name: row.reasons for row in found.failing} == {
        "下云村": ["没有打印机"],
        "溪口村": ["还没有公开的查阅点"],
        "竹里村": ["还没有公开的查阅点"],
    }


def test_the_townships_window_counts_for_no_village(township):
    window = make_reading_point(VillageFactory(name="镇", code="v5"))
    change(window, village=None)
    assert (read_coverage().total, read_coverage().complete) == (5, 1)


def test_nothing_is_rounded_up_and_no_village_is_no_rate():
    village = VillageFactory.build()
    done, open_ = VillageCoverage(village, object()), VillageCoverage(village)
    assert Coverage([done] * 34 + [open_]).rate == "97.1%"
    assert Coverage([done] * 9999 + [open_]).rate == "99.9%"
    assert Coverage([done] * 35).rate == "100%"
    assert Coverage([]).sentence == "还没有录入村，算不出覆盖率。"


def test_the_csv_has_every_village_and_every_condition(client, township):
    response = client.get(CSV)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]
    rows = csv_rows(response.content.decode())
    assert [(row["村"], row["达标"], row["还差什么"]) for row in rows] == [
        ("上云村", "是", ""),
        ("下云村", "否", "没有打印机"),
        ("溪口村", "否", "还没有公开的查阅点"),
        ("竹里村", "否", "还没有公开的查阅点"),
    ]
    assert (rows[1]["能上网查"], rows[1]["能打印"]) == ("是", "否")
    assert rows[0]["A 岗管理员"] == "周建平"
    assert not any(rows[2][name] for name in ("查阅点", "地点", "A 岗管理员", "网址"))


def test_a_cell_is_no_formula(client):
    make_reading_point(VillageFactory(name="上云村"), address="=1+1")
    assert csv_rows(client.get(CSV).content.decode())[0]["地点"] == "'=1+1"


def test_the_json_tells_the_same(client, township):
    told = json.loads(client.get(JSON).content)
    assert (told["villages"], told["complete"], told["rate"]) == (4, 1, 0.25)
    assert [p["failing"] for p in told["points"]] == [[], ["printer"], [], []]
    assert [p["has_point"] for p in told["points"]] == [True, True, False, False]
    assert set(told["conditions"]) == set(LACKING)


def test_the_list_links_to_the_figures(client, township):
    text = client.get("/reading-points/").content.decode()
    assert f'href="{CSV}"' in text
    assert f'href="{JSON}"' in text
    assert "<b>下云村</b>：没有打印机" in text


def test_a_portal_has_no_figure(client, settings):
    make_site()
    settings.GONGKAI_ROLE = "portal"
    assert client.get(CSV).status_code == 404
    with pytest.raises(CommandError):
        call_command("reading_point_coverage")


def test_the_command_prints_the_figure_and_the_reasons(capsys, tmp_path, township):
    target = tmp_path / "coverage.csv"
    call_command("reading_point_coverage", csv=target)
    assert capsys.readouterr().out.splitlines() == [
        "4 个村，达标 1，覆盖率 25%",
        *("下云村：没有打印机", "溪口村：还没有公开的查阅点"),
        "竹里村：还没有公开的查阅点",
    ]
    assert len(csv_rows(target.read_text("utf-8"))) == 4
    call_command("reading_point_coverage", json=True)
    assert json.loads(capsys.readouterr().out)["complete"] == 1


def test_a_file_that_cannot_be_written_is_told(tmp_path, township):
    with pytest.raises(CommandError, match="写不了"):
        call_command("reading_point_coverage", csv=tmp_path / "no" / "c.csv")


@pytest.mark.parametrize("place", ["csv", "report"])
def test_queries_do_not_grow(client, django_assert_max_num_queries, place):
    path = CSV if place == "csv" else reverse(REPORT)
    make_site()
    client.force_login(make_people()["officer"])
    for _number in range(3):
        make_reading_point(has_sign=False)
    client.get(path)
    with django_assert_max_num_queries(30) as few:
        assert client.get(path).status_code == 200
    for _number in range(30):
        make_reading_point(has_sign=False)
    client.get(path)
    with django_assert_max_num_queries(30) as many:
        client.get(path)
    assert len(many) <= len(few)


def test_the_officers_report_says_what_to_do(client, township):
    people = make_people()
    client.force_login(people["officer"])
    day = timezone.localdate()
    point = ReadingPointPage.objects.get(village__name="上云村")
    for post in "ab":
        ManagerAbsence.objects.create(page=point, post=post, from_date=day, to_date=day)
    text = client.get(reverse(REPORT)).content.decode()
    assert "4 个村，达标 1，覆盖率 25%" in text
    for state in ("已公开", "已撤回", "还没有建"):
        assert f"<td>{state}</td>" in text
    assert "A 岗和 B 岗今天都请假，请安排代班" in text
    client.force_login(people["clerk"])
    assert client.get(reverse(REPORT)).status_code in (302, 403)
