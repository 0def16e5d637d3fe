"""The figures of the peers as Markdown."""

from __future__ import annotations

import json


def markdown(figures: dict[str, object]) -> str:
    """Tables of what each step took, the ratios, and whether the results agree."""
    held = json.loads(json.dumps(figures))
    data, versions_ = held["data"], held["versions"]
    size = f"{data['rows']:,} rows in {data['files']:,} files, {data['bytes'] / 1e6:,.0f} MB"
    lines = [
        f"{held['machine']}, Python {held['python']}; medians of {held['rounds']} rounds, in turn.",
        f"Data: {data['said']}, {size}; dlt loads into {data['bronze']}.",
        ", ".join(f"{name} {version}" for name, version in versions_.items()),
        "\n| step | wall | cpu | peak |\n|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {s['wall_s']:.2f} s | {s['cpu_s']:.2f} s | {s['peak_mb']:.0f} MB |"
        for name, s in held["steps"].items()
    ]
    lines += ["\n| ratio (higher is better for carms) | wall | cpu |\n|---|---|---|"]
    lines += [
        f"| {name} | {r['wall']:.2f} | {r['cpu']:.2f} |" for name, r in held["ratios"].items()
    ]
    for name, own in held["ordinary"].items():
        lines += [
            f"| ingest: {name}, reckoned / carms | {own['load_over_carms_ingest']:.1f} | |",
            f"| all: {name}, reckoned + dbt / carms | {own['load_and_dbt_over_carms']:.1f} | |",
        ]
    for name, own in held["ordinary"].items():
        lines += [
            f"\n{name} was run on some order lines only and took",
            f"{own['seconds_per_million_rows']:.0f} s per million rows. The whole domain,",
            f"{own['whole_domain_s']:.0f} s, is reckoned from that, all rows taken for as narrow.",
        ]
    agreement = held["agreement"]
    if agreement["differing"]:
        lines += [f"\n{len(agreement['differing'])} figures DIFFER:", *agreement["differing"]]
    else:
        lines += [f"\nBoth gold layers agree in all {agreement['compared']} figures compared."]
    return "\n".join(lines)
