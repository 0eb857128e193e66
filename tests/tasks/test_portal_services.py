import datetime as dt

import pytest
from django.utils import timezone

from disclosure_pages.models import ExternalItem, Origin
from disclosure_pages.models.external import bucket_of
from tasks.models import SeenMessage
from tasks.portal import services
from tasks.portal.protocol import MANIFEST_LIMIT, Refused
from tasks.portal.signing import EMPTY_SHA256, SignatureRefused, sign
from tests.tasks.messages import new_key

ORIGIN, OTHER = "11330099MB1A2B3C4D", "11330099MB1A2B3C5E"
OLD = "whsec_b2xkLWtleS1vbGQta2V5LW9sZC1rZXktb2xkLWtleQ=="
NEW = "whsec_bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleQ=="
THEIRS = "whsec_dGhlaXJzLXRoZWlycy10aGVpcnMtdGhlaXJzLXRoZWlycw=="
PATH = f"/portal/v1/digest/{ORIGIN}"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _pairs(settings):
    settings.GONGKAI_ORIGIN_KEYS = {ORIGIN: [OLD, NEW], OTHER: [THEIRS]}


def authenticate(headers, origin=ORIGIN):
    proof = services.signed(headers, "GET", PATH, EMPTY_SHA256, origin=origin)
    proof.use_up()
    return proof.origin.credit_code


@pytest.mark.parametrize("key", [OLD, NEW])
def test_old_and_new_key_are_accepted_while_a_key_is_replaced(key):
    assert authenticate(sign(key, "GET", PATH)) == ORIGIN


def test_a_replaced_key_is_refused_once_it_is_taken_out(settings):
    settings.GONGKAI_ORIGIN_KEYS = {ORIGIN: [NEW]}
    with pytest.raises(SignatureRefused):
        authenticate(sign(OLD, "GET", PATH))


def test_a_request_that_belongs_to_no_township_names_its_signer():
    assert authenticate(sign(THEIRS, "GET", PATH), origin=None) == OTHER


def test_a_township_that_is_not_paired_is_refused():
    with pytest.raises(SignatureRefused):
        authenticate(sign(THEIRS, "GET", PATH), origin="0" * 18)


@pytest.mark.parametrize("keys", [[], [""]])
def test_an_empty_key_opens_nothing(settings, keys):
    settings.GONGKAI_ORIGIN_KEYS = {ORIGIN: keys}
    with pytest.raises(SignatureRefused):
        authenticate(sign(OLD, "GET", PATH))


def test_a_township_that_was_switched_off_is_told_so():
    Origin.objects.create(credit_code=ORIGIN, name="云溪镇", enabled=False)
    with pytest.raises(Refused) as refused:
        authenticate(sign(OLD, "GET", PATH))
    assert refused.value.status == 403


def test_a_message_is_accepted_once_and_forgotten_when_it_is_too_old_to_come_again():
    headers = sign(OLD, "GET", PATH)
    authenticate(headers)
    with pytest.raises(SignatureRefused):
        authenticate(headers)
    SeenMessage.objects.update(seen_at=timezone.now() - dt.timedelta(minutes=16))
    services._last_forgotten[0] = 0.0
    authenticate(sign(OLD, "GET", PATH))
    assert SeenMessage.objects.count() == 1


def test_a_refused_request_uses_up_nothing():
    with pytest.raises(SignatureRefused):
        authenticate(sign(THEIRS, "GET", PATH))
    assert not SeenMessage.objects.exists()


def hold(count, origin=ORIGIN):
    keys = sorted(new_key() for _ in range(count))
    ExternalItem.objects.bulk_create(
        ExternalItem(
            origin=origin,
            key=key,
            bucket=bucket_of(key),
            version=1,
            state="published",
            sha256="a" * 64,
        )
        for key in keys
    )
    return keys


def test_a_manifest_lists_one_bucket():
    keys = hold(600)
    bucket = bucket_of(keys[0])
    rows, following = services.manifest(ORIGIN, bucket, "", 1000)
    assert [row.key for row in rows] == [k for k in keys if bucket_of(k) == bucket]
    assert following is None


@pytest.mark.parametrize(("limit", "size"), [(0, 1), (5, 5), (10**6, 20)])
def test_a_page_of_a_manifest_has_between_one_and_the_limit(limit, size):
    hold(20)
    assert len(services.manifest(ORIGIN, None, "", limit)[0]) == size
    assert MANIFEST_LIMIT == 1000


def test_a_township_sees_its_own_only():
    keys = hold(3)
    hold(3, OTHER)
    assert [row.key for row in services.held_rows(ORIGIN)] == keys


def test_a_digest_takes_one_query(django_assert_num_queries):
    hold(50)
    with django_assert_num_queries(1):
        services.digest(ORIGIN)
