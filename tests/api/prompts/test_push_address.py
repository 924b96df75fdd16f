"""Push addresses come from a client: only known services, only their door, and only the open internet."""

from __future__ import annotations

import socket
from typing import Any

import httpcore
import pytest

from api.errors import PushEndpointRefused
from api.prompts.models import Delivery
from api.prompts.push import PushSender, Target
from api.prompts.push_address import GuardedBackend, check_endpoint, is_public
from tests.conftest import MONDAY_MORNING
from tests.support.cast import Phone
from tests.support.push_sink import PhoneKeys, PushSink

GOOD = [
    "https://fcm.googleapis.com/fcm/send/abc:DEF-123_x",
    "https://fcm.googleapis.com:443/wp/abc",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
    "https://web.push.apple.com/QOexample",
    "https://db5p.notify.windows.com/w/?token=BQYAAAB%2f",
]
BAD = [
    "http://fcm.googleapis.com/x",
    "https://fcm.googleapis.com:8443/x",
    "https://fcm.googleapis.com:0/x",
    "https://fcm.googleapis.com:99999/x",
    "https://fcm.googleapis.com:port/x",
    "https://user@fcm.googleapis.com/x",
    "https://user:word@fcm.googleapis.com/x",
    "https://@fcm.googleapis.com/x",
    "https://fcm.googleapis.com@evil.example/x",
    "https://fcm.googleapis.com/x#fragment",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://[fcm.googleapis.com]/x",
    "https://127.0.0.1/x",
    "https://2130706433/x",
    "https://0177.0.0.1/x",
    "https://0x7f.1/x",
    "https://localhost/x",
    "https://evil-push.apple.com.x/x",
    "https://evilpush.apple.com/x",
    "https://push.apple.com/x",
    "https://fcm.googleapis.com.evil.org/x",
    "https://fcm.googleapis.com./x",
    "https://notify.windows.com.evil.org/x",
    "https://ｆcm.googleapis.com/x",
    "https://fcm.googleapis.com\u3002evil.org/x",
    "https://fcm.googleap\u0456s.com/x",
    "https://fcm.googleapis.com/ü",
    "https://fcm.googleapis.com/x\nHost: evil.org",
    "https://fcm.goo\tgleapis.com/x",
    " https://fcm.googleapis.com/x",
    "https://fcm.googleapis.com/ x",
    "https://evil.org\\@fcm.googleapis.com/x",
    "https:\\\\fcm.googleapis.com/x",
    "https://evil.org\\.push.apple.com/x",
    "https://evil.org?.push.apple.com/x",
    "https://evil.org#.push.apple.com/x",
    "https://evil.org%2f.push.apple.com/x",
    "//fcm.googleapis.com/x",
    "file:///etc/passwd",
    "gopher://fcm.googleapis.com/x",
    "https://",
    "https:fcm.googleapis.com/x",
    "fcm.googleapis.com",
    "",
]
PRIVATE = [
    "10.0.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "192.168.1.1",
    "172.16.0.1",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "2001:db8::1",
    "fe80::1%eth0",
]


def test_addresses_of_known_services_pass() -> None:
    for endpoint in GOOD:
        check_endpoint(endpoint)


@pytest.mark.parametrize("endpoint", BAD)
def test_every_other_address_is_refused(endpoint: str) -> None:
    with pytest.raises(PushEndpointRefused):
        check_endpoint(endpoint)


def test_the_exempt_origin_is_one_scheme_host_and_port() -> None:
    origin = "http://127.0.0.1:9911"
    check_endpoint(f"{origin}/push/1", exempt_origin=origin)
    for other in (
        "https://127.0.0.1:9911/x",
        "http://127.0.0.1:9912/x",
        "http://127.0.0.1/x",
        "http://localhost:9911/x",
    ):
        with pytest.raises(PushEndpointRefused):
            check_endpoint(other, exempt_origin=origin)
    for trick in (f"{origin}@evil.org/x", "http://u@127.0.0.1:9911/x", f"{origin}\\x", f"{origin}/x#y"):
        with pytest.raises(PushEndpointRefused):
            check_endpoint(trick, exempt_origin=origin)


def test_private_addresses_are_not_public() -> None:
    assert [address for address in PRIVATE if is_public(address)] == []
    assert all(is_public(address) for address in ("142.250.179.138", "2a00:1450:400e:80f::200a", "17.57.144.1"))


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"])
def test_a_name_that_turns_private_at_connect_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    def found(*_: Any, **__: Any) -> list[Any]:
        return [(0, 0, 0, "", ("142.250.179.138", 443)), (0, 0, 0, "", (address, 443))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with pytest.raises(httpcore.ConnectError, match="private address"):
        GuardedBackend().connect_tcp("fcm.googleapis.com", 443)


def test_the_exemption_at_connect_is_for_its_port_only() -> None:
    backend = GuardedBackend(exempt_origin="http://127.0.0.1:9911")
    with pytest.raises(httpcore.ConnectError, match="private address"):
        backend.connect_tcp("127.0.0.1", 9912)


def test_the_address_is_judged_again_when_something_is_sent(vapid_key: Any) -> None:
    with PushSink() as sink:
        sender = PushSender(
            key_path=vapid_key, contact="mailto:a@b.org", now=lambda: MONDAY_MORNING, exempt_origin=None
        )
        for endpoint in (f"{sink.origin}/x", *BAD):
            keys = PhoneKeys().subscription(endpoint)["keys"]
            outcome = sender.send(Target(endpoint, **keys), {"a": 1}, topic="t", ttl=60)
            assert outcome.delivery is Delivery.GONE, endpoint
        sender.close()
        assert sink.received == []


def test_a_bad_address_is_not_stored_and_a_good_one_is(anna: Phone) -> None:
    keys = PhoneKeys()
    for endpoint in BAD:
        answer = anna.put("/push-subscription", keys.subscription(endpoint))
        assert (answer.status_code, answer.json()["code"]) == (422, "push_endpoint_refused"), endpoint
    too_long = anna.put("/push-subscription", keys.subscription("https://fcm.googleapis.com/" + "x" * 1024))
    assert too_long.status_code == 422
    for endpoint in GOOD:
        assert anna.put("/push-subscription", keys.subscription(endpoint)).status_code == 204
    assert anna.delete("/push-subscription").status_code == 204
    assert anna.client.put("/api/v1/push-subscription", json=keys.subscription(GOOD[0])).status_code == 401
