"""A process tied here ends with the process that started it, however that one ends: no orphans.

Linux only (``prctl``); elsewhere tying does nothing and an orderly stop still ends everything.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def tie_to_parent(parent: int, with_signal: int = signal.SIGKILL) -> None:
    """Ask the kernel to send ``with_signal`` to this process when process ``parent`` ends.

    The tie survives exec and is lost by fork, so every process asks for itself. The kernel watches the
    *thread* that started this process: start children from a thread that lives as long as its process.
    """
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel was asked
        os.kill(os.getpid(), with_signal)
