"""The sandboxes that others run: their command lines and objects say what ours does, or are not made."""

import base64
import io
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from watchbell.domain.suites.suite import Trial
from watchbell.outside.sandbox import ContainmentMissing, Limits, NotTaken, containers, kubernetes
from watchbell.outside.sandbox.kubernetes import Place

IMAGE = "registry.example/python@sha256:" + "a" * 64
TRIAL = Trial(files={"a.py": b"print(1)"}, command=("python3", "a.py", "--token; $(x)"), seconds=7, memory=128)
PLACE = Place(name="trial-1", namespace="boxes", image=IMAGE)


def planned(**changes: str) -> containers.Planned:
    how = {"engine": "docker", "image": IMAGE, "name": "trial-1", **changes}
    return containers.planned(TRIAL, **how, limits=Limits())


@pytest.mark.parametrize("engine", containers.ENGINES)
def test_a_container_has_no_network_no_rights_no_writable_root_and_gvisors_kernel(engine: str) -> None:
    said = planned(engine=engine).command

    assert said[:2] == (engine, "run")
    assert {
        "--runtime=runsc", "--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges",
        "--user=65534:65534", "--ipc=none", "--pull=never", "--rm", "--pids-limit=64", "--ulimit=core=0",
    } <= set(said)  # fmt: skip
    assert not [
        word for word in said if word.startswith(("--privileged", "--volume", "-v", "--mount", "--device", "-p"))
    ]


def test_a_container_gets_no_swap_and_bounded_places() -> None:
    said = planned().command

    memory = (128 + 64) << 20
    assert {f"--memory={memory}", f"--memory-swap={memory}"} <= set(said)
    places = [word for word in said if word.startswith("--tmpfs=")]
    assert [place.partition(":")[0] for place in places] == ["--tmpfs=/box", "--tmpfs=/tmp"]
    assert all(f"size={32 << 20},nr_inodes=2048" in place for place in places)


def test_a_containers_files_are_handed_over_and_its_command_is_never_read_by_a_shell() -> None:
    plan = planned()

    assert plan.command[-3:] == TRIAL.command
    assert plan.command[plan.command.index(IMAGE) + 1 : -3] == ("sh", "-c", plan.command[-5], "sh")
    assert '"$@"' in plan.command[-5]
    with tarfile.open(fileobj=io.BytesIO(plan.stdin)) as archive:
        assert archive.getnames() == ["a.py"]
    assert (plan.seconds, plan.end) == (7, ("docker", "kill", "trial-1"))


@pytest.mark.parametrize("changes", [{"image": "python:latest"}, {"image": "--privileged"}, {"engine": "sh"}])
def test_an_image_without_its_digest_and_another_engine_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"named by its digest|no engine"):
        planned(**changes)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Put an engine on the path that answers one question as it is told to."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

        def answering(text: str) -> None:
            program = Path(folder, "docker")
            program.write_text(f"#!/bin/sh\n[ $1 = info ] && {text}\n")
            program.chmod(0o755)

        yield answering


def test_sb12_without_an_engine_or_its_gvisor_runtime_no_container_is_run(
    engine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for answer in ("exit 1", "echo null", "echo '[]'", "echo '{\"runc\": {}}'", "echo nothing"):
        engine(answer)
        with pytest.raises(ContainmentMissing, match="gVisor"):
            containers.require("docker")
    monkeypatch.setenv("PATH", "/nowhere")
    for name in (*containers.ENGINES, "sh"):
        with pytest.raises(ContainmentMissing, match="not installed"):
            containers.require(name)


def test_an_engine_that_knows_gvisor_is_taken_after_it_was_asked(engine: Callable[[str], None], tmp_path: Path) -> None:
    engine(f'echo \'{{"runc": {{}}, "runsc": {{}}}}\'; echo "$@" > {tmp_path}/asked')

    containers.require("docker")

    assert (tmp_path / "asked").read_text(encoding="utf-8").startswith("info --format")


def objects() -> dict[str, dict[str, Any]]:
    return {one["kind"]: one for one in kubernetes.manifest(TRIAL, place=PLACE, limits=Limits())}


def test_a_jobs_network_is_refused_before_the_job_is_there() -> None:
    kinds = [one["kind"] for one in kubernetes.manifest(TRIAL, place=PLACE, limits=Limits())]
    policy = objects()["NetworkPolicy"]["spec"]

    assert kinds == ["NetworkPolicy", "ConfigMap", "Job"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["ingress"] == policy["egress"] == []
    assert policy["podSelector"]["matchLabels"] == objects()["Job"]["spec"]["template"]["metadata"]["labels"]


def test_a_jobs_pod_has_no_token_no_rights_nothing_of_its_host_and_gvisors_kernel() -> None:
    pod = objects()["Job"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert pod["runtimeClassName"] == "gvisor"
    assert pod["automountServiceAccountToken"] is pod["enableServiceLinks"] is False
    assert pod["hostNetwork"] is pod["hostPID"] is pod["hostIPC"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not [volume for volume in pod["volumes"] if "hostPath" in volume]


def test_a_job_is_bounded_in_time_memory_and_disk_and_tried_once() -> None:
    job = objects()["Job"]["spec"]
    (container,) = job["template"]["spec"]["containers"]

    assert (job["backoffLimit"], job["activeDeadlineSeconds"]) == (0, 67)
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    assert container["command"][:4] == ["timeout", "-s", "KILL", "7"]
    assert container["command"][-3:] == list(TRIAL.command)
    assert container["resources"]["limits"] == container["resources"]["requests"]
    assert container["resources"]["limits"]["memory"] == "192Mi"
    assert all(
        one["emptyDir"]["sizeLimit"] == "32Mi" for one in job["template"]["spec"]["volumes"] if "emptyDir" in one
    )


def test_a_jobs_files_lie_in_an_immutable_map() -> None:
    given = objects()["ConfigMap"]

    assert given["immutable"] is True
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(given["binaryData"]["files.tar"]))) as archive:
        assert archive.getnames() == ["a.py"]


def test_a_job_with_a_name_of_another_kind_or_too_many_files_is_not_made() -> None:
    for place in (Place(name="A b", namespace="boxes", image=IMAGE), Place(name="a", namespace="b", image="python")):
        with pytest.raises(ValueError, match=r"no name|digest"):
            kubernetes.manifest(TRIAL, place=place, limits=Limits())
    large = Trial(files={"a": bytes(800 << 10)}, command=("true",))
    with pytest.raises(NotTaken, match="a job takes at most"):
        kubernetes.manifest(large, place=PLACE, limits=Limits())
