"""No attack of the corpus opens a file to write, makes one, or reaches for the network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from faults.scale import tell
from lakes import config_of, small_lake

from carms_lake.errors import QueryRefused
from carms_lake.flows.query import query_frame
from carms_lake.store.sql.statement import REFUSED_FUNCTIONS, REFUSED_VIEWS, TABLE_FUNCTIONS

ATTACKS = sorted(Path(__file__).parent.glob("*.sql"))
TESTS = Path(__file__).parents[1]

ALL_AT_ONCE = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from pathlib import Path
from lakes import config_of
from carms_lake.errors import LakeError
from carms_lake.flows.query import query_frame
project = Path(sys.argv[1])
config = config_of(project, memory_limit="200MB", query_timeout_s=2.0)
query_frame(config, "select count(*) from silver.program, program_profile")
parquet = next((config.lake / "silver" / "program").glob("*.parquet"))
marks = {{"{{gold}}": config.gold_file, "{{parquet}}": parquet, "{{folder}}": project}}
(project / "begun").touch()
for path in sys.argv[2:]:
    sql = Path(path).read_text(encoding="utf-8")
    for mark, target in marks.items():
        sql = sql.replace(mark, target.as_posix())
    try:
        query_frame(config, sql)
    except LakeError as error:
        assert error.message, path
    else:
        raise SystemExit(f"answered: {{path}}")
"""
WRITES = re.compile(
    r"openat\(.*O_(WRONLY|RDWR|CREAT|TRUNC)|creat\(|(mkdir|rename|unlink|link|truncate)\w*\(|connect\("
)
HARMLESS = re.compile(r"/dev/null|/proc/self|AF_UNIX.*nscd|\.pyc")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed: nothing is traced")
def test_no_attack_writes_a_file_or_connects_anywhere(tmp_path: Path) -> None:
    project = tmp_path / "project"
    small_lake(project)
    log = tmp_path / "strace.log"
    traced = "openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,link,linkat"
    traced += ",symlink,truncate,ftruncate,connect"
    attacker = [sys.executable, "-B", "-c", ALL_AT_ONCE, str(project)]
    done = subprocess.run(
        ["strace", "-f", "-o", str(log), "-e", f"trace={traced}", *attacker, *map(str, ATTACKS)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "PTRACE" in done.stderr:
        pytest.skip(f"strace may not trace here: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr[-2000:]
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    begun = next(n for n, line in enumerate(lines) if "/begun" in line)
    found = [line for line in lines[begun + 1 :] if WRITES.search(line)]
    found = [line for line in found if not HARMLESS.search(line) and " = -1 ENOENT" not in line]
    tell(f"attacks under strace: {len(ATTACKS)} refused, {len(found)} writes or connections")
    assert not found, "\n".join(found[:10])


def test_built_in_views_and_macros_lead_to_no_refused_function(tmp_path: Path) -> None:
    """A new DuckDB brings new ones: each must be looked at."""
    with duckdb.connect() as connection:
        views = connection.execute(
            "select view_name, sql from duckdb_views() where internal"
        ).fetchall()
        macros = connection.execute(
            "select function_name, macro_definition from duckdb_functions()"
            " where internal and function_type in ('macro', 'table_macro')"
        ).fetchall()
        tables = connection.execute(
            "select distinct function_name from duckdb_functions()"
            " where internal and function_type in ('table', 'pragma')"
        ).fetchall()
    harmless = {"duckdb_dependencies", "duckdb_indexes", "duckdb_sequences"}
    bad = {name for (name,) in tables} - TABLE_FUNCTIONS - harmless | REFUSED_FUNCTIONS
    leads = re.compile(r"\b(" + "|".join(sorted(bad)) + r")\(")
    names_only = {"pg_database"}
    assert {name for name, sql in views if leads.search(sql)} - names_only == set(REFUSED_VIEWS)
    config = config_of(small_lake(tmp_path).project)
    table_macros = {"duckdb_logs_parsed", "duckdb_profiling_settings", "histogram_values"}
    leading = {name for name, body in macros if leads.search(body)}
    assert (
        leading
        <= table_macros | {"histogram", "current_query", "get_block_size"} | REFUSED_FUNCTIONS
    )
    for name in table_macros:
        with pytest.raises(QueryRefused, match=f"the function `{name}`"):
            query_frame(config, f"from {name}('a', 'b')")
