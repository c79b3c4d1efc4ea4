"""The text of `cdk diff` -> what a deploy would take away.

    [-] AWS::Batch::JobQueue Compute/Batch/Queue-l4 ComputeBatchQueuel4 destroy  ->  "destroys AWS::Batch::JobQueue …"

Settings stand on the command line of whoever deploys. A deploy without somebody else's `-c` would delete queues with
the jobs in them, or take permissions away, without a word.
"""

import re

_RESOURCE = re.compile(r"^\[([-~])\] (AWS::\S+) (\S+) \S+(?: (destroy|orphan|replace))?\s*$")
_STATEMENT = re.compile(r"^│ ([-+]) │ (.*?)\s*│$")
_VERBS = {"destroy": "destroys", "orphan": "gives up", "replace": "replaces"}


def losses(diff: str) -> list[str]:
    """What the deploy destroys, gives up or replaces, and the permissions that end, one sentence each."""
    lines = [line.rstrip() for line in diff.splitlines()]
    return [*_resources(lines), *_permissions(lines)]


def _resources(lines: list[str]) -> list[str]:
    found = [match for line in lines if (match := _RESOURCE.match(line))]
    taken = [(match[4] or ("destroy" if match[1] == "-" else ""), match[2], match[3]) for match in found]
    return [f"{_VERBS[verb]} {kind} {path}" for verb, kind, path in taken if verb]


def _permissions(lines: list[str]) -> list[str]:
    """Statements without a successor: the same statement of a policy that was only rewritten stands there twice."""
    rows = [(match[1], " ".join(match[2].split())) for line in lines if (match := _STATEMENT.match(line))]
    added = {text for sign, text in rows if sign == "+"}
    return [f"ends the permission {text}" for sign, text in rows if sign == "-" and text not in added]
