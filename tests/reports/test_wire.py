"""DNS messages on the wire: names with pointers, both kinds of address, damage of every kind."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outage.reports.wire import addresses_in
from tests.reports.made_dns import answer, name

ASKED = "e3.whatsapp.net"


def test_addresses_of_both_kinds_are_found() -> None:
    message = answer(ASKED, ["192.0.2.1", "192.0.2.2", "2001:db8::1"])

    assert addresses_in(message) == (ASKED, {"192.0.2.1", "192.0.2.2", "2001:db8::1"})


def test_the_name_asked_for_is_kept_where_an_alias_answers() -> None:
    assert addresses_in(answer("E3.WhatsApp.net", ["192.0.2.1"], "edge.example")) == (
        ASKED,
        {"192.0.2.1"},
    )


def test_an_answer_without_addresses_has_none() -> None:
    assert addresses_in(answer(ASKED, [])) == (ASKED, set())


def test_a_pointer_into_a_name_gives_its_tail() -> None:
    # As in RFC 1035, section 4.1.4: F.ISI.ARPA stands at 20, and FOO.F.ISI.ARPA points there.
    message = struct.pack("!HHHHHH", 1, 0x8180, 1, 1, 0, 0)
    message += b"\x07" + b"x" * 7 + name("F.ISI.ARPA") + struct.pack("!HH", 1, 1)
    owner = b"\x03FOO\xc0\x14"
    message += owner + struct.pack("!HHIH", 1, 1, 60, 4) + bytes([192, 0, 2, 9])

    assert addresses_in(message) == ("xxxxxxx.f.isi.arpa", {"192.0.2.9"})


def test_a_pointer_to_a_pointer_leaves_the_reader_behind_the_first() -> None:
    # The alias ends in a pointer to the question; the owner of the address points at the alias.
    message = struct.pack("!HHHHHH", 1, 0x8180, 1, 2, 0, 0)
    message += name(ASKED) + struct.pack("!HH", 1, 1)
    alias = b"\x04edge\xc0\x0c"
    place = len(message) + 2 + 10
    message += b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 60, len(alias)) + alias
    owner = struct.pack("!H", 0xC000 | place)
    message += owner + struct.pack("!HHIH", 1, 1, 60, 4) + bytes([192, 0, 2, 9])

    assert addresses_in(message) == (ASKED, {"192.0.2.9"})


@given(st.data())
def test_a_message_that_is_cut_is_a_value_error(data: st.DataObject) -> None:
    whole = answer(ASKED, ["192.0.2.1", "2001:db8::1"], "edge.example")
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]

    with pytest.raises(ValueError, match="DNS"):
        addresses_in(cut)


def test_a_name_that_points_in_circles_is_a_value_error() -> None:
    message = struct.pack("!HHHHHH", 1, 0x8180, 1, 0, 0, 0) + b"\xc0\x0c" + struct.pack("!HH", 1, 1)

    with pytest.raises(ValueError, match="circles"):
        addresses_in(message)


@given(st.binary(max_size=80))
def test_no_bytes_do_worse_than_a_value_error(message: bytes) -> None:
    try:
        asked, found = addresses_in(message)
    except ValueError:
        return
    assert isinstance(asked, str)
    assert isinstance(found, set)
