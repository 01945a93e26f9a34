"""Any schema that is written reads back the same; any text reads, or its fault is told by place."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conformance.digest.declaration import Condition, Source, SourcePlace
from conformance.source.condition import read_condition
from conformance.source.expression import StringValue
from conformance.source.reader import SourceError, read_source
from tests.source.printing import Spelling, c_expression, printed
from tests.source.strategies import given_conditions, sources

MODULE = "schema.json"

# The folder is the same for all inputs of a test, and each writes the one file anew.
in_one_folder = settings(
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

spellings = st.builds(
    Spelling, c_conditions=st.booleans(), old_comments=st.booleans(), long=st.booleans()
)

WHOLE = b"""\
{ 'pragma': { 'doc-required': true, 'some-exceptions': [ 'One' ] } }
##
# = A heading
#
# .. qmp-example::
#    :annotated:
#
#    Words::
#
#      -> { "execute": "one" }
##
{ 'include': 'other.json' }
##
# @One:
#
# Words on it.
#
# @a: its first
#     member
#
# Features:
#
# @unstable: words
#
# Since: 1.2
##
{ 'struct': 'One', 'data': { 'a': ['str'], '*b': { 'type': 'Two', 'if': 'defined(A) && !B' } },
  'features': [ { 'name': 'unstable', 'if': { 'any': [ 'X', { 'not': 'Y' } ] } } ] }
{ 'enum': 'Two', 'data': [ 'x', { 'name': '2', 'if': ['defined(A)'] } ] } # a comment
{ 'union': 'Three', 'base': { 't': 'Two' }, 'discriminator': 't', 'data': { 'x': 'One' } }
{ 'union': 'Four', 'data': { 'x': 'str', 'y': ['int'] } }
{ 'alternate': 'Five', 'data': { 'a': 'One', 'b': 'str' } }
{ 'command': 'six', 'data': 'Three', 'boxed': true, 'gen': false, 'returns': 'One' }
{ 'event': 'SEVEN', 'data': { 'x': 'One' } }
"""
"""A schema with a bit of everything."""


@in_one_folder
@given(source=sources(MODULE), spelling=spellings)
def test_a_schema_reads_back_as_it_was_written(
    tmp_path: Path, source: Source, spelling: Spelling
) -> None:
    path = tmp_path / MODULE
    path.write_text(printed(source, spelling), encoding="utf-8")

    assert read_source(path) == source


@settings(derandomize=True)
@given(condition=given_conditions)
def test_a_condition_reads_back_from_a_c_expression(condition: Condition) -> None:
    text = StringValue(text=c_expression(condition), place=SourcePlace(file="f", line=1))

    assert read_condition(text) == condition


@in_one_folder
@given(length=st.integers(0, len(WHOLE)))
def test_a_schema_cut_anywhere_reads_or_has_a_fault_with_a_place(
    tmp_path: Path, length: int
) -> None:
    assert_reads_or_tells_where(tmp_path / MODULE, WHOLE[:length])


@settings(in_one_folder, max_examples=200)
@given(offset=st.integers(0, len(WHOLE) - 1), byte=st.binary(min_size=0, max_size=2))
@example(offset=0, byte=b"\xff")
def test_a_schema_with_changed_bytes_reads_or_has_a_fault_with_a_place(
    tmp_path: Path, offset: int, byte: bytes
) -> None:
    assert_reads_or_tells_where(tmp_path / MODULE, WHOLE[:offset] + byte + WHOLE[offset + 1 :])


@settings(in_one_folder, max_examples=200)
@given(offset=st.integers(0, len(WHOLE) - 1), mark=st.sampled_from("{}[]:,'#\n *@"))
def test_a_schema_with_a_mark_amiss_reads_or_has_a_fault_with_a_place(
    tmp_path: Path, offset: int, mark: str
) -> None:
    assert_reads_or_tells_where(
        tmp_path / MODULE, WHOLE[:offset] + mark.encode() + WHOLE[offset + 1 :]
    )


def assert_reads_or_tells_where(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    fault = None
    try:
        source = read_source(path)
    except SourceError as error:
        fault = error.where
    if fault is None:
        assert source.modules == (MODULE,)
    else:
        lines = data.split(b"\n")
        assert fault.file == MODULE
        assert 1 <= fault.line <= len(lines)
        assert 1 <= fault.column <= len(lines[fault.line - 1]) + 1
