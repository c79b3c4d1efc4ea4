"""The JSONata functions that rendered templates call; each template includes only those it calls.

    prelude({"text"}, raises=True)  ->  "$text := function($v, $p) {…}"

All are total except where they `$fail`. Where an error may end the state, `$fail` is JSONata's own `$error`. In a
Choice, which has no Catch, a failure is a value instead: a function that returns its message, since no data is one.

These functions keep out what JSONata does and JSON has not: paths that map over arrays, one-item lists that become
their item, nested lists that flatten, arithmetic on values that are no numbers.
"""

from collections.abc import Iterable
from functools import cache

RETURN = "$fail := function($m) {function() {$m}}"

FUNCTIONS: dict[str, str] = {
    "kind": (
        "function($v) {$type($v) = 'null' ? 'null' : ($type($v) in ['array', 'object'] ? 'an ' : 'a ') & $type($v)}"
    ),
    "there": "function($v, $p) {$exists($v) ? $v : $fail($p & ' is not there')}",
    "get": (
        "function($o, $k) {$type($o) = 'object' and $type($k) = 'string' ? $lookup($o, $k) : "
        "$type($o) = 'array' and $type($k) = 'number' ? ($k = $floor($k) ? $o[$k])}"
    ),
    "text": (
        "function($v, $p) {$type($v) in ['object', 'array'] "
        "? $fail($p & ' is an ' & $type($v) & ', which has no text: use join or tojson') "
        ": $exists($v) ? $string($v) : $fail($p & ' is not there')}"
    ),
    "truth": (
        "function($v) {$type($v) = 'boolean' ? $v : $type($v) = 'null' ? false : $type($v) = 'number' ? $v != 0 : "
        "$type($v) = 'string' ? $v != '' : $type($v) = 'array' ? $count($v) > 0 : $count($keys($v)) > 0}"
    ),
    "verdict": ("function($v) {$type($v) = 'boolean' ? $v : $fail('a condition is true or false, not ' & $kind($v))}"),
    "add": (
        "function($a, $b) {$type($a) = 'number' and $type($b) = 'number' ? $a + $b : "
        "$type($a) = 'string' and $type($b) = 'string' ? $a & $b : "
        "$fail('+ adds two numbers or two texts, not ' & $kind($a) & ' and ' & $kind($b))}"
    ),
    "calculate": (
        "function($a, $b, $o) {$type($a) != 'number' or $type($b) != 'number' "
        "? $fail($o & ' takes two numbers, not ' & $kind($a) & ' and ' & $kind($b)) : "
        "$o = '-' ? $a - $b : $o = '*' ? $a * $b : $b = 0 ? $fail($o & ' by zero') : "
        "$o = '/' ? $a / $b : $o = '//' ? $floor($a / $b) : $a - $b * $floor($a / $b)}"
    ),
    "compare": (
        "function($a, $b, $o) {$type($a) != $type($b) or $not($type($a) in ['number', 'string']) "
        "? $fail($o & ' compares two numbers or two texts, not ' & $kind($a) & ' and ' & $kind($b)) : "
        "$o = '<' ? $a < $b : $o = '<=' ? $a <= $b : $o = '>' ? $a > $b : $a >= $b}"
    ),
    "has": (
        "function($a, $b) {$type($b) = 'array' ? $count($filter($b, function($v) {$v = $a})) > 0 : "
        "$type($a) = 'string' and $type($b) = 'string' ? $contains($b, $a) : "
        "$type($a) = 'string' and $type($b) = 'object' ? $exists($lookup($b, $a)) : "
        "$fail('in searches an array, a text or an object: ' & $kind($a) & ' cannot be in ' & $kind($b))}"
    ),
    "of_text": ("function($v, $n, $f) {$type($v) = 'string' ? $f($v) : $fail($n & ' takes a text, not ' & $kind($v))}"),
    "of_number": (
        "function($v, $n, $f) {$type($v) = 'number' ? $f($v) : $fail($n & ' takes a number, not ' & $kind($v))}"
    ),
    "of_list": (
        "function($v, $n, $f) {$type($v) = 'array' ? $f($v) : $fail($n & ' takes an array, not ' & $kind($v))}"
    ),
    "all": "function($l, $f) {$reduce($l, function($t, $v) {$t and $f($v)}, true)}",
    "scalar": "function($v) {$not($type($v) in ['array', 'object'])}",
    "same": "function($v) {$type($v) = 'string' ? $lowercase($v) : $v}",
    "box": "function($v) {$type($v) = 'array' ? [[$v]] : [$v]}",
    "replace_all": (
        "function($v, $a, $b) {$a = '' ? $fail('replace cannot replace an empty text') : $replace($v, $a, $b)}"
    ),
    "joined": (
        "function($l, $d) {$all($l, $scalar) "
        "? $reduce($l, function($t, $v, $i) {$t & ($i = 0 ? '' : $d) & $string($v)}, '') "
        ": $fail('join takes an array of texts and numbers: an item of it has no text')}"
    ),
    "length_of": (
        "function($v) {$type($v) = 'string' ? $length($v) : $type($v) = 'array' ? $count($v) : "
        "$type($v) = 'object' ? $count($keys($v)) : "
        "$fail('length takes a text, an array or an object, not ' & $kind($v))}"
    ),
    "to_number": (
        "function($v) {$type($v) = 'number' ? $v : $type($v) = 'string' and $length($v) <= 40 and "
        "$contains($trim($v), /^[-+]?[0-9]+(\\.[0-9]+)?([Ee][-+]?[0-9]{1,2})?$/) "
        "? $number($replace($trim($v), /^[+]?(-?)0*([0-9])/, '$1$2'))}"
    ),
    "whole": "function($n) {$n < 0 ? $ceil($n) : $floor($n)}",
    "json": (
        "function($v) {$type($v) in ['array', 'object'] ? $string($v) : "
        "($s := $string([$v]); $substring($s, 1, $length($s) - 2))}"
    ),
    "at_end": "function($l, $i, $n) {$count($l) = 0 ? $fail($n & ' of an empty array') : $l[$i]}",
    "sorted": (
        # Indices are sorted, so equal items keep their order in every implementation. And $sort is not the last call of
        # the function: JSONata 2 in JavaScript cannot call a comparison from there.
        "function($l, $key, $down) {($keys_ := $reduce($l, function($t, $v) {$append($t, $box($key($v)))}, []); "
        "$count($keys_) != $count($l) or $not($all($keys_, function($k) {$type($k) = 'number'}) "
        "or $all($keys_, function($k) {$type($k) = 'string'})) ? $fail('sort takes an array of numbers or of texts') : "
        "$count($l) < 2 ? $l : ($places_ := $sort([0..$count($l) - 1], function($a, $b) {$keys_[$a] = $keys_[$b] "
        "? $a > $b : $down ? $keys_[$a] < $keys_[$b] : $keys_[$a] > $keys_[$b]}); "
        "$reduce($places_, function($t, $i) {$append($t, $box($l[$i]))}, [])))}"
    ),
    "unique_of": (
        "function($l, $key) {$all($l, $scalar) ? $reduce($l, function($t, $v) "
        "{$count($filter($t, function($w) {$key($w) = $key($v)})) > 0 ? $t : $append($t, [$v])}, []) "
        ": $fail('unique takes an array of texts and numbers')}"
    ),
    "each_of": (
        "function($l, $key, $n) {$all($l, function($v) {$exists($key($v))}) "
        "? $reduce($l, function($t, $v) {$append($t, $box($key($v)))}, []) "
        ": $fail('map: an item has no ' & $n)}"
    ),
    "selected": (
        "function($l, $ok, $pass, $n) {$all($l, $ok) "
        "? $reduce($l, function($t, $v) {$pass($v) ? $append($t, $box($v)) : $t}, []) "
        ": $fail('an item has no ' & $n & ' that can be compared')}"
    ),
}


def _calls(code: str) -> frozenset[str]:
    """Our functions that a text mentions."""
    return frozenset(name for name in ("fail", *FUNCTIONS) if f"${name}(" in code or f", ${name})" in code)


_CALLS = {name: _calls(code) for name, code in FUNCTIONS.items()} | {"fail": frozenset[str]()}


@cache
def _with_callees(called: frozenset[str]) -> frozenset[str]:
    closure = called.union(*(_CALLS[name] for name in called))
    return closure if closure == called else _with_callees(closure)


def prelude(called: Iterable[str], *, raises: bool) -> str:
    """The definitions of these functions and of those that they call, in a fixed order."""
    return _prelude(frozenset(called), raises)


@cache
def _prelude(called: frozenset[str], raises: bool) -> str:
    needed = _with_callees(called)
    definitions = [f"${name} := {code}" for name, code in FUNCTIONS.items() if name in needed]
    if raises:
        return "; ".join(definitions).replace("$fail(", "$error(")
    return "; ".join([*([RETURN] if "fail" in needed else []), *definitions])
