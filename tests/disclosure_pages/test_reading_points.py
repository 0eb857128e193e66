import datetime as dt
import re
from html import unescape
from uuid import uuid4

import pytest
import time_machine
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Page, Revision

from cms.approval import publication_approved
from cms.models import Authority, CalendarDay, Village
from cms.services.review import ReviewConflict
from disclosure_pages.checks.levels import BLOCK, WARN
from disclosure_pages.checks.rules import check_page
from disclosure_pages.models import (
    DisclosureImage,
    ManagerAbsence,
    ReadingPointPage,
    ReadingPointPhoto,
)
from disclosure_pages.public_state import public_states
from disclosure_pages.reading_point_duty import Seasons, State, hours_on, spans
from disclosure_pages.reading_point_map import Box, places, width_of, window_place
from disclosure_pages.reading_point_rules import dialled, phone_error
from disclosure_pages.wagtail_hooks import VillageViewSet
from tests.disclosure_pages.test_today import write_tables
from tests.factories import VillageFactory, make_reading_point, make_site

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site_of_the_module")]

INDEX = "/reading-points/"
HOURS = "08:30–11:30，13:30–17:00"
SUMMER = "08:30–11:30，14:30–17:30"
TUESDAY = dt.datetime(2026, 11, 24, 9, 0)
SATURDAY = dt.datetime(2026, 11, 28, 9, 0)
NATIONAL_DAY = dt.datetime(2026, 10, 1, 9, 0)
UNKNOWN_YEAR = dt.datetime(2031, 3, 4, 9, 0)


@pytest.fixture(scope="module")
def site_of_the_module(django_db_setup, django_db_blocker):
    """One site for all tests of the module; gone with its transaction."""
    with django_db_blocker.unblock(), transaction.atomic():
        make_site()
        yield
        transaction.set_rollback(True)


def at(moment):
    """Stop the clock at a local time."""
    local = moment.replace(tzinfo=timezone.get_default_timezone())
    return time_machine.travel(local, tick=False)


def address(page):
    return page.url_path.removeprefix("/home")


def text_of(response):
    return response.content.decode()


def names(response):
    return [row.name for row in response.context["list"].rows]


def make_image(description):
    """A stored picture."""
    return DisclosureImage.objects.create(
        title="照片", description=description, file=get_test_image_file()
    )


def away(page, first, last, post="a", **values):
    return ManagerAbsence.objects.create(
        page=page, post=post, from_date=first, to_date=last, **values
    )


# Hours, seasons, phones


@pytest.mark.parametrize(
    ("hours", "found"),
    [
        (HOURS, [("08:30", "11:30"), ("13:30", "17:00")]),
        ("8:30-11:30, 13:30-17:00", [("08:30", "11:30"), ("13:30", "17:00")]),
        ("上午8:30至11:30，下午2:30至5:30", [("08:30", "11:30"), ("14:30", "17:30")]),
        ("工作日 9：00～16：00", [("09:00", "16:00")]),
        ("上午8点30分到11点", [("08:30", "11:00")]),
        ("逢集日 08:30–11:30", []),
        ("周一、周三 08:30–11:30", []),
        ("17:00–08:00", []),
        ("25:00–26:00", []),
        ("13:30–17:00，08:30–11:30", []),
        ("全天", []),
        ("", []),
    ],
)
def test_hours_are_read_only_when_all_of_them_is_understood(hours, found):
    read = [(f"{a:%H:%M}", f"{b:%H:%M}") for a, b in spans(hours)]
    assert read == found


def test_the_season_decides_about_the_hours():
    seasons = Seasons("05-01", "09-30")
    point = ReadingPointPage(hours_summer="夏", hours_winter="冬")
    for day, hours in [
        ("04-30", "冬"),
        ("05-01", "夏"),
        ("09-30", "夏"),
        ("10-01", "冬"),
    ]:
        there = dt.date.fromisoformat(f"2026-{day}")
        assert hours_on(point, there, seasons) == hours
    assert seasons.summer == "5月1日至9月30日"
    assert seasons.winter == "10月1日至4月30日"
    point.hours_winter = ""
    assert hours_on(point, dt.date(2026, 1, 1), seasons) == "夏"


