"""One audio model of a study, as its YAML names it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from helpers.models.weights import CONTROLS, STATES, TRAINED


class ModelEntry(BaseModel):
    """Name, family and weights of a model; all other keys are settings of the family, which checks them.

    `weights: untrained`, `permuted` or `matched` are short for `state`, in families whose `weights` name no file.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=100)
    family: str
    state: Literal["trained", "untrained", "permuted", "matched"] = TRAINED  # of the weights
    state_seed: int = Field(0, ge=0, lt=2**32)  # of untrained or permuted weights
    controls: list[Literal["untrained", "permuted", "matched"]] = Field([])  # drawn beside it, in every figure of r²
    seeds: int = Field(1, ge=1, le=100)  # of each control

    @model_validator(mode="before")
    @classmethod
    def _states_are_weights(cls, values: object) -> object:
        if isinstance(values, dict) and values.get("weights") in STATES:
            rest = {key: value for key, value in values.items() if key != "weights"}
            if rest.setdefault("state", values["weights"]) != values["weights"]:
                raise ValueError(
                    f"`weights: {values['weights']}` and `state: {rest['state']}` differ; keep one of them"
                )
            return rest
        return values

    @field_validator("controls")
    @classmethod
    def _controls_differ(cls, controls: list[str]) -> list[str]:
        if len(set(controls)) < len(controls):
            raise ValueError(f"each control once, expected some of: {', '.join(CONTROLS)}")
        return controls

    @property
    def settings(self) -> dict:
        """The family's settings, not yet validated."""
        return dict(self.model_extra or {})

    @property
    def variants(self) -> list[ModelEntry]:
        """The controls of this model, as entries of the same name in another state."""
        changed = ({"state": state, "state_seed": seed} for state in self.controls for seed in range(self.seeds))
        return [self.model_copy(update={**one, "controls": [], "seeds": 1}) for one in changed]
