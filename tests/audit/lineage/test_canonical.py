"""The canonical form is RFC 8785's, whichever way it was written."""

import json

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.lineage.domain.reading import canonical

SAFE = 2**53 - 1
TEXTS = st.text() | st.text('aZ019.,:[]{}eEIN-+"\\\n\x00\x1f\x7f', max_size=8)
NUMBERS = (
    st.integers(-SAFE, SAFE)
    | st.sampled_from([10**14, 10**15, 10**15 - 1, -(10**15), SAFE])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([1e16, 1e21, 1e22, 1e-7, 1e-6, -0.0, 1.0, 100.0, 5e-324])
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_canonical_form_is_the_standards(value: object) -> None:
    value = json.loads(json.dumps(value))
    assert canonical(value) == rfc8785.dumps(value).decode()  # type: ignore[arg-type]
