"""The state of a lake: what is wrong, the worst first, and one sentence about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from carms_lake.report.markup import Markup, h
from carms_lake.report.words import Words

if TYPE_CHECKING:
    from carms_lake.report.facts import Facts


class Grade(IntEnum):
    """How bad a finding is."""

    WRONG = 0
    """What is read may be wrong or is missing."""
    WATCH = 1
    """It is right, and a person should look."""


class Finding(NamedTuple):
    """Something that is wrong, in words and with the command that shows more."""

    grade: Grade
    key: str
    values: dict[str, Any]
    command: str

    def said(self, words: Words) -> str:
        """What is wrong."""
        return words(f"finding.{self.key}", **self.values)


class Freshness(NamedTuple):
    """How old the newest delivery of a source was when the last run ended."""

    source: str
    files: int
    newest_file: str | None
    newest_at: datetime | None
    age_s: float | None
    promise_s: float | None
    due: datetime | None
    """When the promise is broken unless something arrives."""

    @property
    def is_late(self) -> bool:
        """Whether the promise was broken by then."""
        if self.promise_s is None:
            return False
        return self.age_s is None or self.age_s > self.promise_s


def freshness(facts: Facts) -> list[Freshness]:
    """Each source against what its contract promises, as of the end of the last run."""
    found = []
    for row in facts.status.sources.iter_rows(named=True):
        newest, promise = row["newest_at"], row["max_age_s"]
        age = (facts.at - newest).total_seconds() if facts.at and newest else None
        due = newest + timedelta(seconds=promise) if newest and promise is not None else None
        found.append(
            Freshness(
                row["source"],
                row["files"],
                row["newest_file"],
                newest,
                None if age is None else max(age, 0.0),
                promise,
                due,
            )
        )
    return found


def findings(facts: Facts) -> list[Finding]:
    """What is wrong with a lake, the worst first."""
    return sorted(_findings(facts), key=lambda found: found.grade)


def _findings(facts: Facts) -> Iterator[Finding]:
    status = facts.status
    counts = {
        "damage": len(status.damage),
        "published_although": status.gold_failed_checks,
        "refused": status.refused.height,
        "integrity": (status.integrity or {}).get("damaged", 0),
        "warnings": len(status.checks.warnings) if status.checks else 0,
        "rejects": int(status.rejects["rows"].sum() or 0),
        "drift": status.drift.height,
        "older_contract": len(_older(facts)),
        "notes": len(status.notes),
    }
    if status.checks and not status.gold_failed_checks:
        counts["errors"] = len(status.checks.errors)
    for key, (grade, command) in _COUNTED.items():
        if counts.get(key):
            yield Finding(grade, key, {"n": counts[key]}, command)
    last = next(status.runs.iter_rows(named=True), None)
    if last is not None and last["status"] != "done":
        values = {"command": last["command"], "run": last["run_id"]}
        yield Finding(Grade.WRONG, "run_failed", values, "carms status")
    if not facts.is_published:
        yield Finding(Grade.WRONG, "unpublished", {}, "carms run")
    for source in freshness(facts):
        if source.is_late and last is not None:
            yield Finding(Grade.WRONG, "late", {"source": source.source}, "carms status")


_COUNTED = {
    "damage": (Grade.WRONG, "carms doctor"),
    "published_although": (Grade.WRONG, "carms check --failures"),
    "errors": (Grade.WRONG, "carms check --failures"),
    "refused": (Grade.WRONG, "carms drift"),
    "integrity": (Grade.WRONG, "carms check --integrity"),
    "warnings": (Grade.WATCH, "carms check --failures"),
    "rejects": (Grade.WATCH, "carms rejects"),
    "drift": (Grade.WATCH, "carms drift"),
    "older_contract": (Grade.WATCH, "carms run"),
    "notes": (Grade.WATCH, "carms status"),
}
"""What is counted, with the command that shows or mends it."""


def _older(facts: Facts) -> list[str]:
    return [
        row["table"]
        for row in facts.status.tables.iter_rows(named=True)
        if row["contract_version"] not in {None, row["contract_now"]}
    ]


def sentence(facts: Facts, found: list[Finding], words: Words) -> str:
    """The state of the lake in one sentence."""
    if facts.at is None:
        return words("state.empty")
    wrong = sum(one.grade is Grade.WRONG for one in found)
    at = words.moment(facts.at)
    if wrong:
        return words("state.wrong", n=wrong, at=at)
    checks = facts.status.checks
    passed = checks.passed if checks else 0
    if found:
        return words("state.watch", n=len(found), passed=passed, at=at)
    has_promise = any(source.promise_s is not None for source in freshness(facts))
    return words("state.good" if has_promise else "state.well", passed=passed, at=at)


def banner(facts: Facts, words: Words) -> Markup:
    """The sentence, and what is wrong as a list with the commands that show more."""
    found = findings(facts)
    is_wrong = any(one.grade is Grade.WRONG for one in found) or facts.at is None
    kind = "wrong" if is_wrong else "watch" if found else "good"
    entries = [
        h(
            "li",
            h("strong", words(f"grade.{one.grade.name.lower()}"), cls=one.grade.name.lower()),
            " ",
            one.said(words),
            " ",
            h("code", f"{one.command} -d {facts.domain}"),
        )
        for one in found
    ]
    return h(
        "div",
        h("p", h("strong", sentence(facts, found, words)), cls="sentence"),
        h("ul", entries, cls="findings") if entries else None,
        cls=f"state {kind}",
    )
