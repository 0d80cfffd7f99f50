"""Validators' words on the manifests, and on planted errors. They cannot be applied here: there is no cluster."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from tests.integration.manifests.places import Resource, Validate, kustomize, of

VERSION = "1.33"
CUSTOM = ("keda.sh/", "monitoring.coreos.com/", "kafka.strimzi.io/")


def test_core_kinds_are_valid(base: list[Resource], production: list[Resource]) -> None:
    core = [one for one in base + production if not one["apiVersion"].startswith(CUSTOM)]
    assert {one["kind"] for one in core} == {
        *("ConfigMap", "Service", "StatefulSet", "Deployment", "PodDisruptionBudget"),
    }
    for one in core:
        kubernetes_validate.validate(one, VERSION, strict=True)


def test_custom_kinds_are_valid(production: list[Resource], custom: Validate) -> None:
    found = [one for one in production if one["apiVersion"].startswith(CUSTOM)]
    assert {one["kind"] for one in found} == {
        *("KafkaTopic", "ScaledObject", "TriggerAuthentication", "ServiceMonitor", "PrometheusRule"),
    }
    problems = custom(found)
    assert problems == [None] * len(found), problems


def test_the_base_wants_no_operator(base: list[Resource]) -> None:
    assert [one["kind"] for one in base if one["apiVersion"].startswith(CUSTOM)] == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("spec", "replicas"), "two"),
        (("spec", "template", "spec", "terminationGracePeriodSecs"), 60),
        (("spec", "selector"), None),
        (("spec", "template", "spec", "containers", 0, "startupProbe", "httpGet", "port"), None),
    ],
)
def test_a_planted_error_in_a_core_kind_is_found(base: list[Resource], place: tuple[Any, ...], value: object) -> None:
    planted = plant(of(base, "StatefulSet"), place, value)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(planted, VERSION, strict=True)


def test_a_planted_error_in_a_custom_kind_is_found(production: list[Resource], custom: Validate) -> None:
    planted = [
        plant(of(production, "ScaledObject"), ("spec", "minReplicas"), 1),
        plant(of(production, "ScaledObject"), ("spec", "triggers", 0, "type"), None),
        plant(of(production, "KafkaTopic", "likes"), ("spec", "partitions"), "twelve"),
        plant(of(production, "ServiceMonitor", "fanpulse-worker"), ("spec", "selector"), None),
        plant(of(production, "PrometheusRule"), ("spec", "groups", 0, "rules", 0, "fro"), "5m"),
        plant(of(production, "TriggerAuthentication"), ("kind",), "TriggerAuthorisation"),
    ]
    problems = custom(planted)
    result = ("minReplicas", "type", "partitions", "selector", "fro", "TriggerAuthorisation")
    assert len(problems) == len(result)
    for problem, word in zip(problems, result, strict=True):
        assert problem is not None, word
        assert word in problem


def test_kustomize_finds_a_planted_error(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [nowhere.yaml]\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="nowhere"):
        kustomize(tmp_path)


def plant(resource: Resource, place: tuple[Any, ...], value: object) -> Resource:
    """Put a value somewhere in a resource; None takes it away."""
    inner: Any = resource
    for step in place[:-1]:
        inner = inner[step]
    if value is None:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return resource
