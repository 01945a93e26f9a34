"""The suite's JSON writer."""

import json
import json.encoder

import pytest

from conformance.model import canonical
from conformance.model.terms import JsonValue

VALUES: list[JsonValue] = [
    None,
    True,
    0,
    -(2**64),
    1.5,
    "",
    'a "quoted" \u00e9\U0001f600\x00',
    [],
    {},
    {"b": [1, {"a": None}], "a": {"c": [False, "x"]}},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_compact_text_is_that_of_the_standard_library(value: JsonValue) -> None:
    assert canonical.compact(value) == json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_compact_text_is_the_same_without_the_compiled_encoder(
    value: JsonValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json.encoder, "c_make_encoder", None)
    parts = canonical.parts_of(json.JSONEncoder(separators=(",", ":"), allow_nan=False))
    assert "".join(parts(value, 0)) == canonical.compact(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]], ids=repr)
def test_a_number_that_json_lacks_is_refused(value: JsonValue) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical.compact(value)


def test_a_value_that_json_lacks_is_refused() -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        canonical.compact({"a": {1, 2}})
