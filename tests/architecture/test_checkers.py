"""What `make lint` checks of the source is checked with the tests, too."""

import subprocess
import sys
from pathlib import Path

import pytest

from fpcore.config.paths import ROOT

CHECKS = {
    "style": ["ruff", "check", "--no-cache", "."],
    "format": ["ruff", "format", "--no-cache", "--check", "."],
    "types": ["ty", "check", "--no-progress", "--output-format=concise", "--python", sys.prefix],
}


@pytest.mark.parametrize("command", CHECKS.values(), ids=CHECKS)
def test_the_source_passes(command):
    tool, *arguments = command
    ran = subprocess.run(
        [Path(sys.executable).with_name(tool), *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, f"\n{ran.stdout}{ran.stderr}"
