"""Expression -> its name in an error message.

Filter("upper", Path("event", ("name",)))  ->  event.name | upper
"""

from aftertrain.expressions.tree import Arithmetic, Compare, Expression, Filter, Index, Literal, Path


def describe(node: Expression) -> str:
    """An expression's name in an error message: its path, its value, or its operation."""
    match node:
        case Path() | Literal():
            return str(node)
        case Index(operand=operand, key=Literal(value=int() as key)):
            return f"{describe(operand)}[{key}]"
        case Index(operand=operand, key=Literal(value=key)):
            return f"{describe(operand)}.{key}"
        case Index(operand=operand, key=key):
            return f"{describe(operand)}[{describe(key)}]"
        case Filter(name=name, operand=operand):
            return f"{describe(operand)} | {name}"
        case Arithmetic(operator=operator, left=left, right=right) | Compare(operator=operator, left=left, right=right):
            return f"{describe(left)} {operator} {describe(right)}"
        case _:
            return f"the {type(node).__name__.lower()}"
