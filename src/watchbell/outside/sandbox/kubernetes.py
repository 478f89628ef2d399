"""How is a trial run on a Kubernetes cluster? As a job in gVisor with no token, no network and no second try.

The objects are built here, for the cluster's keeper to apply; Watchbell talks to no cluster.
"""

import base64
import hashlib
import re
from typing import Any, Final

from watchbell.domain.records import record
from watchbell.domain.suites.suite import Trial
from watchbell.outside.sandbox import packing
from watchbell.outside.sandbox.interface import FOLDER, Limits, NotTaken
from watchbell.outside.sandbox.running import spoken

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,48}[a-z0-9])?")
_BY_DIGEST: Final = re.compile(r"[a-z0-9][a-z0-9./:_-]*@sha256:[0-9a-f]{64}")
_LABEL: Final = "watchbell.example/trial"
_NOBODY: Final = 65534
_MOST_FILES: Final = 700 * 1024
"""Bytes of a config map's content before base64; a cluster takes 1 MiB of it."""
_UNPACK: Final = f'tar -x -f /given/files.tar -C {FOLDER} --no-same-owner && exec "$@"'


@record(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a job runs: its name, the namespace, an image by its digest, and the class of runtime that is gVisor."""

    name: str
    namespace: str
    image: str
    runtime: str = "gvisor"


def manifest(trial: Trial, *, place: Place, limits: Limits) -> tuple[dict[str, Any], ...]:
    """Return the objects to apply, in this order: what refuses the network comes first. Raises ValueError, NotTaken."""
    for word in (place.name, place.namespace, place.runtime):
        if not _NAME.fullmatch(word):
            raise ValueError(f"{word!a} is no name for an object of Kubernetes: small letters, digits and hyphens.")
    if not _BY_DIGEST.fullmatch(place.image):
        raise ValueError(f"The image {place.image!a} is not named by its digest: write name@sha256:...")
    return _no_network(place), _files(trial, place, limits), _job(trial, place, limits)


def _about(place: Place) -> dict[str, Any]:
    return {"name": place.name, "namespace": place.namespace, "labels": {_LABEL: place.name}}


def _no_network(place: Place) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _about(place),
        "spec": {
            "podSelector": {"matchLabels": {_LABEL: place.name}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [],
            "egress": [],
        },
    }


def _files(trial: Trial, place: Place, limits: Limits) -> dict[str, Any]:
    packed = packing.packed(trial.files, limits)
    if len(packed) > _MOST_FILES:
        raise NotTaken(f"The trial's files take {len(packed)} bytes; a job takes at most {_MOST_FILES}.")
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {**_about(place), "annotations": {f"{_LABEL}-sha256": hashlib.sha256(packed).hexdigest()}},
        "immutable": True,
        "binaryData": {"files.tar": base64.b64encode(packed).decode("ascii")},
    }


def _job(trial: Trial, place: Place, limits: Limits) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": _about(place),
        "spec": {
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "activeDeadlineSeconds": trial.seconds + 60,
            "ttlSecondsAfterFinished": 300,
            "template": {"metadata": {"labels": {_LABEL: place.name}}, "spec": _pod(trial, place, limits)},
        },
    }


def _pod(trial: Trial, place: Place, limits: Limits) -> dict[str, Any]:
    return {
        "runtimeClassName": place.runtime,
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "hostNetwork": False,
        "hostPID": False,
        "hostIPC": False,
        "dnsPolicy": "None",
        "dnsConfig": {"nameservers": ["127.0.0.1"]},
        "terminationGracePeriodSeconds": 0,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "runAsGroup": _NOBODY,
            "fsGroup": _NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(trial, place, limits)],
        "volumes": [
            {"name": "given", "configMap": {"name": place.name}},
            {"name": "box", "emptyDir": {"medium": "Memory", "sizeLimit": f"{limits.disk // 2}Mi"}},
            {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": f"{limits.disk // 2}Mi"}},
        ],
    }


def _container(trial: Trial, place: Place, limits: Limits) -> dict[str, Any]:
    held = {"cpu": "1", "memory": f"{trial.memory + limits.disk}Mi", "ephemeral-storage": "16Mi"}
    return {
        "name": "trial",
        "image": place.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["timeout", "-s", "KILL", str(trial.seconds), "sh", "-c", _UNPACK, "sh", *spoken(trial.command)],
        "workingDir": FOLDER,
        "resources": {"limits": held, "requests": held},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "given", "mountPath": "/given", "readOnly": True},
            {"name": "box", "mountPath": FOLDER},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 (inside)
        ],
    }
