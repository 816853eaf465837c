"""What is known of addresses: every name seen for them, and whose they are.

An address names a flow only where every name ever seen for it belongs to one service; a block
of the catalogue speaks where no name was ever seen. What was learned is kept in a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

from outage.flows.engine import parquet, told
from outage.flows.naming import Names

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from outage.catalogue import Catalogue

FILE_NAME: Final = "addresses.parquet"
LOOKUPS: Final = 32  # reverse look-ups at a time


def make_learned(connection: DuckDBPyConnection, earlier: str | None) -> None:
    """Create `learned`: address, service and category of a name seen for it, and when last.

    `service` is null for names of no listed service. Needs the tables `seen_answers`,
    `seen_flows`, `hosts`, `certificates` and `parts`; adds what an earlier run has kept.
    """
    kept = f"UNION ALL SELECT * FROM {parquet([earlier])}" if earlier else ""
    connection.execute(f"""
        CREATE TABLE learned AS
        WITH named AS (
            SELECT address, part, last FROM seen_answers LEFT JOIN hosts USING (name)
            WHERE address IS NOT NULL
            UNION ALL
            SELECT server_ip, part, last FROM seen_flows LEFT JOIN hosts ON server_name = name
            WHERE server_name IS NOT NULL
            UNION ALL
            SELECT server_ip, part, last
            FROM seen_flows LEFT JOIN certificates ON certificate_name = name
            WHERE certificate_name IS NOT NULL)
        SELECT address, service, category, max(last_seen) AS last_seen FROM (
            SELECT address, service::VARCHAR AS service, category::VARCHAR AS category,
                   make_timestamptz(last) AS last_seen
            FROM named LEFT JOIN parts USING (part) {kept})
        GROUP BY ALL""")


def check_kept(connection: DuckDBPyConnection, path: str) -> None:
    """Raise BadInput if what was learned before cannot be read."""
    with told(path, "remove it: it will be learned anew"):
        connection.execute(f"SELECT address, service, category, last_seen FROM {parquet([path])}")


def owned(connection: DuckDBPyConnection) -> dict[str, tuple[str, str]]:
    """Return service and category of the addresses whose every name belongs to one service.

    The category is empty where the names are of several.
    """
    rows = connection.execute("""
        SELECT address, any_value(service),
               CASE WHEN count(DISTINCT category) = 1 THEN any_value(category) ELSE '' END
        FROM learned GROUP BY address
        HAVING count(*) = count(service) AND count(DISTINCT service) = 1""").fetchall()
    return {address: (service, category) for address, service, category in rows}


def unnamed_in_blocks(connection: DuckDBPyConnection, catalogue: Catalogue) -> list[str]:
    """Return the servers for which no name was ever seen and that may lie in a listed block."""
    blocks = [ip_network(one) for service in catalogue.services.values()
              for one in service.addresses]  # fmt: skip
    starts = sorted({start for block in blocks for start in _text_starts(block)})
    if not starts:
        return []
    rows = connection.execute(
        "SELECT server_ip FROM seen_servers ANTI JOIN learned ON server_ip = address"
        " WHERE list_contains($starts, split_part(server_ip, '.', 1) || '.'"
        " || split_part(server_ip, '.', 2)) OR contains(server_ip, ':') ORDER BY ALL",
        {"starts": starts},
    ).fetchall()
    return [row[0] for row in rows]


def _text_starts(block: object) -> Iterable[str]:
    """Yield the first two numbers, as text, of the IPv4 addresses in a block."""
    network = ip_network(str(block))
    if network.version == 6:
        return
    first, last = int(network.network_address) >> 16, int(network.broadcast_address) >> 16
    yield from (f"{pair >> 8}.{pair & 255}" for pair in range(first, last + 1))


def learn_addresses(
    connection: DuckDBPyConnection,
    catalogue: Catalogue,
    names: Names,
    reverse: Callable[[str], str | None] | None,
) -> None:
    """Fill `names.addresses`; with `reverse` only those whose reverse name agrees."""
    from outage.catalogue import Part

    found = {address: Part(*named) for address, named in owned(connection).items()}
    for address in unnamed_in_blocks(connection, catalogue):
        part = catalogue.classify_address(address)
        if part is not None:
            found[address] = part
    if reverse is not None:
        names_of = reverse_names(sorted(found), reverse)
        found = {
            address: part
            for address, part in found.items()
            if _agrees(catalogue, part.service, names_of[address])
        }
    names.addresses = {address: names.place(part) for address, part in sorted(found.items())}


def reverse_names(
    addresses: Sequence[str], reverse: Callable[[str], str | None]
) -> Mapping[str, str | None]:
    """Return the reverse name of each address, None where there is none; a few at a time."""
    with ThreadPoolExecutor(LOOKUPS) as pool:
        return dict(zip(addresses, pool.map(reverse, addresses), strict=True))


def _agrees(catalogue: Catalogue, service: str, name: str | None) -> bool:
    """Tell whether a reverse name speaks for a service: its own, its platform's or a sibling's."""
    part = catalogue.classify(name) if name else None
    return part is not None and _family(catalogue, part.service) == _family(catalogue, service)


def _family(catalogue: Catalogue, slug: str) -> str:
    service = catalogue.services.get(slug)
    return (service.platform if service else None) or slug
