"""Make the pictures of docs/report.md from the site of this catalogue, in the browser that .ci/browser installs.

python docs/pictures.py
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.helpers.browser import Browser  # noqa: E402  # the helpers of the tests lie in the root

PICTURES: Final = {
    "report-index.png": ("index.html", "light", 1060),
    "report-bet.png": ("bets/46_norm_replication.html", "light", 1080),
}
"""By name: the page, the theme, and how much of its height is shown."""
_WIDTH: Final = 1000
_MOST: Final = 150_000
"""A clone of the repository gets every picture."""


def main() -> int:
    """Write the pictures beside this file, and return 1 if one is too large."""
    too_large = False
    with tempfile.TemporaryDirectory() as name:
        site = Path(name) / "site"
        command = [sys.executable, "-m", "pytest_bets", "report", "--out", str(site)]
        subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603  # it is this project's own command
        browser = Browser(Path(name) / "profile")
        try:
            for picture, (page, theme, height) in PICTURES.items():
                path = ROOT / "docs" / "pictures" / picture
                browser.show(site / page, _WIDTH, theme)
                browser.picture(path, height, width=_WIDTH)
                size = path.stat().st_size
                print(f"{path.relative_to(ROOT)}: {size:,} bytes")
                too_large = too_large or size > _MOST
        finally:
            browser.close()
    return int(too_large)


if __name__ == "__main__":
    sys.exit(main())
