"""A phone-sized Chromium with a subscription of its own: a real key pair, and the test's push service as address."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

ROOT = Path(__file__).resolve().parents[2]
QUIET = (
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
# Chromium cannot reach a push service here, so `subscribe` makes the key pair itself, as the browser would.
SUBSCRIBE = """
(() => {
  if (!('PushManager' in self)) return;
  const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '');
  const make = async (options) => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
    const point = await crypto.subtle.exportKey('raw', pair.publicKey);
    const auth = crypto.getRandomValues(new Uint8Array(16));
    const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey);
    const endpoint = '__ORIGIN__/push/' + crypto.randomUUID();
    self.__phone = { jwk, auth: text(auth), endpoint };
    const keys = { p256dh: text(point), auth: text(auth) };
    return { endpoint, options, expirationTime: null, unsubscribe: async () => true,
      getKey: (name) => (name === 'auth' ? auth.buffer : point),
      toJSON: () => ({ endpoint, expirationTime: null, keys }) };
  };
  let current = null;
  PushManager.prototype.getSubscription = async () => current;
  PushManager.prototype.subscribe = async (options) => (current = await make(options));
})();
"""


def chromium() -> str:
    """Where Chromium is, or a skip that the last line of the run repeats loudly."""
    found = shutil.which("chromium") or ("/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None)
    if found is None:
        pytest.skip("NO CHROMIUM: the browser tests did not run")
    return found


@contextmanager
def phone(profile: Path, push_origin: str, *, language: str = "nl-NL") -> Iterator[BrowserContext]:
    """A persistent phone-sized browser: what is stored survives a kill, as on a phone."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(profile),
            executable_path=chromium(),
            headless=True,
            args=["--no-sandbox", *QUIET],
            viewport={"width": 390, "height": 844},
            device_scale_factor=2,
            is_mobile=True,
            has_touch=True,
            locale=language,
            timezone_id="Europe/Amsterdam",
            reduced_motion="reduce",
        )
        context.add_init_script(SUBSCRIBE.replace("__ORIGIN__", push_origin))
        context.set_default_timeout(15_000)
        yield context
        with suppress(PlaywrightError):  # it may have been killed
            context.close()


def kill(profile: Path) -> None:
    """Kill every process of this browser at once: no page hears of it."""
    subprocess.run(["pkill", "-KILL", "-f", "--", f"--user-data-dir={profile}"], check=True)
    for lock in ("SingletonLock", "SingletonSocket", "SingletonCookie"):
        (profile / lock).unlink(missing_ok=True)


class ServiceWorker:
    """The page's service worker, driven as the browser drives it."""

    def __init__(self, page: Page, origin: str) -> None:
        self._page = page
        self._origin = origin
        self._registrations: dict[str, Any] = {}
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.on("ServiceWorker.workerRegistrationUpdated", self._note)
        self._session.send("ServiceWorker.enable")
        until(lambda: self._registrations, page)

    def _note(self, event: dict[str, Any]) -> None:
        for registration in event["registrations"]:
            if not registration["isDeleted"]:
                self._registrations[registration["registrationId"]] = registration

    def push(self, message: dict[str, Any]) -> None:
        """Hand a decrypted message to the worker, as the browser does after its own decryption."""
        self._session.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": self._origin, "registrationId": next(iter(self._registrations)), "data": json.dumps(message)},
        )

    def notifications(self) -> list[dict[str, str]]:
        found = self._page.evaluate(
            "async () => (await (await navigator.serviceWorker.ready).getNotifications())"
            ".map(({ title, body, tag }) => ({ title, body, tag }))"
        )
        assert isinstance(found, list)
        return found

    def tap(self, tag: str) -> None:
        """The tap on a notification, as an event of the worker."""
        worker = next(w for w in self._page.context.service_workers if w.url.endswith("/app/sw.js"))
        worker.evaluate(
            """async (tag) => {
              const [notification] = await self.registration.getNotifications({ tag });
              self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
            }""",
            tag,
        )


def until(check: Callable[[], Any], page: Page, *, seconds: float = 20) -> Any:
    """Ask until the answer is true; the page goes on living meanwhile."""
    for _ in range(int(seconds * 10)):
        found = check()
        if found:
            return found
        page.wait_for_timeout(100)
    raise AssertionError("waited in vain")
