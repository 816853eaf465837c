"""Columns of flow logs: text to checked values, many at once, each bad row marked with why."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from collectors.files.rows import Bools, Faults, Told
from outage.batches import Ints

SECOND: Final = 1_000_000
EARLIEST: Final = 631_152_000 * SECOND  # 1990: earlier times are clocks that were never set
LATEST: Final = 7_258_118_400 * SECOND  # 2200

MOST: Final = 2**53  # of what is counted: no real counter comes near
LONGEST: Final = 1e10  # seconds or milliseconds

OCTET: Final = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4: Final = rf"^{OCTET}\.{OCTET}\.{OCTET}\.{OCTET}$"
WHOLE: Final = r"^ *[0-9]{1,18}(\.0+)? *$"
DECIMAL: Final = r"^ *[0-8]?[0-9]{1,18}(\.[0-9]*)? *$"
ISO: Final = r"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}([.,]\d+)?"
ZONE: Final = r" ?([Zz]|[+-]\d{2}:?(\d{2})?)$"
COMMON_NAME: Final = r"(?:^|,) ?CN=(?P<name>[^,]+)"
#: Names and numbers of protocols to what the canonical columns call them.
PROTOCOLS: Final[Mapping[str, str]] = {
    "1": "icmp", "6": "tcp", "17": "udp", "58": "icmp",
    "icmp6": "icmp", "icmpv6": "icmp", "ipv6-icmp": "icmp",
    "hopopt": "0", "igmp": "2", "ipip": "4", "ipencap": "4", "dccp": "33", "ipv6": "41",
    "rsvp": "46", "gre": "47", "esp": "50", "ah": "51", "eigrp": "88", "ospf": "89",
    "ospfigp": "89", "pim": "103", "ipcomp": "108", "vrrp": "112", "l2tp": "115", "sctp": "132",
    "udplite": "136",
}  # fmt: skip

NOT_A_TIME = Told("time is neither an epoch nor ISO 8601", "correct or leave out the record")
OUT_OF_RANGE = Told("time is outside 1990 to 2199", "set the exporter's clock")
BACKWARDS = Told("flow ends before it starts", "set the exporter's clock")
NO_ADDRESS = Told("address is not an IP address", "write it like 192.0.2.9 or 2001:db8::9")
INTEGER_ADDRESS = Told(
    "address is an integer", "write addresses as text, such as 192.0.2.9 (nfdump: without -N)"
)


def addresses(column: Any, faults: Faults) -> Any:
    """Return addresses in their one canonical text, null where bad or absent; marks the bad rows.

    IPv4 within IPv6 (`::ffff:192.0.2.9`) becomes IPv4, so that one host has one text.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = column.dictionary_encode()
    words = encoded.dictionary
    plain = np.asarray(pc.match_substring_regex(words, IPV4), dtype=np.bool_)
    if not plain.all():
        odd = words.filter(pa.array(~plain)).to_pylist()
        words = pc.replace_with_mask(
            words, pa.array(~plain), pa.array(map(_address, odd), "string")
        )
    texts = words.take(encoded.indices)
    bad = nulls(texts) & ~nulls(column)
    if bad.any():
        whole = pc.match_substring_regex(pc.fill_null(column, ""), r"^ *\d+ *$")
        faults.mark(bad & np.asarray(whole, dtype=np.bool_), INTEGER_ADDRESS)
        faults.mark(bad, NO_ADDRESS)
    return texts


