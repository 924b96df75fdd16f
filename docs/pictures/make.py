"""Put screens of the story side by side: `make pictures`."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
SCREENS = HERE.parents[1] / "out" / "story"
GAP, WIDTH = 48, 1400


def side_by_side(names: list[str], output: Path) -> None:
    screens = [Image.open(SCREENS / f"{name}.png").convert("RGB") for name in names]
    height = max(screen.height for screen in screens)
    canvas = Image.new("RGB", (sum(s.width for s in screens) + GAP * (len(screens) + 1), height + 2 * GAP), "#e9e4db")
    left = GAP
    for screen in screens:
        canvas.paste(screen, (left, GAP))
        left += screen.width + GAP
    canvas.thumbnail((WIDTH, WIDTH))
    canvas.quantize(128).save(output, optimize=True)


if __name__ == "__main__":
    side_by_side(["7-due", "4-diary-part", "5-saved"], HERE / "phone.png")