def test_a_summer_over_new_year_and_a_day_that_does_not_exist():
    assert Seasons("11-01", "02-28").is_summer(dt.date(2026, 1, 1))
    assert not Seasons("11-01", "02-28").is_summer(dt.date(2026, 6, 1))
    assert Seasons("02-30", "06-31").summer == "2月29日至6月30日"


@pytest.mark.parametrize(
    "phone",
    ["", "12345", "0000-62002100", "（0571）6200 2100", "0000-62002100 转 803"]
    + ["62002100、62002101", "+86 571 62002100", "138 0000 0000", "６２００２１００"],
)
def test_any_usual_way_of_writing_a_phone_is_good(phone):
    assert phone_error(phone) == ""


@pytest.mark.parametrize("phone", ["找小王", "12", "62002100（小王）", "-"])
def test_what_is_no_phone_is_refused_in_words(phone):
    assert "看不出是电话号码" in phone_error(phone)


def test_the_first_number_is_dialled():
    assert dialled("（0571）6200 2100 转 803") == "057162002100"
    assert dialled("62002100、62002101") == "62002100"
    assert dialled("找小王") == ""


# Open or not, and who is there


@pytest.mark.parametrize(
    ("moment", "state", "told"),
    [
        (TUESDAY, State.OPEN, "现在开放，到 11:30"),
        (TUESDAY.replace(hour=12), State.LATER, "今天 13:30 开放"),
        (TUESDAY.replace(hour=18), State.OVER, "下次开放：11月25日（星期三）"),
        (SATURDAY, State.DAY_OFF, "下次开放：11月30日（星期一）"),
        (NATIONAL_DAY, State.DAY_OFF, "今天休息"),
        (UNKNOWN_YEAR, State.UNKNOWN, "去之前请先打电话"),
        (UNKNOWN_YEAR.replace(day=8), State.UNKNOWN, "去之前请先打电话"),
    ],
)
def test_a_point_says_how_it_stands_now(client, moment, state, told):
    point = make_reading_point(hours_summer=HOURS)
    with at(moment):
        response = client.get(address(point))
    assert response.context["standing"].state == state
    assert told in text_of(response)


def test_a_make_up_weekend_is_open(client):
    CalendarDay.objects.update_or_create(
        day=SATURDAY.date(), defaults={"is_workday": True, "name": "调休"}
    )
    point = make_reading_point(hours_summer=HOURS)
    with at(SATURDAY):
        assert client.get(address(point)).context["standing"].is_open


def test_the_season_that_holds_is_marked(client):
    point = make_reading_point(hours_summer=SUMMER, hours_winter=HOURS)
    with at(TUESDAY):
        winter = client.get(address(point))
    with at(dt.datetime(2026, 7, 7, 14, 0)):
        summer = client.get(address(point))
    assert winter.context["standing"].hours == HOURS
    assert winter.context["standing"].is_open
    assert "冬季开放 <span" in text_of(winter)
    assert summer.context["standing"].hours == SUMMER
    assert summer.context["standing"].state == State.LATER
    assert "夏季开放 <span" in text_of(summer)
    assert "5月1日至9月30日" in text_of(winter)


def test_the_dates_of_the_seasons_are_the_authoritys(client):
    point = make_reading_point(hours_summer=SUMMER, hours_winter=HOURS)
    authority = Authority.load()
    authority.summer_from, authority.summer_to = "07-01", "08-31"
    authority.save()
    with at(dt.datetime(2026, 6, 9, 14, 0)):
        response = client.get(address(point))
    assert response.context["standing"].hours == HOURS
    assert "7月1日至8月31日" in text_of(response)


