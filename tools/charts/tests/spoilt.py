"""What a values file renders, with something wrong in it, for the tests of what is there to find that."""

import copy
from collections.abc import Callable

import charts

Spoil = Callable[[charts.Manifest], None]


def spoilt(case: str, kind: str, spoil: Spoil) -> list[charts.Manifest]:
    """With something changed in one object: KIND, or KIND/NAME among several."""
    found = copy.deepcopy(charts.rendered_cases()[case])
    kind, _, name = kind.partition("/")
    spoil(charts.named(found, kind, name or None))
    return found
