"""What is done with decisions beside answering: the decision log, and shadow evaluation."""

from __future__ import annotations

from rolefit.server import standard_output
from rolefit.server.config import ServerConfig
from rolefit.server.decision_log import DecisionLog
from rolefit.server.decision_record import DecisionForm
from rolefit.server.log_chain import Head
from rolefit.server.log_files import LogFolder
from rolefit.server.log_masking import Masking, MaskingError, paths_of, read_key
from rolefit.server.shadow import Shadow, ShadowError
from rolefit.server.snapshot import DecisionWatcher


class RecordingError(Exception):
    """Decisions cannot be recorded as the settings ask; `str()` is one line."""


class Recording:
    """The watchers of decisions that the settings ask for.

    Attributes:
        log: The decision log, if one is kept.
        shadow: The candidate rules, if there are any.
        watchers: Both, as far as they are there.
    """

    def __init__(self, log: DecisionLog | None, shadow: Shadow | None) -> None:
        self.log = log
        self.shadow = shadow
        found: tuple[DecisionWatcher | None, ...] = (log, shadow)
        self.watchers = tuple(each for each in found if each is not None)

    @classmethod
    async def start(cls, config: ServerConfig) -> Recording:
        """Begin.

        Raises:
            RecordingError: Settings are wrong, the log cannot be written or the candidate
                rules cannot be loaded.
        """
        log = _decision_log(config)
        shadow = None
        if config.shadow_rules is not None:
            shadow = Shadow(config.shadow_rules, config.shadow_sample, config.log_format)
            try:
                await shadow.start()
            except (ShadowError, OSError) as error:
                if log is not None:
                    log.close()
                raise RecordingError(f"--shadow-rules: {error}") from None
        return cls(log, shadow)

    async def close(self) -> None:
        """Write what waits and end the processes; no decision may come after that."""
        if self.shadow is not None:
            await self.shadow.close()
        if self.log is not None:
            self.log.close()


def _decision_log(config: ServerConfig) -> DecisionLog | None:
    place = config.decision_log
    if place is None:
        return None
    try:
        key = read_key(config.decision_log_key)
        drop, hashed = paths_of(config.decision_log_drop), paths_of(config.decision_log_hash)
        form = DecisionForm(config.decision_log_facts, Masking(drop, hashed, key), key)
    except MaskingError as error:
        raise RecordingError(str(error)) from None
    queue = config.decision_log_queue
    if place == standard_output.HERE:
        return DecisionLog(form, standard_output.sink(), Head.new(), queue)
    most = config.decision_log_max_bytes
    try:
        folder = LogFolder(place, most, config.decision_log_keep, config.decision_log_fsync)
        head, in_order = folder.resume()
    except OSError as error:
        raise RecordingError(f"--decision-log {place}: {error.strerror or error}") from None
    return DecisionLog(form, folder, head, queue, in_order, folder.worker, most)
