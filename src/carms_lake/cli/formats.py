"""The shapes that rows can be written in; how, is in `spelling`."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """The shapes that rows can be written in."""

    TABLE = "table"
    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    JSONL = "jsonl"
    MD = "md"
    PARQUET = "parquet"
    XLSX = "xlsx"
