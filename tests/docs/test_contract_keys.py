"""What the reference pages say is what the code has."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from carms_lake.contract.keys import (
    COLUMN_KEYS,
    RELATIONSHIP_KEYS,
    RULE_KEYS,
    SLA_KEYS,
    TABLE_KEYS,
)

ROOT = Path(__file__).parents[2]


def test_every_custom_property_is_documented_and_no_other() -> None:
    text = (ROOT / "docs/reference/contract-keys.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`carms\.(\w+)`", text))
    assert documented == TABLE_KEYS | COLUMN_KEYS | RELATIONSHIP_KEYS | RULE_KEYS | SLA_KEYS


def test_the_data_dictionary_is_current() -> None:
    command = [sys.executable, str(ROOT / "tools/data_dictionary.py"), "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