def test_b_covers_while_a_is_away_and_only_then(client):
    point = make_reading_point(backup_phone="0000-62002101")
    away(point, dt.date(2026, 11, 23), dt.date(2026, 11, 25))
    with at(TUESDAY):
        covered = text_of(client.get(address(point)))
    assert "今天由 B 岗 林素芬 值班（A 岗 11月23日至11月25日不在）" in covered
    assert 'href="tel:000062002101"' in covered
    with at(TUESDAY.replace(day=26)):
        back = text_of(client.get(address(point)))
    assert "今天由 A 岗 周建平 值班" in back
    assert "不在" not in back.split('id="now"')[1].split("</div>")[0]


def test_the_copy_of_yesterday_is_never_shown(client):
    point = make_reading_point()
    away(point, dt.date(2026, 11, 25), dt.date(2026, 11, 25))
    with at(TUESDAY.replace(hour=23, minute=59, second=40)):
        client.get(address(point))
    with at(dt.datetime(2026, 11, 25, 9, 0)):
        assert "今天由 B 岗 林素芬 值班" in text_of(client.get(address(point)))
    with at(TUESDAY.replace(hour=11, minute=29, second=50)):
        assert "现在开放" in text_of(client.get(address(point)))
    with at(TUESDAY.replace(hour=11, minute=30, second=10)):
        assert "现在没有开门" in text_of(client.get(address(point)))


def test_a_stand_in_is_named_and_both_away_means_ringing_first(client):
    point = make_reading_point(phone="0000-62002100")
    day = TUESDAY.date()
    row = away(point, day, day, stand_in="郑丽华", stand_in_phone="0000-62002109")
    with at(TUESDAY):
        assert "今天由 代班 郑丽华 值班" in text_of(client.get(address(point)))
    row.stand_in = ""
    row.save()
    away(point, day, day, post="b")
    with at(TUESDAY):
        response = client.get(address(point))
    assert response.context["standing"].state == State.CALL
    assert "今天 A 岗和 B 岗都不在" in text_of(response)
    assert 'href="tel:000062002100"' in text_of(response)


def test_what_is_not_known_is_not_claimed(client):
    irregular = make_reading_point(opens_every_workday=False)
    vague = make_reading_point(hours_summer="逢集日上午")
    with at(TUESDAY):
        first, second = client.get(address(irregular)), client.get(address(vague))
        listed = client.get(f"{INDEX}?state=open")
    assert first.context["standing"].state == State.CALL
    assert second.context["standing"].state == State.UNKNOWN
    for response in (first, second):
        assert "今天由" not in text_of(response)
    assert names(listed) == []
    with at(UNKNOWN_YEAR):
        assert "节假日安排还没有录入" in text_of(client.get(INDEX))


# The page


def test_the_page_leads_to_the_nearest_complete_point(client):
    here = VillageFactory(name="上云村", map_x=10, map_y=10)
    lacking = make_reading_point(here, equipment=["computer"])
    make_reading_point(VillageFactory(name="远村", map_x=800, map_y=500))
    make_reading_point(VillageFactory(name="近村", map_x=60, map_y=60))
    make_reading_point(
        VillageFactory(name="更近村", map_x=20, map_y=20), has_sign=False
    )
    make_reading_point(VillageFactory(name="草稿村", map_x=11, map_y=11), live=False)
    window = make_reading_point(VillageFactory(name="镇"))
    ReadingPointPage.objects.filter(pk=window.pk).update(village=None, title="窗口")
    with at(TUESDAY):
        response = client.get(address(lacking))
    assert [row.name for row in response.context["neighbours"]] == ["近村", "窗口"]
    assert "没有打印机" in text_of(response)


