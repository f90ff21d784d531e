"""Our rules in Drools, in the Java process that drools-jpy starts inside ours.

The rules are written in Drools' executable model, the Java that its own compiler makes of DRL,
compiled with the JDK found here against the Drools that drools-jpy brings, and run in one
stateful session whose facts are deleted after each decision. A decision is one call of Java:
an array of numbers goes in (a token is the number of its place), the numbers of the rules that
fired come out as the characters of a string, which is what jpy passes fastest.

drools-jpy's own way, rules as JSON and facts as JSON, gives the same findings in some ten
times as long: every rule that fires hands back the whole fact.
"""

from __future__ import annotations

import array
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from bench.peers.drools_source import CLASS, Source
from bench.peers.formulas import translate
from bench.peers.peer import Decided, NotAvailableError, Peer
from bench.peers.variables import Reader
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import Ruleset

PACKAGE = "drools-jpy"


class DroolsPeer:
    """The rule set as a Drools session. One for each process: it starts the Java machine.

    Raises:
        NotAvailableError: The rules could not be compiled.
    """

    def __init__(self, name: str, ruleset: Ruleset, jdk: Path, jar: Path):
        self.name = name
        formulas = translate(ruleset)
        self._reader = Reader(formulas, ruleset.vocabulary.fields)
        self._paths = [rule.path for rule in formulas.verdicts]
        source = Source(formulas)
        self._rules = source.rules
        self._numbers = source.numbers
        self._folder = tempfile.TemporaryDirectory(prefix="rolefit-drools-")
        folder = Path(self._folder.name)
        self._decide = _session(_compile(source.text, folder, jdk, jar), jdk, jar)

    def decide(self, facts: Facts, certainty: str) -> Decided:
        """The decision about one profile."""
        values = self._numbers.write(self._reader.read(facts))
        concluded, *fired = map(
            ord, self._decide(array.array("d", values), self._numbers.token(certainty))
        )
        return Decided(self._paths[concluded], frozenset(map(self._rules.__getitem__, fired)))

    def close(self) -> None:
        """Removes the compiled rules; the Java machine ends with the process."""
        self._folder.cleanup()


def _compile(text: str, folder: Path, jdk: Path, jar: Path) -> Path:
    source = folder / f"{CLASS}.java"
    source.write_text(text)
    command = [str(jdk / "bin" / "javac"), "-cp", str(jar), "-d", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise NotAvailableError(f"{command[0]} failed: {done.stderr.strip()[:200]}")
    return folder


def _session(classes: Path, jdk: Path, jar: Path) -> Callable[[object, int], str]:
    os.environ.setdefault("JAVA_HOME", str(jdk))
    import jpyutil

    jpyutil.init_jvm(
        jvm_maxmem="512M",
        jvm_classpath=[str(jar), str(classes)],
        jvm_options=["-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"],
    )
    import jpy

    decide: Callable[[object, int], str] = jpy.get_type(CLASS)().decide
    return decide


def _jar() -> Path:
    files = distribution(PACKAGE).files or []
    return Path(next(str(each.locate()) for each in files if each.suffix == ".jar"))


def _jdk() -> Path | None:
    home = os.environ.get("JAVA_HOME")
    compiler = shutil.which("javac", path=f"{home}/bin" if home else None)
    return Path(compiler).resolve().parent.parent if compiler else None


def open_peer(ruleset: Ruleset) -> Peer:
    """The rule set as a Drools session.

    Raises:
        NotAvailableError: The package or a JDK is missing, or is too old.
    """
    try:
        name = f"Drools ({PACKAGE} {version(PACKAGE)})"
    except PackageNotFoundError as error:
        raise NotAvailableError(f"{PACKAGE} is not installed") from error
    jdk = _jdk()
    if jdk is None:
        raise NotAvailableError(
            "there is no JDK; install Java 17 or newer with javac, or set JAVA_HOME to it"
        )
    return DroolsPeer(name, ruleset, jdk, _jar())
