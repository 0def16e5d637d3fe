"""The guide to deployment: its commands are typed, and what is in deploy/ keeps the rules."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command import called, every_command
from docs.console import sections, untrue
from tiny import laid

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PAGE = ROOT / "docs/guides/deploy.md"
COMMAND = "/opt/carms/bin/carms"


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, continued lines as one."""
    lines = [line for line in text("Dockerfile").splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [
        (word, rest)
        for word, _, rest in (line.partition(" ") for line in joined.split("\n"))
        if word
    ]


def last(word: str) -> str:
    return [rest for name, rest in instructions() if name == word][-1]


@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("bash") is None,
    reason="the page is typed into bash with the tools of GNU",
)
def test_what_the_page_says_to_type_shows_what_the_page_says(tmp_path: Path) -> None:
    """Environments, then their backup and its restore, in one folder."""
    folder = tmp_path / "srv"
    folder.mkdir()
    found = sections(PAGE)
    assert list(found) == ["Environments", "Backup and restore"]
    steps = [step for some in found.values() for step in some]
    assert not (wrong := untrue(steps, folder, tmp_path)), "\n".join(wrong)


def test_every_file_of_the_folder_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    files = {path.name for path in DEPLOY.iterdir()} - {"Dockerfile.dockerignore"}
    assert {name for name in files if f"deploy/{name}" not in page} == set()


def test_the_image_is_pinned_and_does_not_run_as_root() -> None:
    bases = [rest.split(" AS ")[0] for name, rest in instructions() if name == "FROM"]
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+(?:@sha256:[0-9a-f]{64})?", bases[0])
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last("USER"))
    assert last("STOPSIGNAL") == "SIGINT"
    words = [name for name, _ in instructions()]
    assert words.index("HEALTHCHECK") > words.index("USER") > words.index("FROM", 1)
    assert "ADD" not in words


def test_the_image_has_the_wheel_and_what_the_lock_pins_and_no_data() -> None:
    copied = [rest.split()[-2] for name, rest in instructions() if name == "COPY"]
    assert copied == ["${LOCK}", "dist/carms_lake-*.whl", "/opt/carms"]
    installed = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    assert [("--require-hashes" in one, "--no-deps" in one) for one in installed] == [
        (True, False),
        (False, True),
    ]
    ignored = [line for line in text("Dockerfile.dockerignore").splitlines() if line[0] != "#"]
    assert ignored == ["*", "!requirements*.lock", "!dist"]
    secrets = re.compile("password|secret|token|key", re.IGNORECASE)
    assert not [
        rest for name, rest in instructions() if name in ("ENV", "ARG") and secrets.search(rest)
    ]
    assert (ROOT / last("ARG").partition("=")[2]).is_file()


def test_health_is_the_exit_code_of_a_command_that_exists(tmp_path: Path) -> None:
    check = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    assert json.loads(last("ENTRYPOINT")) == check[:1] == ["carms"]
    assert json.loads(last("CMD"))[0] in every_command()
    laid(tmp_path)
    assert called(tmp_path, *check[1:]).code == 0
    assert called(tmp_path, "run").code == 0
    assert called(tmp_path, *check[1:]).code == 0
    next((tmp_path / "lake/tiny/silver/sale").glob("*.parquet")).unlink()
    assert called(tmp_path, *check[1:]).code == 5


def daemon() -> bool:
    """Whether docker is installed and its daemon runs."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    return not subprocess.run([docker, "info"], check=False, capture_output=True).returncode


def test_the_image_is_built_and_answers(tmp_path: Path) -> None:
    if not daemon() or not any(ROOT.glob("dist/carms_lake-*.whl")):
        pytest.skip("docker does not run here, or `make setup` has not built the wheel")
    name = "carms-test-of-the-guide"
    build = ["docker", "build", "-q", "-f", str(DEPLOY / "Dockerfile"), "-t", name, str(ROOT)]
    subprocess.run(build, check=True, timeout=1200)
    tmp_path.chmod(0o777)
    run = ["docker", "run", "--rm", "-v", f"{tmp_path}:/lake", name]
    try:
        for words in (["init", "/lake"], ["status"]):
            done = subprocess.run([*run, *words], capture_output=True, timeout=120, check=False)
            assert done.returncode == 0, done.stderr
    finally:
        subprocess.run(["docker", "image", "rm", "-f", name], check=False, capture_output=True)


def calls(text: str) -> list[list[str]]:
    """The words after each call of the command in a file."""
    return [found.split() for found in re.findall(rf"{COMMAND} ([^>&|\n]+)", text)]


def test_cron_and_systemd_call_commands_that_exist() -> None:
    lines = [line for line in text("carms.cron").splitlines() if line[0].isdigit()]
    for line in lines:
        minute, hour, *any_day, user, program = line.split()[:7]
        assert (any_day, user, program) == (["*"] * 3, "carms", COMMAND)
        assert 0 <= int(minute) < 60
        assert 0 <= int(hour) < 24
    found = [*calls(text("carms.cron")), *calls(text("carms@.service"))]
    assert [one[0] for one in found] == ["run", "status"] * 2
    assert all(word[0] in every_command() for word in found)


def test_the_units_are_valid_and_write_to_their_project_alone(tmp_path: Path) -> None:
    service, timer = text("carms@.service"), text("carms@.timer")
    for rule in ("User=carms", "NoNewPrivileges=yes", "ProtectSystem=strict", "KillSignal=SIGINT"):
        assert f"{rule}\n" in service
    assert re.findall(r"^ReadWritePaths=(.*)$", service, re.MULTILINE) == ["/srv/carms/%i"]
    assert "Persistent=true\n" in timer
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("no systemd-analyze")
    (tmp_path / "carms@.service").write_text(service.replace(COMMAND, sys.executable), "utf-8")
    (tmp_path / "carms@.timer").write_text(timer, "utf-8")
    units = [str(tmp_path / f"carms@production.{kind}") for kind in ("service", "timer")]
    for unit, source in zip(units, ("carms@.service", "carms@.timer"), strict=True):
        shutil.copy(tmp_path / source, unit)
    done = subprocess.run([verify, "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_task_of_ecs_is_not_root_and_names_its_secrets_without_having_them() -> None:
    task = json.loads(text("ecs-task.json"))
    (container,) = task["containerDefinitions"]
    assert container["user"] == last("USER")
    assert container["readonlyRootFilesystem"] is True
    assert re.fullmatch(r".+:\d+\.\d+\.\d+", container["image"])
    assert container["command"][0] in every_command()
    assert [mount["containerPath"] for mount in container["mountPoints"]] == [last("VOLUME")]
    assert {one["name"] for one in container["environment"]} == {"CARMS_MEMORY_LIMIT"}
    assert all(
        one["valueFrom"].startswith("arn:aws:secretsmanager:") for one in container["secrets"]
    )