def test_who_is_only_closed_for_now_names_only_open_points(client):
    point = make_reading_point(hours_summer=HOURS)
    make_reading_point(VillageFactory(name="午间村"), hours_summer="11:00–14:00")
    make_reading_point(hours_summer=HOURS)
    with at(TUESDAY):
        assert client.get(address(point)).context["neighbours"] == []
    with at(TUESDAY.replace(hour=12)):
        found = client.get(address(point)).context["neighbours"]
    assert [row.name for row in found] == ["午间村"]
    with at(SATURDAY):
        assert client.get(address(point)).context["neighbours"] == []


def test_the_sign_is_all_that_is_printed(client):
    point = make_reading_point(hours_summer=SUMMER, hours_winter=HOURS)
    text = text_of(client.get(address(point)))
    sign = text.split('<div class="sign print-only">')[1].split("<article")[0]
    for part in ("政府信息公开查阅点", SUMMER, HOURS, "周建平", "林素芬", 'class="qr"'):
        assert part in sign
    assert "值班（" not in sign
    assert '<div class="no-print"><div class="split has-aside">' in text
    assert text.count("<h1") == 1
    assert " style=" not in text


def test_rules_and_equipment_are_told(client):
    point = make_reading_point(
        rules="<ol><li>爱护设备</li></ol>", equipment=["computer", "reader", "rack"]
    )
    text = text_of(client.get(address(point)))
    for part in ("爱护设备", "电脑、朗读设备、资料架", "听朗读", "翻看纸质资料"):
        assert part in text


def test_the_portal_gets_hours_and_managers():
    point = make_reading_point(phone="0000-62002100", hours_winter="冬天的时间")
    html = public_states([point.key])[point.key].html
    for part in ("村委会一楼", "冬天的时间", "周建平", "林素芬", "0000-62002100"):
        assert part in html


# The list


def test_a_village_is_typed_or_chosen(client):
    make_reading_point(VillageFactory(name="上云村", code="upper"))
    make_reading_point(VillageFactory(name="下云村"))
    make_reading_point(VillageFactory(name="溪口村"))
    VillageFactory(name="竹里村")
    assert names(client.get(f"{INDEX}?village=upper")) == ["上云村"]
    assert names(client.get(f"{INDEX}?village=上云村")) == ["上云村"]
    assert names(client.get(f"{INDEX}?village=云")) == ["上云村", "下云村"]
    assert names(client.get(f"{INDEX}?village= 溪口 ")) == ["溪口村"]
    none = client.get(f"{INDEX}?village=竹里村")
    assert names(none) == []
    assert "竹里村还没有公开的查阅点" in text_of(none)
    wrong = client.get(f"{INDEX}?village=<b>某村</b>")
    assert "没有叫“&lt;b&gt;某村&lt;/b&gt;”的村" in text_of(wrong)


def test_filters_add_up_and_stay_in_the_form(client):
    upper, lower = VillageFactory(name="上云村"), VillageFactory(name="下云村")
    make_reading_point(upper, equipment=["computer", "printer", "reader"])
    make_reading_point(lower, equipment=["reader"], opens_every_workday=False)
    with at(TUESDAY):
        reader = client.get(f"{INDEX}?equipment=reader")
        both = client.get(f"{INDEX}?equipment=reader&state=complete")
        opened = client.get(f"{INDEX}?state=open")
        nothing = client.get(f"{INDEX}?village=下云村&state=open")
    assert names(reader) == ["上云村", "下云村"]
    assert names(both) == ["上云村"]
    assert names(opened) == ["上云村"]
    assert '<option value="reader" selected>' in text_of(both)
    assert '<option value="complete" selected>' in text_of(both)
    assert "没有符合条件的查阅点" in text_of(nothing)
    assert 'href="?state=open#list"' in text_of(nothing)
    assert names(client.get(f"{INDEX}?equipment=x&state=x")) == ["上云村", "下云村"]


