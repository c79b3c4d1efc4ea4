"""The code -> a sample of mutants, the same one for the same seed.

    Mutant("functions/aftertrain/ingest/admit.py", "core/ReplaceOrWithAnd", 2)  ->  `policy.key and OBJECT`

cosmic-ray makes the mutants. Operators that mostly make code that cannot run are left out: any test notices those.
"""

import random
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "functions" / "aftertrain"
OPERATORS = (
    *("core/ReplaceOrWithAnd", "core/ReplaceAndWithOr", "core/AddNot", "core/ReplaceUnaryOperator_Delete_Not"),
    *("core/ReplaceComparisonOperator_Lt_LtE", "core/ReplaceComparisonOperator_LtE_Lt"),
    *("core/ReplaceComparisonOperator_Gt_GtE", "core/ReplaceComparisonOperator_GtE_Gt"),
    *("core/ReplaceComparisonOperator_Eq_NotEq", "core/ReplaceComparisonOperator_NotEq_Eq"),
    *("core/ReplaceBinaryOperator_Add_Sub", "core/ReplaceBinaryOperator_Sub_Add"),
    *("core/ReplaceTrueWithFalse", "core/ReplaceFalseWithTrue", "core/NumberReplacer"),
    *("core/ZeroIterationForLoop", "core/ReplaceBreakWithContinue", "core/ReplaceContinueWithBreak"),
)
DECLARATIONS = ("@dataclass", "@lru_cache")  # what they say is memory and protection, not behaviour
# The tests nearest to each room; the first that fits is taken.
NEAREST = {
    "ingest/policies/": ("tests/unit/ingest", "tests/property/test_uploads.py", "tests/property/test_policies.py"),
    "ingest/": ("tests/unit/ingest", "tests/golden", "tests/property/test_index.py", "tests/property/test_policies.py"),
    "fleets/": ("tests/unit/fleets", "tests/property/test_rollout.py", "tests/property/test_service_rollout.py"),
    "tasks/deployments/": ("tests/unit/tasks", "tests/property/test_service_rollout.py"),
    "compiler/": ("tests/unit/compiler", "tests/golden", "tests/by_hand"),
    "expressions/": ("tests/unit/expressions", "tests/unit/compiler", "tests/unit/ingest/test_receive.py"),
}


@dataclass(frozen=True, order=True)
class Mutant:
    """One change: the file's path below the package, the operator, and which of its places there."""

    path: str
    operator: str
    occurrence: int

    @property
    def tests(self) -> tuple[str, ...]:
        """The tests nearest to it."""
        return next(tests for room, tests in NEAREST.items() if self.path.startswith(room))

    def source(self) -> str:
        """The file's text with the change."""
        mutated = mutate_code(
            (PACKAGE / self.path).read_text(encoding="utf-8"), _operator(self.operator), self.occurrence
        )
        assert mutated is not None
        return str(mutated)

    @property
    def changed_line(self) -> str:
        """The first line that differs, as it is after the change."""
        before = (PACKAGE / self.path).read_text(encoding="utf-8").splitlines()
        pairs = zip(before, self.source().splitlines(), strict=False)
        return next((new.strip() for old, new in pairs if old != new), "")


def sample(count: int, seed: int) -> list[Mutant]:
    """That many mutants, spread over the rooms as their code is."""
    numbers = random.Random(seed)
    files = [path for room in NEAREST for path in sorted((PACKAGE / room).rglob("*.py")) if path.name != "__init__.py"]
    weights = [path.stat().st_size for path in files]
    found: set[Mutant] = set()
    while len(found) < count:
        (file,) = numbers.choices(files, weights)
        operator = numbers.choice(OPERATORS)
        occurrences = _occurrences(file.read_text(encoding="utf-8"), operator)
        if occurrences:
            mutant = Mutant(file.relative_to(PACKAGE).as_posix(), operator, numbers.randrange(occurrences))
            found |= set() if mutant.changed_line.startswith(DECLARATIONS) else {mutant}
    return sorted(found)


def _occurrences(code: str, operator: str) -> int:
    count = 0
    while mutate_code(code, _operator(operator), count) is not None:
        count += 1
    return count


def _operator(name: str) -> object:
    return get_operator(name)()
