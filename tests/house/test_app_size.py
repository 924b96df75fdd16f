"""What a phone loads stays small: the gates of bytes are part of the suite."""

from __future__ import annotations

import json
import shutil
import subprocess

from tests.browser.phone import ROOT


def test_the_form_and_the_app_keep_their_size() -> None:
    node = shutil.which("node")
    assert node is not None
    printed = subprocess.run(
        [node, "scripts/sizes.mjs"], cwd=ROOT / "pwa", check=True, capture_output=True, text=True
    ).stdout
    sizes = json.loads(printed)
    assert 10_000 < sizes["form_path_gz"] <= 32 * 1024, "from a tap on a prompt to the form"
    assert 10_000 < sizes["app_gz"] <= 70 * 1024, "everything the service worker keeps"
