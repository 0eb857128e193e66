"""An act at a real site is in the chain within seconds; the whole chain holds."""

import json
import time

WITHIN_S = 5


def test_an_act_is_sealed_within_five_seconds(site):
    before = json.loads(site.manage("verify_audit", "--json"))
    site.sign_in("officer").close()
    time.sleep(WITHIN_S)
    after = json.loads(site.manage("verify_audit", "--json"))
    assert after["ok"]
    assert after["unsealed"] == 0
    assert after["checked"] > before["checked"]
    assert after["heads"] > 0  # the ends of the chain are kept beside the database
