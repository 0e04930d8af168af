"""The file for containers is one, and says what the project is. No container is started here."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
FILE = ROOT / "compose.yaml"


def _content() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text("utf-8")))


SERVICES: dict[str, dict[str, Any]] = _content()["services"]
OURS = sorted(name for name, each in SERVICES.items() if "build" in each)


def test_it_is_valid_by_the_schema_of_compose_files() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]

    done = subprocess.run(command, capture_output=True, check=False, text=True)

    assert done.returncode == 0, done.stdout


def test_what_it_copies_is_there() -> None:
    given = SERVICES["demo"]["build"]["dockerfile_inline"]
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", given, re.MULTILINE)

    names = [name for line in copied for name in line.split()]
    assert {"gateway", "providers", "pyproject.toml", "constraints.txt"} <= set(names)
    assert [name for name in names if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("name", OURS)
def test_each_command_of_ours_is_one_that_there_is(name: str) -> None:
    (default,) = re.findall(r"^CMD (\[.+\])$", SERVICES[name]["build"]["dockerfile_inline"], re.MULTILINE)
    command = [str(each) for each in SERVICES[name].get("command") or yaml.safe_load(default)]
    started = ["-m", *command] if command[0] == "gateway" else command[1:]

    done = subprocess.run([sys.executable, *started, "--help"], capture_output=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_confined_exact_and_watched(name: str) -> None:
    service = SERVICES[name]
    image = str(service["image"])

    assert re.fullmatch(r"telecom-gateway:local|[a-z/-]+:v?\d+\.\d+(\.\d+)?[a-z-]*", image), image
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["healthcheck"]["test"]
    # Keycloak's image writes into its own folders at its start, and runs as a user of its own already.
    if name != "keycloak":
        assert service["read_only"] is True
        assert "USER 10001" in str(service.get("build")) or service["user"] not in ("root", "0")
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_each_config_is_a_file_that_all_may_read() -> None:
    # Docker Compose refuses a `content` where the service is read-only ("`file` is the sole supported option").
    files = [ROOT / each["file"] for each in _content()["configs"].values()]

    assert len(files) == 2
    assert [file for file in files if not file.stat().st_mode & 0o004] == []


def test_no_secret_stands_in_it() -> None:
    environments = [each.get("environment", {}) for each in SERVICES.values()]
    values = {key: str(value) for each in environments for key, value in each.items()}

    secret = {key: value for key, value in values.items() if re.search(r"PASSWORD|SECRET|TOKEN|_KEY$", key)}
    addresses = {key: value for key, value in values.items() if re.search(r"://[^/]*:[^/]*@", value)}
    assert len(secret) == 3
    assert set(addresses) == {"GATEWAY_DATABASE_URL", "GATEWAY_REDIS_URL"}
    assert all(re.fullmatch(r"\$\{[A-Z_]+:[?-][^}]*\}", value) for value in secret.values()), secret
    assert all(re.search(r"://[a-z]*:\$\{[A-Z_]+:\?[^}]+\}@", value) for value in addresses.values()), addresses


@pytest.mark.parametrize("name", ["gateway-1", "gateway-2"])
def test_each_setting_it_sets_is_one_that_there_is(name: str) -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}

    assert set(SERVICES[name]["environment"]) <= known
