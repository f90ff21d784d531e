"""What deploy/kubernetes holds, built: against Kubernetes, and against the server."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from rolefit.server import supervisor
from rolefit.server.config import ServerConfig, settings
from tests.deploy.conftest import CHECKOUT, KUSTOMIZATIONS, Object, Validate
from tests.server.processes import run_command

OLDEST, NEWEST = "1.29", "1.37"
"""Versions of Kubernetes whose schemas the objects are held against."""

Manifests = dict[str, list[Object]]


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    return [each for each in objects if each["kind"] == kind]


def the(objects: list[Object], kind: str, name: str = "rolefit") -> Any:
    (found,) = (each for each in of_kind(objects, kind) if each["metadata"]["name"] == name)
    return found


def pods(objects: list[Object]) -> Any:
    return the(objects, "Deployment")["spec"]["template"]


def container(objects: list[Object]) -> Any:
    (only,) = pods(objects)["spec"]["containers"]
    return only


def variables(objects: list[Object]) -> dict[str, str]:
    (configured,) = (
        each
        for each in of_kind(objects, "ConfigMap")
        if each["metadata"]["name"].startswith("rolefit-settings-")
    )
    found: dict[str, str] = configured["data"]
    return found


def seconds(objects: list[Object], name: str) -> float:
    return float(variables(objects)[f"ROLEFIT_{name}_SECONDS"])


def matches(selector: Any, labels: dict[str, str]) -> bool:
    return bool(selector) and selector.items() <= labels.items()


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_every_object_fits_its_schema(manifests: Manifests, name: str, version: str) -> None:
    assert len(manifests[name]) >= 8
    for each in manifests[name]:
        assert kubernetes_validate.validate(each, version, strict=True) == version


@pytest.mark.parametrize(
    ("what", "instead", "complaint"),
    [
        ("revisionHistoryLimit: 5", "revisionHistory: 5", "unknown field"),
        ("maxSurge: 1", "maxSurge: [1]", "maxSurge"),
        ("memory: 1Gi", "memory: one gigabyte", "quantities must match"),
        ("runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot"),
        ("allowPrivilegeEscalation: false", "runAsUser: 0", "allowPrivilegeEscalation"),
        ("type: RuntimeDefault", "type: Unconfined", "seccompProfile"),
    ],
)
def test_a_broken_deployment_is_refused(
    validate: Validate,
    kustomizations: Path,
    tmp_path: Path,
    what: str,
    instead: str,
    complaint: str,
) -> None:
    base = tmp_path / "base"
    shutil.copytree(kustomizations / "base", base)
    deployment = base / "deployment.yaml"
    text = deployment.read_text()
    assert what in text
    deployment.write_text(text.replace(what, instead))
    done = validate(base)
    assert done.returncode == 1
    assert complaint in done.stderr


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_every_variable_is_a_setting(manifests: Manifests, name: str) -> None:
    known = {setting.variable for setting in settings()}
    by_hand = {each["name"] for each in container(manifests[name])["env"]}
    assert {*variables(manifests[name]), *by_hand} <= known


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_a_pod_is_given_the_time_that_its_server_takes_to_stop(
    manifests: Manifests, name: str
) -> None:
    objects = manifests[name]
    longest = sum(seconds(objects, each) for each in ("LAME_DUCK", "DRAIN", "GRACE"))
    given = pods(objects)["spec"]["terminationGracePeriodSeconds"]
    # The supervisor's own limit comes first, so that its log says what was killed.
    assert given > longest + supervisor._MARGIN_SECONDS


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_every_connection_is_asked_to_go_before_the_drain_ends(
    manifests: Manifests, name: str
) -> None:
    # gRPC varies the age by a tenth.
    age = 1.1 * seconds(manifests[name], "CONNECTION_AGE")
    assert seconds(manifests[name], "DRAIN") > age


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_not_ready_is_seen_before_connections_are_refused(
    manifests: Manifests, name: str
) -> None:
    probe = container(manifests[name])["readinessProbe"]
    # A Service drops a pod that terminates by itself; this is for those that go by the probe.
    assert seconds(manifests[name], "LAME_DUCK") >= probe["periodSeconds"]


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_ports_agree(manifests: Manifests, name: str) -> None:
    objects = manifests[name]
    ports = {each["name"]: each["containerPort"] for each in container(objects)["ports"]}
    assert ports["grpc"] == int(variables(objects)["ROLEFIT_PORT"])
    assert ports["grpc"] == ServerConfig().port
    assert ports.get("http") == (
        int(variables(objects)["ROLEFIT_HTTP_PORT"]) if "http" in ports else None
    )
    for service in of_kind(objects, "Service"):
        assert [each["targetPort"] for each in service["spec"]["ports"]] == ["grpc"]
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        probe = container(objects)[kind]
        asked = probe["grpc"] if "grpc" in probe else probe["httpGet"]
        assert asked["port"] in {*ports, *ports.values()}
    for rule in the(objects, "NetworkPolicy")["spec"]["ingress"]:
        assert {each["port"] for each in rule["ports"]} <= ports.keys()


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_everything_that_selects_pods_finds_them(manifests: Manifests, name: str) -> None:
    objects = manifests[name]
    labels = pods(objects)["metadata"]["labels"]
    services = of_kind(objects, "Service")
    assert {each["metadata"]["name"] for each in services} == {"rolefit", "rolefit-headless"}
    selectors = [
        *(each["spec"]["selector"] for each in services),
        the(objects, "Deployment")["spec"]["selector"]["matchLabels"],
        the(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        the(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        *(
            each["labelSelector"]["matchLabels"]
            for each in pods(objects)["spec"]["topologySpreadConstraints"]
        ),
    ]
    for selector in selectors:
        assert matches(selector, labels)


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_clients_need_one_label_to_get_in(manifests: Manifests, name: str) -> None:
    rules = the(manifests[name], "NetworkPolicy")["spec"]["ingress"]
    (rule,) = (each for each in rules if each["ports"][0]["port"] == "grpc")
    (peer,) = rule["from"]
    assert matches(peer["podSelector"]["matchLabels"], {"rolefit-client": "true"})


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_names_that_refer_are_there(manifests: Manifests, name: str) -> None:
    objects = manifests[name]
    target = the(objects, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert the(objects, target["kind"], target["name"])["apiVersion"] == target["apiVersion"]
    the(objects, "ServiceAccount", pods(objects)["spec"]["serviceAccountName"])
    for source in container(objects)["envFrom"]:
        the(objects, "ConfigMap", source["configMapRef"]["name"])


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_one_worker_for_each_core_of_the_limit(manifests: Manifests, name: str) -> None:
    only = container(manifests[name])
    (workers,) = (each for each in only["env"] if each["name"] == "ROLEFIT_WORKERS")
    source = workers["valueFrom"]["resourceFieldRef"]
    assert (source["resource"], source["divisor"]) == ("limits.cpu", "1")
    assert only["resources"]["limits"] == only["resources"]["requests"]


def test_tls_is_asked_of_no_probe(manifests: Manifests) -> None:
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert "grpc" not in container(manifests["mtls"])[kind]


@pytest.mark.parametrize("name", ["mtls", "own-rules"])
def test_certificates_are_where_they_are_mounted(manifests: Manifests, name: str) -> None:
    (mount,) = (
        each for each in container(manifests[name])["volumeMounts"] if each["name"] == "tls"
    )
    named = [v for k, v in variables(manifests[name]).items() if k.startswith("ROLEFIT_TLS_")]
    assert len(named) == 3
    for path in named:
        assert Path(path).parent == Path(mount["mountPath"])


def test_own_rules_arrive_as_the_folder_they_were(manifests: Manifests, tmp_path: Path) -> None:
    """As the kubelet lays out a ConfigMap: hidden folders, and a link that is swapped."""
    objects = manifests["own-rules"]
    content = the(objects, "ConfigMap", "rolefit-rules")["data"]
    (volume,) = (each for each in pods(objects)["spec"]["volumes"] if each["name"] == "rules")
    (mount,) = (each for each in container(objects)["volumeMounts"] if each["name"] == "rules")
    mounted = tmp_path / "mounted"
    written = mounted / "..2026_11_26_13_00_00.1"
    for item in volume["configMap"]["items"]:
        path = written / item["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content[item["key"]])
    (mounted / "..data").symlink_to(written.name)
    for top in written.iterdir():
        (mounted / top.name).symlink_to(f"..data/{top.name}")

    folder = Path(variables(objects)["ROLEFIT_RULES"]).relative_to(mount["mountPath"])
    checked = run_command("rules", "check", str(mounted / folder))
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout == run_command("rules", "check", str(CHECKOUT / "rules")).stdout
    arrived = {
        each.relative_to(mounted / folder) for each in (mounted / folder).rglob("*.yaml")
    }
    here = {
        each.relative_to(CHECKOUT / "rules") for each in (CHECKOUT / "rules").rglob("*.yaml")
    }
    assert arrived == here


def test_own_rules_fit_into_a_configmap(manifests: Manifests) -> None:
    rules = the(manifests["own-rules"], "ConfigMap", "rolefit-rules")
    assert sum(len(text.encode()) for text in rules["data"].values()) < 2**20
