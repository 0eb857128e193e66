"""An act at a real site is in the chain within seconds; the whole chain holds."""

import json
import time

import httpx

WITHIN_S = 5


def sign_in(site):
    """Sign in as the officer; returns when it was done."""
    with httpx.Client(base_url=site.url, follow_redirects=True) as desk:
        desk.get("/admin/login/")
        form = {
            "username": "officer",
            "password": site.password,
            "csrfmiddlewaretoken": desk.cookies["csrftoken"],
        }
        answer = desk.post("/admin/login/", data=form, headers={"Referer": site.url})
        assert answer.url.path == "/admin/"


def test_an_act_is_sealed_within_five_seconds(site):
    before = json.loads(site.manage("verify_audit", "--json"))
    sign_in(site)
    time.sleep(WITHIN_S)
    after = json.loads(site.manage("verify_audit", "--json"))
    assert after["ok"]
    assert after["unsealed"] == 0
    assert after["checked"] > before["checked"]
    assert after["heads"] > 0  # the ends of the chain are kept beside the database
