"""Threads for work that continues after the answer is sent."""

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
"""A thread that still hangs then is abandoned. Healthy threads end at once."""


class Background:
    """Runs functions in threads, and ends all of them on request."""

    def __init__(self) -> None:
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._ending = threading.Event()

    def spawn(self, name: str, run: Callable[[], None]) -> None:
        """Start a thread. It inherits the account and region of the current request."""
        context = contextvars.copy_context()
        thread = threading.Thread(target=lambda: context.run(self._run, run), name=name, daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def sleep(self, seconds: float) -> None:
        """Sleep for the scaled delay, or until ``end`` is called."""
        self._ending.wait(scaled(seconds))

    def end(self, seconds: float = JOIN_SECONDS) -> None:
        """Wake sleeping threads, and wait until all have ended, at most ``seconds``."""
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
