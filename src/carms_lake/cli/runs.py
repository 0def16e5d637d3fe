"""Run a flow of the lake with progress on a terminal, and show its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carms_lake.cli import render, reports
from carms_lake.errors import LakeError

if TYPE_CHECKING:
    from pathlib import Path

    from carms_lake.cli.context import Call
    from carms_lake.cli.exit_codes import ExitCode
    from carms_lake.cli.output import Target
    from carms_lake.records import RunReport


def run_ingest(
    call: Call, sources: list[str], options: dict[str, Any], to: Target, *, strict: bool = False
) -> ExitCode:
    """Ingest and show the report; the exit code.

    Raises:
        LakeError: what the flow raises.
    """
    return reports.show(call, [_ingest(call, sources, options)], to, strict=strict)


def run_build(
    call: Call, select: list[str], options: dict[str, Any], to: Target, *, strict: bool = False
) -> ExitCode:
    """Build and show the report; the exit code.

    Raises:
        LakeError: what the flow raises.
    """
    return reports.show(call, [_build(call, select, options)], to, strict=strict)


def run_both(
    call: Call,
    to: Target,
    *,
    from_path: Path | None,
    full_refresh: bool = False,
    publish_anyway: bool = False,
    strict: bool = False,
) -> ExitCode:
    """Ingest, build, and show both reports; the exit code.

    Raises:
        LakeError: what the flows raise; what landed before is shown all the same.
    """
    landed = _ingest(call, [], {"from_path": from_path, "full_refresh": full_refresh})
    try:
        options = {"full_refresh": full_refresh, "publish_anyway": publish_anyway}
        built = _build(call, [], options)
    except LakeError:
        if not call.json:
            reports.show(call, [landed], to, strict=strict)
        raise
    return reports.show(call, [landed, built], to, strict=strict)


def run_check(call: Call, to: Target, *, strict: bool = False) -> ExitCode:
    """Run the checks and show the report; the exit code.

    Raises:
        LakeError: what the flow raises.
    """
    from carms_lake.flows.check import check

    return reports.show(call, [check(call.config())], to, strict=strict)


def _ingest(call: Call, sources: list[str], options: dict[str, Any]) -> RunReport:
    from carms_lake.flows.ingest import ingest

    with render.progress(call) as progress:
        return ingest(call.config(), sources, **options, progress=progress)


def _build(call: Call, select: list[str], options: dict[str, Any]) -> RunReport:
    from carms_lake.flows.build import build

    with render.progress(call) as progress:
        return build(call.config(), select, **options, progress=progress)
