"""Threads for what goes on after an answer was sent, and their common end."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from local_aws.delays import SETTLING_SECONDS, scaled

_log = logging.getLogger("local_aws")
JOIN_SECONDS: Final = 60.0
"""What hangs is left behind then. All that is well ends at once, or as soon as a slow machine lets it."""


class Background:
    """Runs functions in threads of their own, and ends all of them when asked to."""

    def __init__(self) -> None:
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._ending = threading.Event()

    def spawn(self, name: str, run: Callable[[], None]) -> None:
        """Start one. It keeps the account and region of the request it is started by."""
        context = contextvars.copy_context()
        thread = threading.Thread(target=lambda: context.run(self._run, run), name=name, daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def sleep(self, seconds: float) -> None:
        """Wait so long, by the factor of all delays, or until the end."""
        self._ending.wait(scaled(seconds))

    def end(self, seconds: float = JOIN_SECONDS) -> None:
        """Wake those that sleep, and wait for all to end, but no longer than so many seconds."""
        self._ending.set()
        deadline = time.monotonic() + seconds
        while (left := self._living()) and time.monotonic() < deadline:
            left[0].join(max(0.0, deadline - time.monotonic()))
        self._ending.clear()

    def _living(self) -> list[threading.Thread]:
        with self._lock:
            return list(self._threads)

    def _run(self, run: Callable[[], None]) -> None:
        try:
            self.sleep(SETTLING_SECONDS)
            run()
        except Exception:
            _log.exception("A background task of local-aws failed")
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())
