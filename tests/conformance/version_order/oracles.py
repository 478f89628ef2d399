"""What do the ecosystems' own tools say of two versions? Each is asked in batches, and only where it is installed.

An answer is `<`, `=` or `>`, or `-` where the tool refuses one of the two.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tests.support import machine

from watchbell.domain.versions import Scheme

Pair = tuple[str, str]

NPM_SEMVER = "7.7.2"
_NODE = machine.ROOT / ".venv" / "node"
_JAVA = Path("/usr/share/java")
_JARS = ("maven-artifact-3.x.jar", "commons-lang3.jar")
_PHP_SEMVER = Path("/usr/share/php/Composer/Semver/autoload.php")

_APT = """
import apt_pkg, sys
apt_pkg.init_system()
for line in sys.stdin:
    a, b = line.rstrip("\\n").split("\\t")
    answer = apt_pkg.version_compare(a, b)
    print("<" if answer < 0 else ">" if answer > 0 else "=")
"""
_DPKG = """
while IFS='	' read -r a b; do
  dpkg --compare-versions "$a" lt "$b" 2>/dev/null
  case $? in
    0) echo '<' ;;
    1) if dpkg --compare-versions "$a" eq "$b" 2>/dev/null; then echo '='; else echo '>'; fi ;;
    *) echo '-' ;;
  esac
done
"""
_NPM = """
const semver = require("semver");
for (const line of require("fs").readFileSync(0, "utf8").trim().split("\\n")) {
  const [a, b] = line.split("\\t");
  console.log(semver.valid(a) && semver.valid(b) ? "<=>"[semver.compare(a, b) + 1] : "-");
}
"""
_RPM = """
for line in io.lines() do
  local a, b = line:match("^(.*)\\t(.*)$")
  local answer = rpm.vercmp(a, b)
  print(answer < 0 and "< " or answer > 0 and "> " or "= ")
end
"""
_COMPOSER = """
require $argv[1];
$parser = new Composer\\Semver\\VersionParser();
while (($line = fgets(STDIN)) !== false) {
  [$a, $b] = explode("\\t", rtrim($line, "\\n"));
  try { $a = $parser->normalize($a); $b = $parser->normalize($b); } catch (Exception $e) { echo "-\\n"; continue; }
  if (str_starts_with($a, "dev-") || str_starts_with($b, "dev-")) { echo "-\\n"; continue; }
  echo ["<", "=", ">"][version_compare($a, $b) + 1], "\\n";
}
"""


@dataclass(frozen=True, slots=True)
class Oracle:
    """One tool: the scheme it speaks for, why it cannot be asked here ("" when it can), and how it is asked."""

    name: str
    scheme: Scheme
    why_missing: Callable[[], str]
    ask: Callable[[Sequence[Pair]], list[str]]
    batch: int = 20_000


def _run(command: list[str], pairs: Sequence[Pair], **environment: str) -> list[str]:
    """Return the words a program prints for these lines of `a TAB b`."""
    lines = "".join(f"{a}\t{b}\n" for a, b in pairs)
    done = subprocess.run(
        command, input=lines, capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return done.stdout.split()


def _by_packaging(pairs: Sequence[Pair]) -> list[str]:
    from packaging.version import InvalidVersion, Version

    answers = []
    for a, b in pairs:
        try:
            one, other = Version(a), Version(b)
        except InvalidVersion:
            answers.append("-")
            continue
        answers.append("<" if one < other else ">" if one > other else "=")
    return answers


def _without(program: str, package: str) -> Callable[[], str]:
    return lambda: "" if shutil.which(program) else f"{program} is not installed (Debian: apt-get install {package})"


@lru_cache(maxsize=1)
def _no_apt() -> str:
    python = Path("/usr/bin/python3")
    if (
        python.exists()
        and not subprocess.run([python, "-c", "import apt_pkg"], capture_output=True, check=False).returncode
    ):
        return ""
    return "python3-apt is not installed (Debian: apt-get install python3-apt)"


@lru_cache(maxsize=1)
def _no_npm() -> str:
    """Return why npm's semver cannot be asked; it is installed below .venv the first time."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not installed (Debian: apt-get install npm)"
    if not (_NODE / "node_modules" / "semver").is_dir():
        quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
        command = ["npm", "install", *quiet, "--prefix", str(_NODE), f"semver@{NPM_SEMVER}"]
        subprocess.run(command, capture_output=True, check=False, timeout=120)
    return "" if (_NODE / "node_modules" / "semver").is_dir() else "npm did not deliver its package semver"


def _no_maven() -> str:
    if not shutil.which("java"):
        return "Java is not installed (Debian: apt-get install default-jre-headless libmaven3-core-java)"
    if not all((_JAVA / jar).is_file() for jar in _JARS):
        return "Maven's library is not installed (Debian: apt-get install libmaven3-core-java)"
    return ""


def _no_composer() -> str:
    if not shutil.which("php") or not _PHP_SEMVER.is_file():
        return "Composer's comparison is not installed (Debian: apt-get install php-cli php-composer-semver)"
    return ""


def _by_maven(pairs: Sequence[Pair]) -> list[str]:
    """Ask the `main` of Maven's own class, which compares each argument with the one before it: every second counts."""
    jars = ":".join(str(_JAVA / jar) for jar in _JARS)
    main = "org.apache.maven.artifact.versioning.ComparableVersion"
    done = subprocess.run(
        ["java", "-cp", jars, main, *(text for pair in pairs for text in pair)],
        capture_output=True,
        text=True,
        check=True,
    )
    compared = [line.split() for line in done.stdout.splitlines() if line.startswith("   ")]
    return [{"==": "="}.get(words[1], words[1]) for words in compared[::2]]


def _by_rpm(pairs: Sequence[Pair]) -> list[str]:
    return _run(["rpm", "--eval", f"%{{lua:{_RPM}}}"], pairs)


def _by_npm(pairs: Sequence[Pair]) -> list[str]:
    return _run(["node", "-e", _NPM], pairs, NODE_PATH=str(_NODE / "node_modules"))


ORACLES = (
    Oracle("packaging", Scheme.PYPI, lambda: "", _by_packaging),
    Oracle("npm semver", Scheme.SEMVER, _no_npm, _by_npm),
    Oracle("apt", Scheme.DEBIAN, _no_apt, lambda pairs: _run(["/usr/bin/python3", "-c", _APT], pairs)),
    Oracle("dpkg", Scheme.DEBIAN, _without("dpkg", "dpkg"), lambda pairs: _run(["sh", "-c", _DPKG], pairs), 500),
    Oracle("rpm", Scheme.RPM, _without("rpm", "rpm"), _by_rpm),
    Oracle("Maven", Scheme.MAVEN, _no_maven, _by_maven, 5_000),
    Oracle(
        "Composer",
        Scheme.PACKAGIST,
        _no_composer,
        lambda pairs: _run(["php", "-r", _COMPOSER, "--", str(_PHP_SEMVER)], pairs),
    ),
)
