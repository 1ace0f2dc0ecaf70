"""Kubernetes manifests of the three parts, made of the same settings.

Only the code server has the warehouse and its secrets: it evaluates the sensors and runs the jobs.
Daemon and web server know Dagster's database and where the code server is, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from dagster_project.cluster.parts import IMAGE
from dagster_project.settings import Settings

NAME = "warehouse"
# Made with kubectl; what may be in it: docs/cluster.md.
SECRET = "warehouse-secrets"

Object = dict[str, Any]

_HEADER = "# Written by `make kubernetes`; how to use it: docs/cluster.md.\n"
_USER = 10001  # of deploy/Containerfile
# Some hours of nights of a large shop; a longer one is started again (run_retries).
_NIGHT_SECONDS = 3 * 3600
_DISK = "50Gi"
_ASK_WEB = (
    "import urllib.request; "
    "urllib.request.urlopen('http://127.0.0.1:{port}/server_info', timeout=5)"
)


def manifests(settings: Settings, image: str = IMAGE) -> str:
    """The text of all manifests, for `kubectl apply -f`.

    Args:
        settings: everything in them that is not secret is written out.
        image: built with deploy/Containerfile, where the cluster can pull it.
    """
    objects = [
        _config_map(f"{NAME}-cluster", _cluster_environment(settings)),
        _config_map(f"{NAME}-shop", _shop_environment(settings)),
        _service_account(),
        _volume_claim(),
        _code_server(settings, image),
        _service(settings),
        _daemon(image),
        _web_server(settings, image),
        _closed_to_others(),
        _code_server_for_the_other_parts(settings),
    ]
    return _HEADER + yaml.dump_all(objects, Dumper=_Plain, sort_keys=False, allow_unicode=True)


def _cluster_environment(settings: Settings) -> dict[str, str]:
    cluster = settings.cluster
    return {
        "DAGSTER_CODE_SERVER": f"{NAME}-code:{cluster.code_port}",
        "DAGSTER_WEB_PORT": str(cluster.web_port),
        "RUN_WORKERS": str(cluster.run_workers),
    }


def _shop_environment(settings: Settings) -> dict[str, str]:
    """What the shop set; paths and sizes of this machine are left out, a container has its own."""
    alerts = settings.alerts
    told = {
        "SHOP_TIMEZONE": settings.shop_timezone,
        "AS_OF_DATE": settings.as_of_date.isoformat() if settings.as_of_date else "",
        "DBT_TARGET": settings.target,
        "IDENTITY_RULE": settings.identity_rule,
        "FRESH_HOURS": str(settings.fresh_hours),
        "PUBLISH_PERSONAL": _switch(settings.publish_personal),
        "EXPORT_CONTACTS": _switch(settings.export_contacts),
        "SERVING_POSTGRES_READER": settings.postgres_reader,
        "KEEP_RUNS_DAYS": str(settings.keep_runs_days),
        "ALERT_WEBHOOK_KIND": alerts.webhook_kind,
        "ALERT_EMAIL_TO": ",".join(alerts.email_to),
        "ALERT_EMAIL_FROM": alerts.email_from,
        "SMTP_HOST": alerts.smtp_host,
        "SMTP_PORT": str(alerts.smtp_port) if alerts.smtp_host else "",
        "SMTP_USER": alerts.smtp_user or "",
        "SMTP_SECURITY": alerts.smtp_security if alerts.smtp_host else "",
    }
    return {name: value for name, value in told.items() if value}


def _switch(on: bool) -> str:
    return "true" if on else "false"


def _code_server(settings: Settings, image: str) -> Object:
    # The answer of Dagster's own health service. No liveness probe: a restart would end the night.
    healthy = {"grpc": {"port": settings.cluster.code_port, "service": "DagsterApi"}}
    container = {
        **_container("code", image, ["--listen", "$(POD_IP)"]),
        "ports": [{"name": "grpc", "containerPort": settings.cluster.code_port}],
        "env": [_pod_ip()],
        "envFrom": [
            {"configMapRef": {"name": f"{NAME}-cluster"}},
            {"configMapRef": {"name": f"{NAME}-shop"}},
            {"secretRef": {"name": SECRET}},
        ],
        # DuckDB takes half of the limit, Python and the rules up to 1.3 GB beside it.
        "resources": _resources(cpu="1", memory="4Gi", limit="8Gi"),
        "startupProbe": {**healthy, "periodSeconds": 5, "failureThreshold": 60},
        "readinessProbe": {**healthy, "periodSeconds": 30, "timeoutSeconds": 10},
    }
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": NAME}}]
    # Kubernetes asks it to end and it waits for its runs.
    return _deployment("code", container, volumes, grace_seconds=_NIGHT_SECONDS)


def _daemon(image: str) -> Object:
    # Whether every part of the daemon has said within the last minutes that it is alive.
    check = {"exec": {"command": ["dagster-daemon", "liveness-check"]}}
    container = {
        **_container("daemon", image, []),
        "env": [_database()],
        "envFrom": [{"configMapRef": {"name": f"{NAME}-cluster"}}],
        "resources": _resources(cpu="250m", memory="512Mi", limit="1Gi"),
        "startupProbe": {
            **check,
            "periodSeconds": 15,
            "timeoutSeconds": 30,
            "failureThreshold": 20,
        },
        "livenessProbe": {**check, "periodSeconds": 300, "timeoutSeconds": 60},
    }
    return _deployment("daemon", container, [_empty("data")])


def _web_server(settings: Settings, image: str) -> Object:
    ask = ["python", "-c", _ASK_WEB.format(port=settings.cluster.web_port)]
    check = {"exec": {"command": ask}, "timeoutSeconds": 10}
    container = {
        # On the pod's loopback: only `kubectl port-forward` reaches it, which asks who one is.
        **_container("web", image, []),
        "env": [_database()],
        "envFrom": [{"configMapRef": {"name": f"{NAME}-cluster"}}],
        "resources": _resources(cpu="100m", memory="512Mi", limit="1Gi"),
        "startupProbe": {**check, "periodSeconds": 5, "failureThreshold": 60},
        "livenessProbe": {**check, "periodSeconds": 60},
    }
    return _deployment("web", container, [_empty("data")])


def _container(part: str, image: str, arguments: list[str]) -> Object:
    return {
        "name": part,
        "image": image,
        "args": ["cluster", part, *arguments],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [
            {"name": "data", "mountPath": "/data"},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }


def _deployment(
    part: str, container: Object, volumes: list[Object], grace_seconds: int = 60
) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(f"{NAME}-{part}", part),
        "spec": {
            # One of each: a second daemon would start every night twice, and DuckDB has one writer.
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": _labels(part)},
            "template": {
                "metadata": {"labels": _labels(part)},
                "spec": {
                    "serviceAccountName": NAME,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "terminationGracePeriodSeconds": grace_seconds,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": _USER,
                        "runAsGroup": _USER,
                        "fsGroup": _USER,
                        "fsGroupChangePolicy": "OnRootMismatch",
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [container],
                    "volumes": [*volumes, _empty("tmp")],
                },
            },
        },
    }


def _service(settings: Settings) -> Object:
    port = settings.cluster.code_port
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(f"{NAME}-code", "code"),
        "spec": {
            "type": "ClusterIP",
            "selector": _labels("code"),
            "ports": [{"name": "grpc", "port": port, "targetPort": "grpc"}],
        },
    }


def _closed_to_others() -> Object:
    return _network_policy("closed", {"app.kubernetes.io/name": NAME}, [])


def _code_server_for_the_other_parts(settings: Settings) -> Object:
    # Whoever reaches the code server can run code as its account.
    others = [{"podSelector": {"matchLabels": _labels(part)}} for part in ("daemon", "web")]
    ports = [{"protocol": "TCP", "port": settings.cluster.code_port}]
    return _network_policy("code", _labels("code"), [{"from": others, "ports": ports}])


def _network_policy(name: str, chosen: Mapping[str, str], ingress: list[Object]) -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"{NAME}-{name}", "labels": {"app.kubernetes.io/name": NAME}},
        "spec": {
            "podSelector": {"matchLabels": dict(chosen)},
            "policyTypes": ["Ingress"],
            "ingress": ingress,
        },
    }


def _config_map(name: str, data: dict[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/name": NAME}},
        "data": data,
    }


def _service_account() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": NAME, "labels": {"app.kubernetes.io/name": NAME}},
        "automountServiceAccountToken": False,
    }


def _volume_claim() -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": NAME, "labels": {"app.kubernetes.io/name": NAME}},
        "spec": {
            # A disk of one node at a time; DuckDB's files do not belong on a network share.
            "accessModes": ["ReadWriteOncePod"],
            "resources": {"requests": {"storage": _DISK}},
        },
    }


def _metadata(name: str, part: str) -> Object:
    return {"name": name, "labels": _labels(part)}


def _labels(part: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": NAME, "app.kubernetes.io/component": part}


def _pod_ip() -> Object:
    return {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}


def _database() -> Object:
    key = "DAGSTER_POSTGRES_URL"
    return {"name": key, "valueFrom": {"secretKeyRef": {"name": SECRET, "key": key}}}


def _empty(name: str) -> Object:
    return {"name": name, "emptyDir": {}}


def _resources(*, cpu: str, memory: str, limit: str) -> Object:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": limit}}


class _Plain(yaml.SafeDumper):
    """Writes each value out where it stands, without YAML's anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """No value is an alias of another."""
        return True
