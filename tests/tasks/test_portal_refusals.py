"""What a portal's refusal becomes on the township's desk."""

import httpx
import pytest

from tasks.portal.client import Answer
from tasks.targets.base import TargetDown
from tasks.targets.portal import FULL_WAIT_S, Rejected, _expect


def answer(status, headers=(), **data):
    return Answer(status, httpx.Headers(dict(headers)), data)


@pytest.mark.parametrize("quota", ["items", "bytes"])
def test_a_full_place_is_tried_again_and_says_why(quota):
    with pytest.raises(Rejected) as rejected:
        _expect(answer(413, error="已满 2 条，请联系门户放宽。", quota=quota), 200)
    error = rejected.value.error
    assert "已满 2 条，请联系门户放宽。" in error.reason_zh
    assert (error.retryable, error.again_s) == (True, FULL_WAIT_S)


def test_a_single_thing_that_is_too_large_is_not():
    with pytest.raises(Rejected) as rejected:
        _expect(answer(413, error="内容超过大小限制。", limit=10), 200)
    assert not rejected.value.error.retryable


def test_too_many_requests_say_so():
    said = answer(429, {"Retry-After": "20"}, error="一分钟最多 60 次请求")
    with pytest.raises(TargetDown, match="一分钟最多 60 次请求") as down:
        _expect(said, 200)
    assert down.value.retry_after == 20


def test_an_ended_key_says_so():
    with pytest.raises(TargetDown, match="请换上门户新发的密钥"):
        _expect(answer(401, error="旧密钥已停用，请换上门户新发的密钥。"), 200)
