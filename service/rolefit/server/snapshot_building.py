"""From the files of a rule set to a snapshot that has answered once."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rolefit.engine import Engine, load_ruleset
from rolefit.server.rules_bundle import RulesBundle
from rolefit.server.snapshot import Snapshot
from rolefit.v1.profile_pb2 import CandidateProfile
from rolefit.v1.recommendation_service_pb2 import VIEW_FULL

# A build takes some 0.3 s of processor time, and while one runs beside the event loop, the
# loop gets the interpreter back only after this long whenever it gave it up, which it does
# several times in a call. Measured with a call every 5 ms, median in the time of a build: 16
# ms at Python's own 5 ms, 4 ms at 0.5 ms, 6 to 7 ms at 0.1 ms; 3 ms without a build.
_SWITCH_SECONDS = 0.0005

_switching = threading.Lock()


class SelfTestError(Exception):
    """An engine does not answer; `str()` says how it failed."""


def build(bundle: RulesBundle) -> Snapshot:
    """Load rules and try them.

    Raises:
        RulesetError: The rules are broken.
        SelfTestError: The engine fails.
    """
    snapshot = Snapshot.of(Engine(load_ruleset(bundle.root())))
    self_test(snapshot)
    return snapshot


def build_beside_loop(bundle: RulesBundle) -> Snapshot:
    """Do the same in a thread, while the event loop of this process goes on answering.

    Raises:
        RulesetError: The rules are broken.
        SelfTestError: The engine fails.
    """
    with _switching, _quick_switches():
        return build(bundle)


def self_test(snapshot: Snapshot) -> None:
    """Let the engine answer an empty profile, so that a broken one never serves.

    Raises:
        SelfTestError: It did not.
    """
    try:
        engine = snapshot.engine
        engine.answer(engine.observe(CandidateProfile()), VIEW_FULL)
    except Exception as error:
        raise SelfTestError(f"the engine failed its self-test: {error!r}") from error


@contextmanager
def _quick_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
