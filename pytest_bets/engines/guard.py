"""A guard around a child process: the child and all that it started die with the process that asked for them."""

import os
import resource
import signal
import threading
from contextlib import suppress
from typing import Final

_SHELL: Final = 128
"""What a shell adds to the number of the signal that ended a process."""


def guard(life: int, *own: int) -> None:
    """Fork, and return in a new process that leads a group of its own; the caller stays behind and guards it.

    The other end of the pipe `life` is held by the process that asked for the child: when it closes, for whatever
    reason, the group is killed. The guard ends as the child does, by the same status or signal. `own` are descriptors
    that the child alone may hold.
    """
    child = os.fork()
    if not child:
        os.setsid()
        os.close(life)
        for descriptor in own:
            os.set_inheritable(descriptor, False)
        return
    for descriptor in (0, *own):
        os.close(descriptor)
    threading.Thread(target=_watch, args=(life, child), daemon=True).start()
    _, status = os.waitpid(child, 0)
    _kill(child)  # what it has started
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        number = os.WTERMSIG(status)
        with suppress(OSError):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        os._exit(_SHELL + number)  # it is a signal that ends no process
    os._exit(os.WEXITSTATUS(status))


def _watch(life: int, child: int) -> None:
    os.read(life, 1)
    _kill(child)


def _kill(child: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
        return
    with suppress(ProcessLookupError, PermissionError):
        os.kill(child, signal.SIGKILL)
