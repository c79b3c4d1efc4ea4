"""Class -> the text below each of its fields, for generated documentation.

    class LogParams(Params):
        message: str
        '''The line to write.'''            ->  {"message": "The line to write."}

Python drops these texts, so they are read from the source, and only when documentation is made: reading them at import,
as pydantic can, would make every cold start slower.
"""

import ast
import inspect
import textwrap
from itertools import pairwise


def attribute_docs(documented: type) -> dict[str, str]:
    """The text of each documented field, inherited ones first."""
    texts: dict[str, str] = {}
    for owner in reversed(documented.__mro__):
        if owner.__module__.split(".")[0] in ("aftertrain", "infra"):
            texts |= _own_docs(owner)
    return texts


def _own_docs(owner: type) -> dict[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(owner)))
    assert isinstance(tree.body[0], ast.ClassDef)
    texts: dict[str, str] = {}
    for field, below in pairwise(tree.body[0].body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                texts[name] = " ".join(text.split())
    return texts
