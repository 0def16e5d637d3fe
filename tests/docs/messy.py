"""The three files that the guide begins with, as nobody would like to get them."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from openpyxl import Workbook

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["Ärzte GmbH", "Bäckerei Kühn", "Café René", "Dürr & Söhne", "Erben", "Fuß AG"]


def amount(cents: int) -> str:
    """As a German export writes it: 1.234,50."""
    return f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02}"


def write_messy(folder: Path) -> None:
    """Write the files: an export as CSV, a workbook with a title, JSON wrapped in an object."""
    lines, total = ["Order No;Customer;Ordered on;Amount;Paid"], 0
    for number in range(48):
        day = dt.date(2024, 1, 3) + dt.timedelta(days=number * 5)
        cents = 12_345 + number * 10_101
        total += cents
        customer = f"C{number % 6 + 1:03}"
        paid = "ja" if number % 3 else "nein"
        lines.append(f"{number + 1:05};{customer};{day:%d/%m/%Y};{amount(cents)};{paid}")
    lines.append(f"TOTAL;;;{amount(total)};")
    lines.append("Stand: Büro Köln;;;;")
    (folder / "orders.csv").write_bytes(("\r\n".join(lines) + "\r\n").encode("cp1252"))
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Customers of the north"])
    sheet.append(["as of", dt.date(2024, 6, 30)])
    sheet.append([])
    sheet.append(["Customer", "Name", "Since", "Limit"])
    for number, name in enumerate(NAMES):
        sheet.append([f"C{number + 1:03}", name, dt.date(2019, 3, number + 1), 250.5 * number])
    book.save(folder / "customers.xlsx")
    shipments = [
        {"id": f"S-{n:04}", "order": f"{n + 1:05}", "to": {"city": "Köln"}, "kg": n * 0.25}
        for n in range(40)
    ]
    document = {"page": 1, "data": {"shipments": shipments}}
    (folder / "shipments.json").write_text(json.dumps(document), encoding="utf-8")
