"""How late we may be ourselves: whatever a busy loop keeps waiting must not count against the client."""

from __future__ import annotations

import asyncio

PERIOD_S = 0.05


class Punctuality:
    """Looks at its watch every now and then; who asks when it should have done so long ago knows that we were busy."""

    def __init__(self) -> None:
        self._looked = 0.0
        self._task: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """Begin, in the loop that is to be watched."""
        if self._task is None:
            self._looked = asyncio.get_running_loop().time()
            self._task = asyncio.create_task(self._look())

    async def end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def late_s(self) -> float:
        """For how long at most something may have waited for the loop."""
        if self._task is None:
            return 0.0
        return max(0.0, asyncio.get_running_loop().time() - self._looked - PERIOD_S)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_S)
            self._looked = asyncio.get_running_loop().time()