def _address(word: str) -> str | None:
    if word.strip().isdigit():
        return None
    try:
        address = ipaddress.ip_address(word.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def are_addresses(column: Any) -> tuple[Any, Bools]:
    """Return a column of text with its addresses made canonical, and where they are."""
    texts = addresses(column, Faults.none(len(column)))
    return texts, ~nulls(texts)


def integers(column: Any, what: str, faults: Faults, most: int = MOST) -> Any:
    """Return whole numbers from 0 to `most`, null where the text is null; marks the bad rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        values = column.cast(pa.int64())
    except pa.ArrowInvalid:
        good = pc.match_substring_regex(column, WHOLE)
        short = pc.replace_substring_regex(pc.utf8_trim_whitespace(column), r"\.0+$", "")
        values = pc.if_else(good, short, None).cast(pa.int64())
    bad = nulls(values) & ~nulls(column)
    bad |= np.asarray(pc.fill_null(pc.or_(pc.less(values, 0), pc.greater(values, most)), False))
    if bad.any():
        faults.mark(bad, Told(f"{what} is not a number from 0 to {most:,}", "correct the record"))
        values = pc.if_else(pa.array(bad), None, values)
    return values


def decimals(column: Any, what: str, faults: Faults) -> Any:
    """Return numbers from 0 to 1e10 as doubles, null where the text is null; marks the bad rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        values = column.cast(pa.float64())
    except pa.ArrowInvalid:
        good = pc.match_substring_regex(column, DECIMAL)
        values = pc.if_else(good, pc.utf8_trim_whitespace(column), None).cast(pa.float64())
    bad = nulls(values) & ~nulls(column)
    bad |= ~np.asarray(
        pc.fill_null(pc.and_(pc.less_equal(values, LONGEST), pc.greater_equal(values, 0)), True)
    )
    if bad.any():
        faults.mark(
            bad, Told(f"{what} is not a number from 0 to {LONGEST:,.0f}", "correct the record")
        )
        values = pc.if_else(pa.array(bad), None, values)
    return values


def moments(column: Any, zone: str, faults: Faults) -> Ints:
    """Return moments in microseconds since 1970 UTC, 0 where bad; marks the bad rows.

    Text is an epoch in seconds (with decimals), milli-, micro- or nanoseconds, told apart by its
    size, or ISO 8601, in `zone` where it names none.
    """
    import pyarrow.compute as pc

    column = pc.utf8_trim_whitespace(pc.fill_null(column, ""))
    numeric = np.asarray(pc.match_substring_regex(column, DECIMAL), dtype=np.bool_)
    micros = np.zeros(len(column), dtype=np.int64)
    if numeric.all():
        micros = _epochs(column)
    else:
        micros[numeric] = _epochs(column.filter(numeric))
        micros[~numeric] = _written(column.filter(~numeric), zone)
    faults.mark(micros < 0, NOT_A_TIME)
    faults.mark((micros < EARLIEST) | (micros >= LATEST), OUT_OF_RANGE)
    return micros


def _epochs(column: Any) -> Ints:
    """Return microseconds of epochs; 19 digits of nanoseconds are beyond a double."""
    import pyarrow as pa
    import pyarrow.compute as pc

    values = np.asarray(column.cast(pa.float64()), dtype=np.float64)
    scale = np.select([values < 1e11, values < 1e14, values < 1e17], [1e6, 1e3, 1.0], 1e-3)
    micros: Ints = np.rint(values * scale).astype(np.int64)
    nanos = scale < 1
    if nanos.any():
        digits = pc.replace_substring_regex(column.filter(pa.array(nanos)), r"[. ].*$", "")
        micros[nanos] = np.asarray(digits.cast(pa.int64()), dtype=np.int64) // 1_000
    return micros


def _written(column: Any, zone: str) -> Ints:
    """Return microseconds of ISO texts, -1 where there is no such time."""
    import pyarrow.compute as pc

    encoded = pc.replace_substring(column, ",", ".").dictionary_encode()
    words = encoded.dictionary
    zoned = np.asarray(pc.match_substring_regex(words, ISO + ZONE), dtype=np.bool_)
    naive = np.asarray(pc.match_substring_regex(words, ISO + "$"), dtype=np.bool_)
    of_word = np.full(len(words), -1, dtype=np.int64)
    of_word[zoned] = _parsed(words.filter(zoned).to_pylist(), None)
    of_word[naive] = _parsed(words.filter(naive).to_pylist(), ZoneInfo(zone))
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return np.asarray(of_word[codes], dtype=np.int64)


def _parsed(texts: list[str], zone: ZoneInfo | None) -> Ints:
    import pandas as pd

    series = pd.Series(texts, dtype="str")
    parsed = pd.to_datetime(series, format="ISO8601", utc=zone is None, errors="coerce")
    if zone is not None:
        # A flow's hour that is there twice is taken as the first one: losing it would be worse.
        twice = np.ones(len(texts), dtype=np.bool_)
        parsed = parsed.dt.tz_localize(zone, ambiguous=twice, nonexistent="shift_forward")
    micros = parsed.dt.as_unit("us").astype("int64").to_numpy()
    return np.where(parsed.isna().to_numpy(), -1, micros).astype(np.int64)


def protocols(column: Any) -> Any:
    """Return protocols as the canonical columns have them: tcp, udp, icmp, else the number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = pc.utf8_lower(pc.utf8_trim_whitespace(column)).dictionary_encode()
    named = [PROTOCOLS.get(word, word) for word in encoded.dictionary.to_pylist()]
    return pa.array(named, pa.string()).take(encoded.indices)


def names(column: Any) -> Any:
    """Return host names in lower case without their final dot, null where there is none."""
    import pyarrow.compute as pc

    lowered = pc.utf8_rtrim(pc.ascii_lower(pc.utf8_trim_whitespace(column)), ".")
    return pc.if_else(pc.equal(lowered, ""), None, lowered)


def common_names(subjects: Any) -> Any:
    """Return the common names of certificate subjects such as `CN=*.example.net,O=Example`."""
    import pyarrow.compute as pc

    return names(pc.struct_field(pc.extract_regex(subjects, COMMON_NAME), "name"))


def per_word(column: Any, rule: Callable[[str], int | None]) -> Any:
    """Return what `rule` makes of each text, as int64; it is asked once for each distinct text."""
    import pyarrow as pa

    encoded = column.dictionary_encode()
    values = [rule(word) for word in encoded.dictionary.to_pylist()]
    return pa.array(values, pa.int64()).take(encoded.indices)


def nulls(column: Any) -> Bools:
    """Return where a column is null."""
    return np.asarray(column.is_null(), dtype=np.bool_)
