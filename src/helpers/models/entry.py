"""One audio model of a study, as its YAML names it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ModelEntry(BaseModel):
    """Name and family of a model; all other keys are settings of the family, which checks them (`models.check`)."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    family: str

    @property
    def settings(self) -> dict:
        """The family's settings, not yet validated."""
        return dict(self.model_extra or {})
