"""Footers of Parquet files come out as they went in, and what is none is told."""

from __future__ import annotations

from io import BytesIO

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from outage.errors import BadInput
from outage.flows import footers
from outage.flows.footers import Field, Items, read_footer, write_footer

SIMPLE = st.one_of(
    st.booleans().map(lambda truth: Field(footers.TRUE if truth else footers.FALSE, truth)),
    st.integers(0, 255).map(lambda number: Field(footers.BYTE, number)),
    st.integers(-(2**31), 2**31 - 1).map(lambda number: Field(footers.I32, number)),
    st.integers(-(2**63), 2**63 - 1).map(lambda number: Field(footers.I64, number)),
    st.binary(min_size=8, max_size=8).map(lambda number: Field(footers.DOUBLE, number)),
    st.binary(max_size=200).map(lambda text: Field(footers.BINARY, text)),
    st.lists(st.integers(-5, 5), max_size=40).map(
        lambda numbers: Field(footers.LIST, Items(footers.I32, numbers))
    ),
)
NUMBERS = st.integers(1, 32_767)
STRUCTS = st.recursive(
    st.dictionaries(NUMBERS, SIMPLE, max_size=5),
    lambda inner: st.dictionaries(
        NUMBERS,
        SIMPLE
        | inner.map(lambda struct: Field(footers.STRUCT, struct))
        | st.lists(inner, max_size=20).map(
            lambda structs: Field(footers.LIST, Items(footers.STRUCT, structs))
        ),
        max_size=5,
    ),
    max_leaves=8,
)


@given(STRUCTS)
def test_every_tree_is_read_as_it_was_written(tree: footers.Struct) -> None:
    stream = BytesIO(footers.MAGIC)
    stream.seek(0, 2)

    write_footer(stream, tree)

    assert read_footer(stream) == (tree, len(footers.MAGIC))


@pytest.mark.parametrize("rows", [1, 1000])
def test_a_real_footer_is_written_byte_for_byte(rows: int) -> None:
    stream = BytesIO()
    table = pa.table({"a": list(range(rows)), "b": ["x", None] * (rows // 2) + ["y"] * (rows % 2)})
    parquet.write_table(table, stream, row_group_size=30, write_page_index=True)
    footer, begin = read_footer(stream)

    again = BytesIO()
    write_footer(again, footer)

    assert stream.getvalue()[begin:] == again.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PAR1",
        b"PAR1PAR1",
        b"PAR1\xff\xff\xff\x7fPAR1",
        b"PAR1\x15\x02\x02\0\0\0PAR1",
        b"PAR1\x1a\x01\0\0\0PAR1",
        b"PAR1\x1e\x00\x02\0\0\0PAR1",
        b"PAR1" + b"\x1c" * 5000 + (5000).to_bytes(4, "little") + b"PAR1",
        b"PAR1\x19\xfc\xff\xff\xff\xff\x7f\x07\0\0\0PAR1",
    ],
)
def test_what_is_no_parquet_file_is_told(content: bytes) -> None:
    with pytest.raises(BadInput, match="Parquet"):
        read_footer(BytesIO(content))
