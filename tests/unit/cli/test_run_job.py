"""Jobs at the user's desk: directly, and in an image by docker."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# In the place of docker: the container's entry point, with what is mounted found where it lies on this machine.
DOCKER = f"""#!{sys.executable}
import json, os, subprocess, sys
given = sys.argv[1:]
json.dump(given, open(os.environ["CALLED"], "w"))
folder = next(each.partition(":/job")[0] for each in given if each.endswith(":/job"))
told = dict(AFTERTRAIN_INPUT=folder + "/input.json", AFTERTRAIN_OUTPUT=folder + "/output.json")
print("a line of the container's")
program = [sys.executable, *given[given.index("--entrypoint") + 3 :]]
sys.exit(subprocess.run(program, env=os.environ | told).returncode)
"""
SCORE = "import json, os; json.dump({'score': 0.9}, open(os.environ['AFTERTRAIN_OUTPUT'], 'w'))"


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    script = tmp_path / "bin" / "docker"
    script.parent.mkdir()
    script.write_text(DOCKER)
    script.chmod(0o755)
    return script.parent


def job_run(tmp_path: Path, *arguments: str, path: str = "", params: Any = None) -> subprocess.CompletedProcess[str]:
    given = tmp_path / "params.json"
    given.write_text(json.dumps(params or {"command": [sys.executable, "-c", SCORE]}))
    environment = os.environ | {"PATH": path or os.environ["PATH"], "CALLED": str(tmp_path / "called.json")}
    environment |= {"PYTHONPATH": "functions", "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "secret"}
    program = [sys.executable, "-c", "from aftertrain.cli.main import main; main()", "job", "run"]
    return subprocess.run(
        [*program, *arguments, "--input", str(given)], env=environment, capture_output=True, text=True, check=False
    )


def test_a_job_runs_here(tmp_path: Path) -> None:
    ran = job_run(tmp_path, "job_run")

    assert (ran.returncode, json.loads(ran.stdout)) == (0, {"output": {"result": {"score": 0.9}}})


@pytest.mark.parametrize("arguments", [["team/score:3"], ["job_run", "--image", "score"], ["--gpus", "all", "score:3"]])
def test_a_job_runs_in_an_image(tmp_path: Path, docker: Path, arguments: list[str]) -> None:
    ran = job_run(tmp_path, *arguments, "--output", str(tmp_path / "written"), path=str(docker))
    called = json.loads((tmp_path / "called.json").read_text())

    assert (ran.returncode, json.loads(ran.stdout)) == (0, {"output": {"result": {"score": 0.9}}})
    assert "a line of the container's" in ran.stderr
    assert called[:2] == ["run", "--rm"]
    assert called[-5:] == ["--entrypoint", "python3", arguments[-1], "-m", "aftertrain.jobs.container"]
    assert ("--gpus" in called) is ("--gpus" in arguments)
    assert f"{tmp_path / 'written'}:/written" in called
    assert "AWS_ACCESS_KEY_ID" in called
    assert "secret" not in str(called), "what lists processes shows no credentials"


def test_a_program_that_fails_in_its_image_ends_the_command_with_1(tmp_path: Path, docker: Path) -> None:
    ran = job_run(tmp_path, "team/score:3", path=str(docker), params={"command": [sys.executable, "-c", "exit(3)"]})

    assert ran.returncode == 1
    assert "ended with code 3" in json.loads(ran.stdout)["cause"]


def test_without_docker_it_says_what_it_needs(tmp_path: Path) -> None:
    ran = job_run(tmp_path, "team/score:3", path=str(tmp_path))

    assert (ran.returncode, ran.stdout) == (1, "")
    assert "docker is not on PATH" in ran.stderr
