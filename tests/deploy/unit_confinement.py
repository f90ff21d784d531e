"""Confines this process as deploy/systemd/rolefit.service says, then becomes another command.

What systemd would ask of the kernel and what may break a program: no new privileges, the
filter of system calls, the families of sockets, and no memory both writable and executable.
Needs libseccomp and systemd-analyze (for the groups of system calls), but no root.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterable

from tests.deploy.unit_file import directives

_PR_SET_MDWE, _PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
_PR_SET_NO_NEW_PRIVS = 38
_ALLOW = 0x7FFF0000
_SCMP_CMP_EQ = 4


def main(command: list[str]) -> None:
    unit = directives()
    libc = ctypes.CDLL(None, use_errno=True)
    if unit["NoNewPrivileges"] == ["yes"]:
        _control(libc, _PR_SET_NO_NEW_PRIVS, 1)
    if unit["MemoryDenyWriteExecute"] == ["yes"]:
        _control(libc, _PR_SET_MDWE, _PR_MDWE_REFUSE_EXEC_GAIN)
    _filter(_allowed(unit["SystemCallFilter"]), unit["RestrictAddressFamilies"][0].split())
    os.execvp(command[0], command)


def _control(libc: ctypes.CDLL, option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    if libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def _allowed(lines: Iterable[str]) -> set[str]:
    """Return the system calls that these lines of a unit leave."""
    allowed: set[str] = _calls("@default")
    for line in lines:
        removes = line.startswith("~")
        for name in line.removeprefix("~").split():
            calls = _calls(name)
            allowed = allowed - calls if removes else allowed | calls
    return allowed


def _calls(name: str) -> set[str]:
    if not name.startswith("@"):
        return {name}
    listed = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager", name],
        capture_output=True,
        text=True,
        check=True,
    )
    words = [line.strip() for line in listed.stdout.splitlines()[1:]]
    found: set[str] = set()
    for word in words:
        if word and not word.startswith("#"):
            found |= _calls(word)
    return found


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


def _filter(allowed: set[str], families: list[str]) -> None:
    """Refuse all other system calls with EPERM, and so sockets of other families."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    filtering = ctypes.c_void_p(library.seccomp_init(_error(errno.EPERM)))
    for name in sorted(allowed - {"socket"}):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # Else one of another architecture.
            assert library.seccomp_rule_add(filtering, _ALLOW, number, 0) == 0, name
    number = library.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        value = getattr(socket, family)
        is_family = _Comparison(0, _SCMP_CMP_EQ, value, 0)
        assert library.seccomp_rule_add(filtering, _ALLOW, number, 1, is_family) == 0
    assert library.seccomp_load(filtering) == 0


def _error(number: int) -> int:
    return 0x00050000 | number


if __name__ == "__main__":
    main(sys.argv[1:])
