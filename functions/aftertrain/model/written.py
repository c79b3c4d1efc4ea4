"""The root of all models of what a person writes."""

from pydantic import BaseModel, ConfigDict


class Written(BaseModel):
    """A model of something written by hand: an unknown key is a mistake, and nothing is coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
