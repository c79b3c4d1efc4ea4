"""The filters and tests of templates, with their arguments in order.

    FILTERS["round"]  ->  Signature("round", ("precision", "method"), defaults={"precision": 0, "method": "common"})

Names and arguments are Jinja's, so a template means the same as in Jinja.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Signature:
    """`required`: arguments that must be given. `constant`: arguments that must be literals, since they select the
    code.
    """

    name: str
    arguments: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    constant: tuple[str, ...] = ()
    defaults: dict[str, Any] = field(default_factory=dict)
    by_name: bool = False


_DEFAULT = Signature("default", ("default_value", "boolean"), (), ("boolean",), {"default_value": "", "boolean": False})
_SELECT = ("attribute", "test", "value")

FILTERS: dict[str, Signature] = {
    "default": _DEFAULT,
    "d": _DEFAULT,
    "upper": Signature("upper"),
    "lower": Signature("lower"),
    "trim": Signature("trim"),
    "replace": Signature("replace", ("old", "new"), ("old", "new")),
    "join": Signature("join", ("d",), defaults={"d": ""}),
    "length": Signature("length"),
    "count": Signature("length"),
    "round": Signature(
        "round", ("precision", "method"), (), ("precision", "method"), {"precision": 0, "method": "common"}
    ),
    "abs": Signature("abs"),
    "int": Signature("int", ("default",)),
    "float": Signature("float", ("default",)),
    "string": Signature("string"),
    "tojson": Signature("tojson"),
    "urlencode": Signature("urlencode"),
    "shquote": Signature("shquote"),
    "first": Signature("first"),
    "last": Signature("last"),
    "list": Signature("list"),
    "sort": Signature(
        "sort",
        ("reverse", "case_sensitive", "attribute"),
        (),
        ("reverse", "case_sensitive", "attribute"),
        {"reverse": False, "case_sensitive": False},
    ),
    "unique": Signature("unique", ("case_sensitive",), (), ("case_sensitive",), {"case_sensitive": False}),
    "map": Signature("map", ("attribute",), ("attribute",), ("attribute",), by_name=True),
    "selectattr": Signature("selectattr", _SELECT, ("attribute",), ("attribute", "test")),
    "rejectattr": Signature("rejectattr", _SELECT, ("attribute",), ("attribute", "test")),
}

TESTS: dict[str, Signature] = {
    **{
        name: Signature(name)
        for name in (
            "defined",
            "undefined",
            "none",
            "string",
            "number",
            "boolean",
            "true",
            "false",
            "mapping",
            "odd",
            "even",
        )
    },
    "divisibleby": Signature("divisibleby", ("num",), ("num",)),
    "in": Signature("in", ("seq",), ("seq",)),
    **{
        name: Signature(operator, ("other",), ("other",))
        for operator, names in {
            "==": ("eq", "equalto", "=="),
            "!=": ("ne", "!="),
            ">": ("gt", "greaterthan", ">"),
            ">=": ("ge", ">="),
            "<": ("lt", "lessthan", "<"),
            "<=": ("le", "<="),
        }.items()
        for name in names
    },
}