def test_the_table_tells_todays_hours_and_who_is_there(client):
    point = make_reading_point(
        hours_summer=SUMMER, hours_winter=HOURS, primary_phone="0000-62002100"
    )
    with at(TUESDAY):
        text = text_of(client.get(INDEX))
    row = text.split("<tbody")[1].split("</tbody>")[0]
    for part in (HOURS, "周建平", "A 岗", 'href="tel:000062002100"', "村委会一楼"):
        assert part in row
    assert SUMMER not in row
    away(point, TUESDAY.date(), TUESDAY.date())
    with at(TUESDAY):
        row = text_of(client.get(INDEX)).split("<tbody")[1]
    assert "林素芬" in row


def test_an_unapproved_or_withdrawn_point_is_nowhere(client):
    make_reading_point(VillageFactory(name="草稿村"), live=False)
    gone = make_reading_point(VillageFactory(name="撤回村", map_x=50, map_y=50))
    ReadingPointPage.objects.filter(pk=gone.pk).update(
        live=False, withdrawn_at=timezone.now()
    )
    response = client.get(INDEX)
    assert names(response) == []
    assert address(gone) not in text_of(response)


# The map


def test_names_and_dots_of_the_map_do_not_overlap():
    named = [
        (number, f"第{number}号村", 60 + 70 * (number % 12), 40 + 60 * (number // 12))
        for number in range(100)
    ]
    found = places(named)
    boxes = [Box.around(place.x, place.y, 20, 20) for place in found]
    boxes += [
        Box.around(place.text_x, place.text_y - 6, width_of(name), 20)
        for place, (_subject, name, _x, _y) in zip(found, named, strict=True)
        if place.shows_name
    ]
    for number, box in enumerate(boxes):
        assert not any(box.hits(other) for other in boxes[number + 1 :])


def test_the_map_leads_by_keyboard_to_every_point(client):
    point = make_reading_point(VillageFactory(name="上云村", map_x=64, map_y=49))
    make_reading_point(
        VillageFactory(name="下云村", map_x=295, map_y=47), has_sign=False
    )
    VillageFactory(name="溪口村", map_x=431, map_y=64)
    VillageFactory(name="没有位置村")
    window = make_reading_point(VillageFactory(name="镇"))
    ReadingPointPage.objects.filter(pk=window.pk).update(village=None, title="窗口")
    with at(TUESDAY):
        text = text_of(client.get(INDEX))
    svg = text.split("<svg viewBox")[1].split("</svg>")[0]
    assert f'<a href="{address(point)}" aria-label="上云村，条件齐全，开放中">' in svg
    assert 'aria-label="下云村，条件未齐，开放中"' in svg
    assert 'aria-label="窗口，条件齐全，开放中"' in svg
    assert "溪口村" in svg
    assert "没有位置村" not in svg
    assert svg.count("<a ") == 3
    assert "<script" not in svg


def test_the_window_stands_clear_of_the_villages():
    named = [(n, "某村", 40 + 60 * (n % 13), 40 + 90 * (n // 13)) for n in range(78)]
    found = places(named)
    window = window_place("镇", found, [name for _s, name, _x, _y in named])
    assert window.shows_name
    mark = Box.around(window.x, window.y, 26, 26)
    assert not any(mark.hits(Box.around(p.x, p.y, 20, 20)) for p in found)


# Publication


def publish_revision(revision):
    with publication_approved("test"):
        revision.publish(skip_permission_checks=True)


def publish(page):
    publish_revision(page.save_revision())


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"primary_manager": " "}, "A 岗管理员还没有填"),
        ({"backup_manager": " "}, "B 岗管理员还没有填"),
        ({"backup_manager": "周建平"}, "同一个人（周建平）"),
        ({"address": " "}, "地点还没有填"),
        ({"hours_summer": " "}, "开放时间还没有填"),
        ({"primary_phone": "找小王"}, "看不出是电话号码"),
    ],
)
def test_an_incomplete_point_is_not_published(values, sentence):
    point = make_reading_point(live=False)
    for name, value in values.items():
        setattr(point, name, value)
    with pytest.raises(ReviewConflict, match=re.escape(sentence)):
        publish(point)
    assert not ReadingPointPage.objects.get(pk=point.pk).live


def test_the_stored_row_says_nothing_about_an_incomplete_revision():
    point = make_reading_point()
    day = dt.date(2026, 11, 24)
    point.backup_manager = " "
    point.absences = [ManagerAbsence(post="a", from_date=day, to_date=day)] * 2
    revision = Revision.objects.get(pk=point.save_revision().pk)
    with pytest.raises(ReviewConflict, match="B 岗管理员还没有填.*日期重叠"):
        publish_revision(revision)
    assert ReadingPointPage.objects.get().backup_manager == "林素芬"


def test_a_revision_may_not_take_the_village_of_another_point():
    taken = make_reading_point(VillageFactory(name="上云村"))
    point = make_reading_point()
    point.village = taken.village
    revision = Revision.objects.get(pk=point.save_revision(clean=False).pk)
    with pytest.raises(ReviewConflict, match="已经有查阅点“上云村查阅点”"):
        publish_revision(revision)


def test_a_complete_revision_is_published_over_an_incomplete_row():
    revision = Revision.objects.for_instance(make_reading_point(live=False)).get()
    ReadingPointPage.objects.update(address="", backup_manager="")
    publish_revision(revision)
    point = ReadingPointPage.objects.get()
    assert point.live
    assert point.address == "村委会一楼"


def form_of(page, *, draft, **values):
    """The editor's form as it comes in; a draft asks for nothing but a title."""
    form_class = ReadingPointPage.get_edit_handler().get_form_class()
    data = {"title": "新查阅点", "slug": "point-new", **values}
    for name in ("absences", "photos", "comments"):
        data |= {f"{name}-{part}": 0 for part in ("TOTAL_FORMS", "INITIAL_FORMS")}
    form = form_class(data, instance=page, parent_page=page.get_parent())
    if draft:
        form.defer_required_fields()
    form.is_valid()
    return form


def test_a_title_alone_is_a_draft():
    point = make_reading_point(live=False)
    assert form_of(point, draft=True).errors == {}
    errors = form_of(point, draft=False).errors
    assert set(errors) == {
        *("address", "hours_summer", "primary_manager", "backup_manager")
    }
    assert "先存草稿" in errors["primary_manager"][0]


def test_the_form_says_what_is_wrong_where_it_is_wrong():
    point = make_reading_point(live=False)
    errors = form_of(
        point,
        draft=False,
        **{"address": "一楼", "hours_summer": HOURS, "phone": "找小王"},
        **{"primary_manager": "周建平", "backup_manager": "周建平"},
        village=make_reading_point(VillageFactory(name="上云村")).village_id,
    ).errors
    assert "看不出是电话号码" in errors["phone"][0]
    assert "同一个人" in errors["backup_manager"][0]
    assert "已经有查阅点“上云村查阅点”" in errors["village"][0]
    assert len(errors) == 3


def test_the_checks_say_it_before_anybody_submits():
    good = make_reading_point(live=False)
    assert check_page(good) == []
    point = make_reading_point(live=False, has_sign=False, phone="找小王")
    point.photo = make_image(description="")
    found = {problem.code: problem for problem in check_page(point)}
    assert set(found) == {"point_part", "image_description", "point_incomplete"}
    assert found["point_part"].field == "phone"
    assert found["point_part"].level == found["image_description"].level == BLOCK
    assert "没有挂标志牌" in found["point_incomplete"].message
    assert found["point_incomplete"].level == WARN


def test_photos_tell_what_they_show_and_are_public_with_the_page(client):
    point = make_reading_point(photo=make_image(description="白墙红顶的平房"))
    point.photos = [ReadingPointPhoto(image=make_image(description=""), caption="室内")]
    publish(point)
    text = text_of(client.get(address(point)))
    assert 'alt="白墙红顶的平房"' in text
    assert 'alt="室内"' in text
    pictures = re.findall(r'<img[^>]* src="([^"]+)"', text)
    assert len(pictures) == 2
    assert [client.get(path).status_code for path in pictures] == [200, 200]
    ReadingPointPage.objects.filter(pk=point.pk).update(
        live=False, withdrawn_at=timezone.now()
    )
    assert [client.get(path).status_code for path in pictures] == [404, 404]


def test_absences_of_one_post_may_not_overlap():
    point = make_reading_point(live=False)
    day = dt.date(2026, 11, 24)
    point.absences = [
        ManagerAbsence(post="a", from_date=day, to_date=day + dt.timedelta(3)),
        ManagerAbsence(post="a", from_date=day + dt.timedelta(3), to_date=day),
        ManagerAbsence(post="b", from_date=day, to_date=day),
    ]
    with pytest.raises(ReviewConflict, match="A 岗的两次请假日期重叠（2026-11-27）"):
        publish(point)


def test_a_village_has_one_point():
    first = make_reading_point(VillageFactory(name="上云村"))
    second = make_reading_point(live=False)
    second.village = first.village
    with pytest.raises(ValidationError, match="已经有查阅点“上云村查阅点”"):
        second.full_clean()
    with pytest.raises((ReviewConflict, ValidationError), match="一个村只设一个"):
        publish(second)


def test_a_wrong_absence_is_refused_in_words():
    row = ManagerAbsence(from_date=dt.date(2026, 5, 2), to_date=dt.date(2026, 5, 1))
    with pytest.raises(ValidationError, match="不能早于"):
        row.clean()
    row = ManagerAbsence(stand_in_phone="找小王")
    with pytest.raises(ValidationError, match="看不出是电话号码"):
        row.clean()


# Queries


def queries(client, path, limit, check):
    client.get(path)
    with check(limit) as found:
        assert client.get(path).status_code == 200
    return len(found)


@pytest.mark.parametrize("place", ["list", "point", "closed"])
def test_queries_are_the_same_for_ten_times_the_villages(
    client, django_assert_max_num_queries, place
):
    point = make_reading_point(has_sign=place != "closed")
    for _number in range(4):
        make_reading_point()
    path = INDEX if place == "list" else address(point)
    with at(TUESDAY):
        few = queries(client, path, 12, django_assert_max_num_queries)
        many_points(44)  # and the one they are like
        cache.clear()
        many = queries(client, path, 12, django_assert_max_num_queries)
    assert many <= few


HOSTILE = ['"><script>x</script>', "</text></svg><b>", "&lt;", "村" * 40, "W" * 40]


def test_a_hostile_name_stays_a_name_on_the_map(client):
    for number, name in enumerate(HOSTILE):
        village = VillageFactory(name=name, map_x=800, map_y=60 * number + 60)
        if number % 2:
            make_reading_point(village)
    text = text_of(client.get(INDEX)).partition("<svg")[2].partition("</svg>")[0]
    assert "<script" not in text and "<b>" not in text
    assert "&amp;lt;" in text
    assert len(re.findall("<circle", text)) == len(HOSTILE)
    for x, name in re.findall(r'<text x="(\d+)" y="\d+">([^<]+)</text>', text):
        assert int(x) + width_of(unescape(name)) // 2 <= 880


def test_a_dot_at_the_edge_is_whole():
    for x, y in ((1, 1), (0, 300), (30_000, 30_000)):
        [place] = places([("s", "云村", x, y)])
        assert Box.around(place.x, place.y, 20, 20).inside


def test_marks_that_nobody_sees_are_kept_out_of_names():
    point = make_reading_point(live=False)
    point.title = "\u202e村云上"
    with pytest.raises(ReviewConflict, match="看不见的控制字符"):
        publish(point)
    values = {"name": "上\u202e云\u200b村", "code": "x", "map_x": 1, "map_y": 1}
    form = VillageViewSet.edit_handler.bind_to_model(Village).get_form_class()(
        values | {"sort_order": 0}
    )
    assert form.is_valid(), form.errors
    assert form.cleaned_data["name"] == "上云村"


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([(27, 23)], "结束日期早于开始日期"),
        ([(23, 27), (27, 28)], "日期重叠"),
        ([(1, 30), (2, 3), (10, 12)], "日期重叠"),
        ([(23, 27), (26, 24)], "结束日期早于开始日期"),
    ],
)
def test_absences_that_cannot_be_are_not_published(rows, sentence):
    point = make_reading_point(live=False)
    point.absences = [
        ManagerAbsence(
            post="a",
            from_date=dt.date(2026, 11, first),
            to_date=dt.date(2026, 11, last),
        )
        for first, last in rows
    ]
    with pytest.raises(ReviewConflict, match=sentence):
        publish(point)


