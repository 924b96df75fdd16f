"""What a phone loads between a tap on a notification and the diary form, in gzip bytes of JavaScript and CSS.

The floor is the gate of 32 kB: a ratio above 1 is too much.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from bench.figure import show

PWA = Path(__file__).resolve().parent.parent / "pwa"
FORM_GATE = 32 * 1024
APP_GATE = 70 * 1024


def main() -> int:
    node = shutil.which("node")
    assert node is not None, "node is needed to read the build's sizes"
    printed = subprocess.run([node, "scripts/sizes.mjs"], cwd=PWA, check=True, capture_output=True, text=True).stdout
    sizes = json.loads(printed)
    show("entry form, JS+CSS+HTML to first form, gzip", sizes["form_path_gz"], "bytes", floor=FORM_GATE)
    show("whole phone app in the cache, gzip", sizes["app_gz"], "bytes", floor=APP_GATE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
