"""Reading processes that workers and imports of the tests pass on: starting one takes more time than most tests."""

from __future__ import annotations

import subprocess
from typing import ClassVar

from riskml_serving.judging.bulk.reader import Reader
from riskml_serving.judging.bulk.repository import Range


class KeptReader(Reader):
    """Takes a process that another has left, if there is one, and leaves its own, unless it was stopped in between."""

    left: ClassVar[list[subprocess.Popen[bytes]]] = []

    def ask(self, range_: Range) -> None:
        while self._process is None and self.left:
            self._process = self.left.pop()
            if self._process.poll() is not None:  # a test has killed it
                super().close()
        super().ask(range_)

    def close(self) -> None:
        if self._process is None or self._answering:
            super().close()
        else:
            self.left.append(self._process)
            self._process = None

    @classmethod
    def end_all(cls) -> None:
        while cls.left:
            reader = Reader("")
            reader._process = cls.left.pop()
            reader.close()