def test_a_village_without_managers_rings_nobody_up(client):
    village = VillageFactory(name="溪口村", map_x=200, map_y=200)
    point = make_reading_point(village)
    ReadingPointPage.objects.filter(pk=point.pk).update(
        primary_manager="", backup_manager=""
    )
    with at(TUESDAY):
        assert "先打电话" in text_of(client.get(INDEX))
        assert client.get(address(point)).status_code == 200


# Many villages


def many_points(number):
    """Add so many villages, each with a public point and a place."""
    model = make_reading_point(VillageFactory(name="首村", sort_order=0))
    villages = Village.objects.bulk_create(
        Village(code=f"v-{n}", name=f"山{n}村", sort_order=n, map_x=40 + n % 20 * 40,
                map_y=40 + n // 20 * 28)
        for n in range(1, number + 1)
    )  # fmt: skip
    parent = model.path[: -Page.steplen]
    values = {f.attname: getattr(model, f.attname) for f in model._meta.concrete_fields}
    del values["id"], values["page_ptr_id"]
    write_tables([
        ReadingPointPage(**values | {
            "village_id": village.pk, "translation_key": uuid4(),
            "slug": village.code, "hours_winter": HOURS, "has_sign": village.pk % 2,
            "address": f"{village.name}村委会一楼便民服务室",
            "primary_phone": "0000-62002100",
            "url_path": f"{model.url_path.rsplit('/', 2)[0]}/{village.code}/",
            "path": parent + Page._int2str(1000 + village.sort_order).rjust(4, "0"),
        })
        for village in villages
    ])  # fmt: skip


def test_hundreds_of_villages_stay_light(client):
    many_points(349)
    client.get(INDEX)
    with CaptureQueriesContext(connection) as asked:
        first = client.get(INDEX)
    text = text_of(first)
    assert len(first.content) <= 120_000 and len(asked) <= 12
    assert "共 350 个，第 1—20 个" in text and "共 18 页，每页 20 条" in text
    assert len(re.findall('<circle class="(?:full|part)"', text)) == 349
    drawn = text.partition("<svg")[2]
    for point in ReadingPointPage.objects.exclude(village__map_x=0):
        assert f'href="{address(point)}"' in drawn
    Village.objects.update(map_x=0, map_y=0)  # the map was seen
    seen = [
        name for n in range(1, 19) for name in names(client.get(f"{INDEX}?page={n}"))
    ]
    assert seen == ["首村", *(f"山{n}村" for n in range(1, 350))]
    assert names(client.get(f"{INDEX}?page=99")) == seen[340:]
    assert names(client.get(f"{INDEX}?page=x")) == seen[:20]
    second = client.get(f"{INDEX}?equipment=printer&page=2")
    assert names(second) == seen[20:40]
    assert 'href="?equipment=printer&amp;page=3#list" rel="next"' in text_of(second)
    assert names(client.get(f"{INDEX}?village=山349村&page=3")) == ["山349村"]
