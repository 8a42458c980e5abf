"""SageMaker's exit message: what a failed job says about itself."""

from __future__ import annotations

from pathlib import Path

MOST_BYTES = 1024
_CUT = "…"


class Message:
    """The file `output/message`. SageMaker shows its first kilobyte."""

    def __init__(self, ml: Path) -> None:
        self._file = ml / "output" / "message"

    def write(self, text: str) -> None:
        """Replace the message. A long one is cut off."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        data = text.encode()
        if len(data) > MOST_BYTES:
            cut = data[: MOST_BYTES - len(_CUT.encode())].decode("utf-8", "ignore")
            data = f"{cut}{_CUT}".encode()
        self._file.write_bytes(data)

    def remove(self) -> None:
        """Delete the message, because the job succeeded."""
        self._file.unlink(missing_ok=True)
