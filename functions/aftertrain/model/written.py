"""The base of all models of what a person writes."""

from pydantic import BaseModel, ConfigDict


class Written(BaseModel):
    """Something written by hand: an unknown key is a mistake, and no value is coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
