"""Which evals of other people's are there to know of, where inspect_evals is not installed? As its 0.26.0 has them.

Written down from each `eval.yaml` of inspect_evals 0.26.0 (MIT): one line an eval, with all samples of its tasks. What
is installed here is read instead, by `foreign.listed`.
"""

from typing import Final

from watchbell.outside.inspect_runner.foreign import Foreign, Hindrance

VERSION: Final = "0.26.0"
_DOCKER, _DATA, _PACKAGE = Hindrance.DOCKER, Hindrance.DATA, Hindrance.PACKAGE
_Row = tuple[str, str, int, dict[Hindrance, str]]

_ROWS: Final[tuple[_Row, ...]] = (
    ("agent_threat_bench", "Tool agents under attack", 24, {}),
    ("agentdojo", "Tool agents under prompt injection", 1014, {_DOCKER: "docker", _PACKAGE: "pydantic[email]"}),
    ("agentharm", "Harmful tool use", 352, {_DATA: "download"}),
    ("b3", "Backbone attacks", 630, {_DATA: "download"}),
    ("coconot", "When not to comply", 1001, {_DATA: "download"}),
    ("cti_realm", "Detection rules from threat reports", 125, {_DOCKER: "docker", _DATA: "Hugging Face, MITRE"}),
    (
        "cve_bench",
        "Web applications with known flaws",
        40,
        {_DOCKER: "docker or k8s", _PACKAGE: "git"},
    ),
    ("cybench", "Capture the flag", 39, {_DOCKER: "docker", _DATA: "download", _PACKAGE: "inspect_cyber"}),
    ("cybergym", "Known flaws of open source, reproduced", 6028, {_DOCKER: "docker", _DATA: "Hugging Face"}),
    ("cybermetric", "Questions on security", 12580, {_DATA: "download"}),
    ("cyberseceval_2", "Interpreter abuse, injection, exploitation", 1324, {_DOCKER: "docker", _DATA: "GitHub"}),
    ("cyberseceval_3", "Prompt injection in pictures", 1000, {_DATA: "Hugging Face"}),
    ("cyberseceval_4", "MITRE, instructions, completion, phishing", 7883, {_DATA: "GitHub"}),
    ("fortress", "Safeguards and over-refusal", 1000, {_DATA: "download"}),
    ("gdm_in_house_ctf", "Capture the flag", 13, {_DOCKER: "docker", _DATA: "Docker Hub"}),
    ("gdm_intercode_ctf", "Capture the flag", 78, {_DOCKER: "docker", _DATA: "GitHub"}),
    ("ipi_coding_agent", "Coding agents under prompt injection", 45, {_DOCKER: "docker"}),
    ("sec_qa", "Questions on security", 420, {_DATA: "download"}),
    ("sevenllm", "Reading threat reports", 1300, {_DATA: "download"}),
    ("strong_reject", "Jailbreaks", 324, {_DATA: "download"}),
    ("threecb", "Attack techniques, one by one", 35, {_DOCKER: "docker"}),
    ("wmdp_cyber", "Questions on hazardous knowledge", 1987, {_DATA: "download"}),
    ("xstest", "Over-refusal", 250, {_DATA: "download"}),
)

KNOWN: Final = tuple(
    Foreign(
        task=f"inspect_evals/{name}",
        title=title,
        version=VERSION,
        samples=samples,
        hindrances=tuple(hindrances),
        about=tuple(hindrances.values()),
    )
    for name, title, samples, hindrances in _ROWS
)
