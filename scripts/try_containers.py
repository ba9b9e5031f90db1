"""Starts the services of compose.yaml, with API, nginx and PostgreSQL, and looks whether they do
what docs/deploy.md says: a file is added and a question asked through nginx with a token, each
service is killed once and comes back, and all end in time.

Usage: python scripts/try_containers.py [--models FOLDER] [--chat-model NAME] [--port 18443]
The images must be there (`make images`), podman-compose, and openssl. Without --models the volume
gets the default models by `pincite models pull`. Everything that it makes, it removes.
"""

import argparse
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[1]
NAME = "localhost"
SERVICES = ("database", "api", "app", "proxy")
QUESTION = "How many days of home office are allowed per week?"
PASSWORD = "a long word for a trial"


class Trial:
    """The project in a folder of its own, its ports on loopback."""

    def __init__(self, folder: Path, port: int, chat_model: str) -> None:
        self.folder, self.port = folder, port
        text = (ROOT / "compose.yaml").read_text("utf-8")
        text = text.replace('"443:8443"', f'"127.0.0.1:{port}:8443"')
        text = re.sub(r'\s*- "80:8080"|\s*ports:\n\s*- "127.0.0.1:8501:8501".*', "", text)
        (folder / "compose.yaml").write_text(text, "utf-8")
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                f"/CN={NAME}", "-keyout", "pincite.key", "-out", "pincite.crt"]  # fmt: skip
        (folder / "certificates").mkdir()
        subprocess.run(made, cwd=folder / "certificates", check=True, capture_output=True)
        (folder / "certificates" / "pincite.key").chmod(0o644)  # nginx is not root
        self.environment = {
            **os.environ, "PINCITE_NAME": NAME, "PINCITE_DATABASE_PASSWORD": "a'b",
            "PINCITE_CATALOGUE": "postgresql://pincite@database:5432/pincite?sslmode=disable",
            "PINCITE_CHAT_MODEL": chat_model,
        }  # fmt: skip

    def compose(self, *words: str, given: str = "") -> str:
        command = ["podman-compose", "--profile", "office", "--profile", "postgresql", *words]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, input=given,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        if done.returncode:
            sys.exit(f"{' '.join(words)}: {done.stdout}")
        return done.stdout

    def container(self, service: str, of: str = "{{.State.Pid}}") -> str:
        name = f"{self.folder.name}_{service}_1"
        command = ["podman", "inspect", name, "--format", of]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def ask(self, path: str, token: str = "", body: bytes | None = None, kind: str = "") -> Any:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Content-Type": kind} if kind else {}
        request = Request(f"https://{NAME}:{self.port}{path}", body, headers)
        with urlopen(request, context=context, timeout=900) as answer:
            text = answer.read().decode()
        return json.loads(text) if text.startswith("{") else text


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", type=Path)
    parser.add_argument("--chat-model", default="")
    parser.add_argument("--port", type=int, default=18443)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pincite-trial-"))
    trial = Trial(folder, args.port, args.chat_model)
    try:
        run(trial, args.models)
    finally:
        trial.compose("down", "--timeout", "20")
        volumes = [f"{folder.name}_{name}" for name in ("data", "database")]
        subprocess.run(["podman", "volume", "rm", "--force", *volumes], check=False)
        shutil.rmtree(folder)


def run(trial: Trial, models: Path | None) -> None:
    step("database", lambda: trial.compose("up", "-d", "database"))
    step("account", lambda: account(trial))
    if models:
        step("models", lambda: copied(models, trial))
    else:
        step("models", lambda: trial.compose("run", "--rm", "app", "pincite", "models", "pull"))
    step("all services", lambda: trial.compose("up", "-d"))
    step("healthy", lambda: wait(lambda: trial.ask("/healthz") and trial.ask("/_stcore/health")))
    token = step("token", lambda: made_token(trial))
    step("a file added through nginx", lambda: added(trial, token))
    step("a question asked through nginx", lambda: asked(trial, token))
    for service in SERVICES:
        step(f"{service} killed and back", lambda service=service: killed(trial, service, token))
    for service in SERVICES:
        assert trial.container(service, "{{.HostConfig.ReadonlyRootfs}}") == "true", service
        assert trial.container(service, "{{.Config.User}}") not in ("", "root", "0"), service
    for service in reversed(SERVICES):
        step(f"{service} stopped", lambda service=service: trial.compose("stop", service))
        assert trial.container(service, "{{.State.ExitCode}}") in ("0", "130"), service


def account(trial: Trial) -> None:
    wait(lambda: trial.compose("run", "--rm", "-T", "app", "pincite", "users"))
    trial.compose("run", "--rm", "-T", "app", "pincite", "users", "add", "olga", "--stdin",
                  given=f"{PASSWORD}\n")  # fmt: skip


def copied(models: Path, trial: Trial) -> None:
    place = ["podman", "volume", "inspect", f"{trial.folder.name}_data", "-f", "{{.Mountpoint}}"]
    home = Path(subprocess.run(place, check=True, capture_output=True, text=True).stdout.strip())
    shutil.copytree(models, home / "models", dirs_exist_ok=True)
    for path in (home / "models", *(home / "models").rglob("*")):
        shutil.chown(path, home.stat().st_uid, home.stat().st_gid)


def made_token(trial: Trial) -> str:
    said = trial.compose(
        "exec", "-T", "app", "pincite", "tokens", "add", "olga", "--as", "trial", "--role", "owner"
    )
    return max(re.findall(r"[\w-]{20,}", said), key=len)


def added(trial: Trial, token: str) -> str:
    file = (ROOT / "samples" / "Employee Handbook.pdf").read_bytes()
    head = 'Content-Disposition: form-data; name="files"; filename="Employee Handbook.pdf"'
    body = f"--x\r\n{head}\r\n\r\n".encode() + file + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    return str(trial.ask("/api/libraries/trial/documents", token, body, kind))


def asked(trial: Trial, token: str) -> str:
    body = json.dumps({"question": QUESTION}).encode()
    found = trial.ask("/api/libraries/trial/ask", token, body, "application/json")
    assert found["citations"], found
    return f"{found['answer']} <- {found['citations'][0]['quote']}"


def killed(trial: Trial, service: str, token: str) -> None:
    before = trial.container(service)
    os.kill(int(before), signal.SIGKILL)
    wait(lambda: trial.container(service) not in ("0", before))
    wait(lambda: trial.ask("/api/libraries/trial/search?q=vacation", token))
    wait(lambda: trial.ask("/_stcore/health"))


def wait(does: Callable[[], Any], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            if does():
                return
        except (URLError, OSError, SystemExit):
            if time.monotonic() > end:
                raise
        time.sleep(1)


def step(what: str, does: Callable[[], Any]) -> Any:
    begin = time.monotonic()
    result = does()
    shown = f": {result[:200]}" if isinstance(result, str) and what.startswith("a ") else ""
    print(f"{time.monotonic() - begin:7.1f} s  {what}{shown}", flush=True)
    return result


if __name__ == "__main__":
    main()
