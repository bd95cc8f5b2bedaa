"""Networks that take waveforms and whose weights are in a wheel."""

from __future__ import annotations

from abc import abstractmethod

from helpers.models.base import DOWNLOAD
from helpers.models.listener import Listener
from helpers.models.wheels import wheel
from helpers.models.wheels.wheel import Member


class WheelListener(Listener):
    """A `Listener` with weights in a wheel."""

    @property
    @abstractmethod
    def members(self) -> tuple[Member, ...]:
        """The files in a wheel that the weights are read from."""

    def identity(self, step: int) -> dict:  # noqa: ARG002
        chosen = self.settings.model_dump()
        weights = {member.path: member.sha256 for member in self.members}
        return {"family": type(self).__module__.rsplit(".", 1)[-1], "settings": chosen, "weights": weights}

    def missing(self, step: int) -> str:  # noqa: ARG002
        return "" if all(wheel.is_there(member.wheel) for member in self.members) else DOWNLOAD

    def downloads(self, step: int) -> dict[str, int]:  # noqa: ARG002
        wheels = {member.wheel for member in self.members if not wheel.is_there(member.wheel)}
        return {f"wheel {name}": wheel.pinned()[name].n_bytes for name in sorted(wheels)}

    def fetch(self, step: int) -> None:  # noqa: ARG002
        wheel.fetch(sorted({member.wheel for member in self.members}))
