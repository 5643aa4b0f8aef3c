"""Liveness: who holds a lock or a staging folder, and whether that process still runs.

A process is known by machine, pid and start time: a pid alone may have been given to another process since.
"""

import os
import platform
from functools import cache
from pathlib import Path
from typing import Any


@cache
def _machine() -> str:
    namespace = Path("/proc/self/ns/pid")  # two containers with one host name count their pids apart
    return f"{platform.node()} {namespace.readlink() if namespace.is_symlink() else ''}".strip()


def this_process() -> dict[str, Any]:
    """The identity of the running process, as plain JSON."""
    pid = os.getpid()
    return {"machine": _machine(), "pid": pid, "started": _start_of(pid)}


def is_dead(process: dict[str, Any]) -> bool:
    """Whether it surely ended; a process of another machine is never called dead."""
    if process.get("machine") != _machine() or os.name == "nt":  # there, signal 0 would reach the process
        return False
    pid = process["pid"]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _start_of(pid) != process.get("started") or _is_zombie(pid)


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:  # no /proc on this system, or it ended just now
        return []
    return text.rsplit(")", 1)[-1].split()  # the command before ")" may itself hold spaces


def _start_of(pid: int) -> str:
    fields = _stat(pid)
    return fields[19] if len(fields) > 19 else ""


def _is_zombie(pid: int) -> bool:
    return _stat(pid)[:1] == ["Z"]
