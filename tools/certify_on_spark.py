"""Gold of the three domains on Apache Spark: a server of this machine, made data, and the tests.

    python tools/certify_on_spark.py

It needs Java 17, and a Python that has carms with the extra `spark` and what its tests need, as
`make test-extras` makes it in `.extras/spark`. Spark comes from PyPI, into `.extras/spark-server`.
The server listens on this machine only, and ends with the script, as does all that it made.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
SERVER = ROOT / ".extras" / "spark-server"
PYSPARK = "pyspark==4.2.0"
HOST = "127.0.0.1"
MEMORY = "2g"
STARTS_IN_S = 180
RULES = "tests/spark/test_rules_on_engines.py"

GENERATE = {
    "carms": ["--programs", "60"],
    "retail": ["--scale", "0.01"],
    "ticketing": [],
}
"""The domains, and how much data is made of each."""

OPENED = [
    "java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio",
    "java.util", "java.util.concurrent", "java.util.concurrent.atomic", "jdk.internal.ref",
    "sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar",
]  # fmt: skip
"""What Spark reaches into of Java's own; its launcher, a script of the shell, would say so."""


def jars() -> Path:
    """The folder of Spark's jars, which is installed where there is none."""
    found = list(SERVER.glob("**/pyspark/jars"))
    if not found:
        subprocess.run([sys.executable, "-m", "venv", SERVER], check=True)
        python = SERVER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", PYSPARK], check=True)
        found = list(SERVER.glob("**/pyspark/jars"))
    return found[0]


def java() -> str:
    """The Java of JAVA_HOME, or of the path."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if found is None:
        raise SystemExit("Java is not installed, or JAVA_HOME names another folder")
    return found


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of a Spark Connect server, which ends with the block."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    settings = {
        "spark.master": "local[2]",
        "spark.driver.bindAddress": HOST,
        "spark.driver.host": HOST,
        "spark.connect.grpc.binding.address": HOST,
        "spark.connect.grpc.binding.port": str(port),
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder / "spark"),
    }
    command = [
        java(),
        f"-Xmx{MEMORY}",
        "-XX:+IgnoreUnrecognizedVMOptions",
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED),
        "-Djdk.reflect.useDirectMethodHandle=false",
        "-Dio.netty.tryReflectionSetAccessible=true",
        "-cp",
        str(jars() / "*"),
        "org.apache.spark.deploy.SparkSubmit",
        *(word for name, value in settings.items() for word in ("--conf", f"{name}={value}")),
        "--class",
        "org.apache.spark.sql.connect.service.SparkConnectServer",
        "spark-internal",
    ]
    log = folder / "server.log"
    with log.open("wb") as written:
        running = subprocess.Popen(
            command,
            cwd=folder,
            stdout=written,
            stderr=written,
            env=os.environ | {"SPARK_LOCAL_IP": HOST},
        )
    try:
        _wait(running, port, log)
        yield f"sc://{HOST}:{port}"
    finally:
        running.terminate()
        running.wait(timeout=60)


def _wait(running: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Go on once the server listens."""
    until = time.monotonic() + STARTS_IN_S
    while time.monotonic() < until and running.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise SystemExit(f"the server did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")


def carms(folder: Path, *words: str) -> int:
    """Run the command in a project; how it ended."""
    done = subprocess.run([sys.executable, "-m", "carms_lake", *words], cwd=folder, check=False)
    return done.returncode


def main() -> int:
    """Certify, then test; 0 where all is well."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        project = folder / "project"
        failed = carms(folder, "-q", "init", str(project))
        for domain, options in GENERATE.items():
            raw = str(project / "data_raw" / domain)
            failed |= carms(
                project, "-q", "generate", domain, *options, "--seed", "7", "--out", raw
            )
            failed |= carms(project, "-q", "-d", domain, "run", "-o", str(folder / "run.csv"))
        with server(folder) as address:
            for domain in GENERATE:
                print(f"== {domain}", flush=True)
                failed |= carms(project, "-d", domain, "certify", "--engine", address)
            print("== the rules", flush=True)
            tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", RULES]
            variables = os.environ | {"CARMS_SPARK_SERVER": address}
            failed |= subprocess.run(tests, cwd=ROOT, env=variables, check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
