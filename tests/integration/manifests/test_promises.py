"""Claims about what the Kubernetes manifests say."""

from pathlib import Path
from typing import Any

from click.testing import CliRunner

from agents import brands
from agents.cli.main import cli
from agents.settings import Settings, read, unknown
from agents.worker.process import WORKER_STOP_S
from deploy.kubernetes.make import files
from deploy.kubernetes.make import production as overlay_settings
from tests.integration.manifests.places import KUBERNETES, Resource, of


def pod(workload: Resource) -> dict[str, Any]:
    spec: dict[str, Any] = workload["spec"]["template"]["spec"]
    return spec


def settings(resources: list[Resource]) -> Settings:
    environ = of(resources, "ConfigMap", "fanpulse-settings")["data"]
    assert unknown(environ) == []
    return read(environ)


def test_written_manifests_are_as_they_would_be_written_now() -> None:
    for path, text in files().items():
        assert path.read_text(encoding="utf-8") == text, f"run python -m deploy.kubernetes.make ({path})"


def test_the_command_prints_the_topics_that_are_written(production: list[Resource]) -> None:
    environ = of(production, "ConfigMap", "fanpulse-settings")["data"]
    result = CliRunner().invoke(cli, ["topics", "manifest", "--cluster", "fanpulse-kafka"], env=environ)
    written = (KUBERNETES / "components" / "topics" / "topics.yaml").read_text(encoding="utf-8")
    assert result.output == written.partition("\n")[2]


def test_settings_and_parameters_are_taken(base: list[Resource], production: list[Resource], tmp_path: Path) -> None:
    for resources in (base, production):
        result = settings(resources)
        file = tmp_path / Path(result.params).name
        file.write_text(of(resources, "ConfigMap", "fanpulse-params")["data"][file.name], encoding="utf-8")
        assert brands.load(Settings(params=str(file))).platforms
        mounts = pod(of(resources, "StatefulSet"))["containers"][0]["volumeMounts"]
        assert {str(Path(result.params).parent), result.data_dir} <= {mount["mountPath"] for mount in mounts}


def test_a_pod_keeps_its_name_and_its_partitions_wait_for_it(base: list[Resource]) -> None:
    env = pod(of(base, "StatefulSet"))["containers"][0]["env"]
    assert env == [
        {"name": "FANPULSE_INSTANCE_ID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ]


def test_a_worker_has_time_to_start_and_to_stop(base: list[Resource], production: list[Resource]) -> None:
    for resources in (base, production):
        result, spec = settings(resources), pod(of(resources, "StatefulSet"))
        assert spec["terminationGracePeriodSeconds"] > result.session_timeout_s + WORKER_STOP_S + 10
        probe = spec["containers"][0]["startupProbe"]
        assert probe["httpGet"]["path"] == "/readyz"
        assert probe["periodSeconds"] * probe["failureThreshold"] > result.recovery_timeout_s + 60


def test_probes_ask_the_metrics_port(base: list[Resource]) -> None:
    for kind, port in (("StatefulSet", settings(base).metrics_port), ("Deployment", settings(base).metrics_port + 1)):
        (container,) = pod(of(base, kind))["containers"]
        assert {"name": "metrics", "containerPort": port} in container["ports"]
        asked = [container[name]["httpGet"] for name in ("livenessProbe", "readinessProbe")]
        assert asked == [{"path": "/livez", "port": "metrics"}, {"path": "/readyz", "port": "metrics"}]


def test_pods_may_do_nothing_that_they_need_not(base: list[Resource], production: list[Resource]) -> None:
    for resources in (base, production):
        for kind in ("StatefulSet", "Deployment"):
            spec = pod(of(resources, kind))
            assert spec["securityContext"]["runAsNonRoot"] is True
            assert spec["securityContext"]["runAsUser"] == 10001
            assert spec["automountServiceAccountToken"] is False
            # A Service called fanpulse-web would otherwise set FANPULSE_WEB_PORT, to tcp://...
            assert spec["enableServiceLinks"] is False
            for container in spec["containers"] + spec.get("initContainers", []):
                assert container["securityContext"] == {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                }
                assert "memory" in container["resources"]["limits"]


def test_selectors_select(base: list[Resource]) -> None:
    for kind, name in (("StatefulSet", "fanpulse-worker"), ("Deployment", "fanpulse-serve")):
        workload = of(base, kind)
        labels = workload["spec"]["template"]["metadata"]["labels"].items()
        assert workload["spec"]["selector"]["matchLabels"].items() <= labels
        assert of(base, "Service", name)["spec"]["selector"].items() <= labels
    worker = of(base, "StatefulSet")["spec"]
    assert of(base, "PodDisruptionBudget")["spec"]["selector"] == worker["selector"]
    assert of(base, "Service", worker["serviceName"])["spec"]["clusterIP"] == "None"


def test_the_metrics_job_is_the_one_that_rules_ask_for(production: list[Resource]) -> None:
    rules = str(of(production, "PrometheusRule"))
    for name in ("fanpulse-worker", "fanpulse-serve"):
        service, monitor = of(production, "Service", name), of(production, "ServiceMonitor", name)
        assert service["metadata"]["name"] == name  # the operator makes the job's name of it
        assert f'job="{name}"' in rules
        assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        assert {port["name"] for port in service["spec"]["ports"]} >= {monitor["spec"]["endpoints"][0]["port"]}


def test_topics_are_production_s(production: list[Resource]) -> None:
    result = settings(production)
    assert result == overlay_settings()
    topics = {one["spec"]["topicName"]: one["spec"] for one in production if one["kind"] == "KafkaTopic"}
    assert list(topics) == sorted(spec.name for spec in result.names.specs())
    for spec in result.names.specs():
        one = topics[spec.name]
        assert (one["partitions"], one["replicas"]) == (result.partitions, 3)
        assert one["config"] == spec.config(3)


def test_workers_follow_the_lag_upwards_soon_and_downwards_late(production: list[Resource]) -> None:
    result, scaled = settings(production), of(production, "ScaledObject")["spec"]
    (trigger,) = scaled["triggers"]
    assert "replicas" not in of(production, "StatefulSet")["spec"]  # an apply would set KEDA's number back
    assert scaled["minReplicaCount"] == 1
    assert scaled["maxReplicaCount"] == result.partitions
    assert trigger["metadata"]["bootstrapServers"] == result.broker
    assert trigger["metadata"]["consumerGroup"] == result.group
    assert trigger["metadata"]["tls"] == ("enable" if result.kafka_security.endswith("SSL") else "disable")
    assert trigger["metadata"]["sasl"] == result.kafka_mechanism.lower().replace("-", "_").replace("sha_", "sha")
    behaviour = scaled["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behaviour["scaleDown"]["stabilizationWindowSeconds"] >= 1800


def test_production_starts_nothing_without_its_secrets(production: list[Resource]) -> None:
    result = settings(production)
    for kind in ("StatefulSet", "Deployment"):
        (container,) = pod(of(production, kind))["containers"]
        assert {"secretRef": {"name": "fanpulse-secrets"}} in container["envFrom"]
        assert {"name": "kafka-ca", "mountPath": str(Path(result.kafka_ca).parent), "readOnly": True} in container[
            "volumeMounts"
        ]
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(KUBERNETES.rglob("*.env")))
    assert "PASSWORD" not in text
