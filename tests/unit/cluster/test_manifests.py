"""The manifests: valid for Kubernetes, the generator's own, closed, and of the same settings."""

from __future__ import annotations

import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from dagster_project.cluster.manifests import SECRET, manifests
from dagster_project.settings import PROJECT_DIR, Settings

COMMITTED = PROJECT_DIR / "deploy" / "kubernetes" / "warehouse.yaml"
# The oldest one that has every field, and the newest one whose schemas are here.
VERSIONS = ("1.29", kubernetes_validate.latest_version())
OBJECTS: list[dict[str, Any]] = list(yaml.safe_load_all(COMMITTED.read_text(encoding="utf-8")))
DEPLOYMENTS = [one for one in OBJECTS if one["kind"] == "Deployment"]

SECRETS = {
    "DAGSTER_POSTGRES_URL": "postgresql://dagster:secret-one@postgres/dagster",
    "PSEUDONYM_KEY": "secret-two-of-sixteen",
    "SERVING_POSTGRES_URL": "postgresql://warehouse:secret-three@postgres/shop",
    "AUDIENCE_WEBHOOK_SECRET": "secret-four-of-sixteen",
    "ALERT_WEBHOOK_URL": "https://robot.example/secret-five",
    "ALERT_WEBHOOK_SECRET": "secret-six",
    "SMTP_PASSWORD": "secret-seven",
}
SHOP = {
    "SHOP_TIMEZONE": "Europe/Berlin",
    "AS_OF_DATE": "2024-06-30",
    "IDENTITY_RULE": "strict",
    "FRESH_HOURS": "50",
    "PUBLISH_PERSONAL": "true",
    "EXPORT_CONTACTS": "true",
    "SERVING_POSTGRES_READER": "readers",
    "KEEP_RUNS_DAYS": "7",
    "ALERT_WEBHOOK_KIND": "dingtalk",
    "ALERT_EMAIL_TO": "a@shop.cn,b@shop.cn",
    "ALERT_EMAIL_FROM": "robot@shop.cn",
    "SMTP_HOST": "smtp.shop.cn",
    "SMTP_PORT": "465",
    "SMTP_USER": "robot",
    "RUN_WORKERS": "3",
    "DAGSTER_WEB_PORT": "3100",
}


def pod(deployment: dict[str, Any]) -> dict[str, Any]:
    return deployment["spec"]["template"]["spec"]  # type: ignore[no-any-return]


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    (one,) = pod(deployment)["containers"]
    return one  # type: ignore[no-any-return]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("one", OBJECTS, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_kubernetes_has_nothing_against_it(one: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(one, version, strict=True)


def test_kubernetes_would_say_so() -> None:
    misspelt, missing, wrong = (deepcopy(DEPLOYMENTS[0]) for _ in range(3))
    container(misspelt)["readynessProbe"] = container(misspelt).pop("readinessProbe")
    del missing["spec"]["selector"]
    wrong["spec"]["replicas"] = "one"
    for broken in (misspelt, missing, wrong):
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(broken, VERSIONS[0], strict=True)


def test_the_file_is_what_the_generator_writes(tmp_path: Path) -> None:
    """Run as `make kubernetes` runs it, without settings."""
    written = subprocess.run(
        [sys.executable, "-m", "dagster_project", "kubernetes"],
        cwd=PROJECT_DIR,
        env={"PATH": os.environ["PATH"], "WAREHOUSE_DIR": str(tmp_path / "none")},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert written == COMMITTED.read_text(encoding="utf-8"), "run `make kubernetes`"
    assert not (tmp_path / "none").exists()


def test_what_they_say_is_what_was_set(tmp_path: Path) -> None:
    home = {"WAREHOUSE_DIR": str(tmp_path), "DUCKDB_MEMORY_LIMIT": "1GB"}
    meant = Settings.from_env({**home, **SHOP, **SECRETS})
    text = manifests(meant)
    data = [one["data"] for one in yaml.safe_load_all(text) if one["kind"] == "ConfigMap"]
    environ = {name: value for one in data for name, value in one.items()}
    read = Settings.from_env({**home, **environ, **SECRETS, "DAGSTER_CODE_SERVER": ""})
    assert read == meant
    assert "secret-" not in text.replace(SECRET, "")
    # Daemon and web server can read what they are given, without the shop's secrets.
    Settings.from_env({**home, **data[0], "DAGSTER_POSTGRES_URL": SECRETS["DAGSTER_POSTGRES_URL"]})


def test_only_the_code_server_has_the_warehouse_and_the_secrets() -> None:
    assert [one["metadata"]["name"] for one in DEPLOYMENTS] == [
        "warehouse-code",
        "warehouse-daemon",
        "warehouse-web",
    ]
    for deployment in DEPLOYMENTS:
        is_code = deployment["metadata"]["name"] == "warehouse-code"
        whole = {"secretRef": {"name": SECRET}} in container(deployment)["envFrom"]
        disk = any("persistentVolumeClaim" in volume for volume in pod(deployment)["volumes"])
        assert (whole, disk) == (is_code, is_code)
        assert deployment["spec"]["replicas"] == 1
        assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    assert not any(one["kind"] == "Secret" for one in OBJECTS)


def test_the_pods_can_do_little_beside_their_work() -> None:
    for deployment in DEPLOYMENTS:
        locked = pod(deployment)
        assert locked["securityContext"]["runAsNonRoot"] is True
        assert locked["securityContext"]["runAsUser"] == 10001
        assert f"--uid {10001} " in (PROJECT_DIR / "deploy" / "Containerfile").read_text()
        assert locked["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert locked["automountServiceAccountToken"] is False
        one = container(deployment)
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        assert {"cpu", "memory"} <= set(one["resources"]["requests"])
        assert "startupProbe" in one


def test_nothing_is_reached_from_outside() -> None:
    (service,) = [one for one in OBJECTS if one["kind"] == "Service"]
    assert service["spec"]["type"] == "ClusterIP"
    assert service["spec"]["selector"]["app.kubernetes.io/component"] == "code"
    assert "Ingress" not in {one["kind"] for one in OBJECTS}
    policies = {
        one["metadata"]["name"]: one["spec"] for one in OBJECTS if one["kind"] == "NetworkPolicy"
    }
    assert policies["warehouse-closed"]["ingress"] == []
    for deployment in DEPLOYMENTS:
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        chosen = policies["warehouse-closed"]["podSelector"]["matchLabels"]
        assert chosen.items() <= labels.items()
    (rule,) = policies["warehouse-code"]["ingress"]
    callers = {
        one["podSelector"]["matchLabels"]["app.kubernetes.io/component"] for one in rule["from"]
    }
    assert callers == {"daemon", "web"}


def test_each_part_is_started_with_a_command_there_is() -> None:
    for deployment in DEPLOYMENTS:
        arguments = container(deployment)["args"]
        assert arguments[:2] == ["cluster", deployment["metadata"]["name"].split("-")[1]]
        # Never on every address: the pod's own, or its loopback.
        assert arguments[2:] in ([], ["--listen", "$(POD_IP)"])
    assert "0.0.0.0" not in COMMITTED.read_text(encoding="utf-8")
