"""The pages are true: links lead somewhere, commands exist, everything is documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from outage import plugs
from tools import docs_check, pages
from tools.command_tree import command_tree

DOCS = docs_check.ROOT / "docs"


def test_pages_and_messages_have_no_fault() -> None:
    checked_files = (*docs_check.pages(), *docs_check.sources())

    assert [fault for page in checked_files for fault in docs_check.faults(page)] == []


def test_the_pages_made_from_the_code_are_up_to_date() -> None:
    assert pages.outdated() == [], "run make docs"


def test_every_command_is_on_its_page() -> None:
    page = (DOCS / "commands.md").read_text()

    assert all(f"## `{one.name}`\n" in page for one in command_tree())


@pytest.mark.parametrize("group", plugs.GROUPS)
def test_every_plug_is_on_its_page(group: str) -> None:
    page = (DOCS / "plugs.md").read_text()

    assert all(f"| `{name}` |" in page for name in plugs.available(group))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[a](nowhere.md)", "the link nowhere.md leads nowhere"),
        ("[a](page.md#missing)", "page.md has no heading #missing"),
        ("![a](no.png)", "the link no.png leads nowhere"),
        ("```sh\noutage dance\n```", "there is no command 'outage dance'"),
        ("```sh\n$ outage --loudly\n```", "'outage' has no option --loudly"),
        ("Run `outage dance` now.", "there is no command 'outage dance'"),
        ("```sh\nmake coffee\n```", "there is no make target 'coffee'"),
    ],
)
def test_a_false_page_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, fault: str
) -> None:
    assert list(checked(tmp_path, monkeypatch, text)) == [
        f"page.md:{1 + text.count('```sh')}: {fault}"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "# A `title`, really\n[a](#a-title-really) [b](https://example.org/x) `[c](gone.md)`",
        "```text\noutage dance\n```",
        "```sh\nmake bench-fit BENCH_ARGS=1  # a comment\noutage --version\n```",
        "`outage COMMAND --whatever` and the package `outage`",
    ],
)
def test_a_true_page_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    assert checked(tmp_path, monkeypatch, text) == []


def test_a_message_that_names_no_command_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'raise BadInput("[x](gone) see `outage dance`, or `outage init --database {url}`")'

    (fault,) = checked(tmp_path, monkeypatch, text, name="module.py")

    assert fault == "module.py:1: there is no command 'outage dance'"


def checked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, name: str = "page.md"
) -> list[str]:
    """Return the faults of a page with this text, in a project with our Makefile."""
    (folder / "Makefile").write_text((docs_check.ROOT / "Makefile").read_text())
    monkeypatch.setattr(docs_check, "ROOT", folder)
    page = folder / name
    page.write_text(text)
    return list(docs_check.faults(page))
