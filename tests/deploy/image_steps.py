"""Carries out deploy/Dockerfile without a container engine, then becomes its process.

Run by `unshare --mount --pid`, as root: every change stays in an overlay over the files of
this machine, kept in memory, that nobody else sees and that ends with the process. The base
image is this machine's own system with the interpreter named on the command line, so what
apt-get would install has to be there; all other instructions are carried out as written.
"""

from __future__ import annotations

import ctypes
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from dockerfile_parse import DockerfileParser

_CHECKOUT = Path(__file__).parents[2]
_BASE_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
_MS_RDONLY, _MS_REMOUNT, _MS_BIND = 1, 32, 4096
# Where to find the package registry is this machine's business, not the image's.
_KEPT = ("PIP_CERT", "PIP_INDEX_URL", "PIP_FIND_LINKS", "SSL_CERT_FILE", "HTTPS_PROXY", "HOME")


def main(python: str, layer: str, *more: str) -> None:
    """Build every stage, then serve as the last one says.

    Args:
        python: An interpreter with `python` and `pip` beside it, as the base image has.
        layer: An empty folder to mount what the build writes on.
        more: Settings for the run, as NAME=VALUE, like `docker run --env`.
    """
    root = _overlay(Path(layer))
    interpreters = Path(python).resolve().parent
    _open_to_all(root, interpreters)
    image = _Image(root, f"{interpreters}:{_BASE_PATH}")
    for instruction in DockerfileParser(str(_CHECKOUT / "deploy/Dockerfile")).structure:
        image.carry_out(instruction["instruction"], instruction["value"])
    image.become_its_process(dict(each.split("=", 1) for each in more))


class _Image:
    """What the instructions so far have made of the image."""

    def __init__(self, root: Path, path: str) -> None:
        self._root = root
        self._path = path
        self._arguments: dict[str, str] = {}
        self._start()

    def _start(self) -> None:
        self._variables = {"PATH": self._path}
        self._folder = "/"
        self._user = "0:0"
        self._command: dict[str, list[str]] = {}

    def carry_out(self, instruction: str, value: str) -> None:
        """Do what one instruction says; raises if it is none that is known here."""
        match instruction:
            case "FROM":
                self._start()
            case "ARG":
                name, _, default = value.partition("=")
                self._arguments[name] = default
            case "ENV":
                for each in shlex.split(value):
                    name, _, text = each.partition("=")
                    self._variables[name] = text.replace("$PATH", self._variables["PATH"])
            case "WORKDIR":
                self._folder = value
                (self._root / value.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case "COPY":
                self._copy(*shlex.split(value))
            case "RUN":
                self._run(value)
            case "USER":
                self._user = value
            case "ENTRYPOINT" | "CMD":
                self._command[instruction] = json.loads(value)
            case "COMMENT" | "EXPOSE" | "STOPSIGNAL" | "HEALTHCHECK":
                pass
            case _:
                raise NotImplementedError(instruction)

    def _copy(self, *words: str) -> None:
        if words[0] == "--from=build":  # All stages share one file system here.
            assert words[1] == words[2]
            return
        *sources, target = words
        for source in sources:
            to = self._root / os.path.join(self._folder, target).lstrip("/")
            if target.endswith("/"):
                to = to / Path(source).name
            to.parent.mkdir(parents=True, exist_ok=True)
            if (_CHECKOUT / source).is_dir():
                shutil.copytree(_CHECKOUT / source, to, dirs_exist_ok=True)
            else:
                shutil.copy(_CHECKOUT / source, to)

    def _run(self, command: str) -> None:
        if command.startswith("apt-get"):
            return
        # The wheel of the C extension that `make setup` built may be used again.
        variables = {k: v for k, v in self._variables.items() if k != "PIP_NO_CACHE_DIR"}
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        subprocess.run(
            ["chroot", str(self._root), "sh", "-c", f"cd {self._folder} && {command}"],
            env={**kept, **self._arguments, **variables},
            check=True,
        )

    def become_its_process(self, more: dict[str, str]) -> None:
        """Be the user of the image, on a root without a way to write, and run its command."""
        user, group = self._user.split(":")
        _mount(None, self._root, None, _MS_REMOUNT | _MS_RDONLY)
        command = [
            *("chroot", str(self._root), "setpriv", "--reuid", user, "--regid", group),
            *("--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"),
            *(*self._command["ENTRYPOINT"], *self._command["CMD"]),
        ]
        variables = {**self._variables, **more}
        # setpriv looks the command up in the image's PATH.
        os.execvpe("chroot", command, variables)


def _overlay(layer: Path) -> Path:
    _mount("tmpfs", layer, "tmpfs", 0)
    for name in ("upper", "work", "root"):
        (layer / name).mkdir()
    root = layer / "root"
    folders = f"lowerdir=/,upperdir={layer / 'upper'},workdir={layer / 'work'}"
    _mount("overlay", root, "overlay", 0, folders)
    _mount("proc", root / "proc", "proc", 0)
    _mount("/dev", root / "dev", None, _MS_BIND)
    return root


def _open_to_all(root: Path, folder: Path) -> None:
    """Let every user of the image reach a folder, such as an interpreter's below /root."""
    for each in (folder, *folder.parents):
        inside = root / str(each).lstrip("/")
        inside.chmod(inside.stat().st_mode | 0o555)


def _mount(
    source: str | None, target: Path, kind: str | None, flags: int, data: str = ""
) -> None:
    encoded: list[Any] = [
        None if text is None else text.encode() for text in (source, str(target), kind)
    ]
    if ctypes.CDLL(None, use_errno=True).mount(*encoded, flags, data.encode()) != 0:
        raise OSError(ctypes.get_errno(), f"cannot mount {target}")


if __name__ == "__main__":
    main(*sys.argv[1:])
