"""The page without a browser: empty, filled and failing stores, choices, and text from data."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cached
from dashboard.plain import plain
from outage.cli.config import VARIABLE as CONFIG
from outage.cli.database import DEFAULT_URL, VARIABLE
from tests.dashboard.conftest import Run
from tests.queries.made import START, batch, filled, incident, notice, series


def said(page: AppTest) -> str:
    """Return all that the page says outside its tables."""
    parts = (
        *page.header,
        *page.subheader,
        *page.markdown,
        *page.info,
        *page.warning,
        *page.caption,
    )
    return "\n".join(str(one.value) for one in parts).replace("\\", "")


def assert_whole(page: AppTest) -> None:
    assert [one.value for one in page.exception] == []
    assert [one.value for one in page.error] == []


def charts(page: AppTest) -> int:
    """Return how many charts there are; they are elements that AppTest does not know."""
    return len(page.get("plotly_chart"))


def test_an_empty_store_says_what_to_run(run: Run, sqlite_store_url: str) -> None:
    page = run(sqlite_store_url)

    assert_whole(page)
    assert "outage demo" in page.info[0].value
    assert len(page.dataframe) == 0


def test_a_store_that_was_not_judged_says_what_to_run(run: Run, tmp_path: Path) -> None:
    from outage.queries import open_store
    from outage.store import upgrade

    url = f"sqlite:///{tmp_path / 'outage.db'}"
    upgrade(url)
    with open_store(url) as store:
        store.add(batch({series("flows"): [1.0] * 6}), START)

    page = run(url)

    assert_whole(page)
    assert "outage detect" in page.info[0].value


def test_one_incident_is_told_and_drawn(run: Run, tmp_path: Path) -> None:
    lines = {series("flows", vantage=name): [5.0] * 24 for name in ("north", "south")}
    page = run(filled(f"sqlite:///{tmp_path / 'outage.db'}", batch(lines), [incident()]))

    assert_whole(page)
    assert page.header[0].value == "chatty failed for 1 h"
    assert "From Monday 2 March 2026, 12:00 UTC, until 13:00 UTC." in said(page)
    assert {one.label: one.value for one in page.metric}["missing"] == "80 %"
    assert charts(page) == 1
    assert len(page.warning) == 0, "nothing here is a reconstruction"


def test_the_blackout_is_marked_as_a_reconstruction(run: Run, blackout_url: str) -> None:
    page = run(blackout_url)

    assert_whole(page)
    assert "Reconstruction made by code from published figures; not a measurement" in said(page)
    assert "What this reconstruction stands on" in page.expander[0].label
    assert "18:00 UTC (19:00 in Vienna)" in said(page)


def test_the_gravest_incident_is_shown_unless_another_is_named(run: Run, blackout_url: str) -> None:
    assert run(blackout_url).header[0].value == "whatsapp failed for 5 h 50 min"
    assert run(blackout_url, incident="a" * 16).header[0].value == "whatsapp failed for 1 h"
    assert run(blackout_url, incident="gone").header[0].value == "whatsapp failed for 5 h 50 min"


def test_the_address_names_the_incident_shown(run: Run, blackout_url: str) -> None:
    assert run(blackout_url).query_params["incident"] in ("b" * 16, ["b" * 16])


def test_evidence_and_notices_are_tables(run: Run, blackout_url: str) -> None:
    incidents, evidence, notices = (one.value for one in run(blackout_url).dataframe)

    assert incidents["Cause"].tolist() == ["application", "application"]
    assert evidence["What speaks for it"].tolist()[:2] == ["error_posts", "syn"]
    assert evidence["Change"].tolist()[0] == "x 4.2"
    assert notices["What"].tolist() == ["*a* joke"]


def test_a_choice_without_incidents_says_so(run: Run, blackout_url: str) -> None:
    page = run(blackout_url)

    page.selectbox[0].select("ordinary-app").run()

    assert_whole(page)
    assert "No incident fits this choice." in said(page)
    assert charts(page) == 0


def test_states_choose_among_incidents(run: Run, blackout_url: str) -> None:
    page = run(blackout_url)

    page.selectbox[1].select("open").run()
    assert "No incident fits" in said(page)
    page.selectbox[1].select("closed").run()
    assert len(page.dataframe[0].value) == 2


def test_days_choose_among_incidents(run: Run, blackout_url: str) -> None:
    from datetime import date

    page = run(blackout_url)

    page.date_input[0].set_value((date(2014, 2, 23), date(2014, 2, 23))).run()

    assert_whole(page)
    assert "No incident fits" in said(page)


def test_a_vantage_and_panels_can_be_chosen(run: Run, blackout_url: str) -> None:
    page = run(blackout_url)
    vantage, around = page.selectbox[2], page.selectbox[3]
    assert vantage.options == ["all together", "operator-a", "operator-b"]

    vantage.select("operator-b")
    around.select("3 hours")
    page.multiselect[0].select("names").run()
    assert_whole(page)
    assert charts(page) == 1

    page.multiselect[0].set_value([]).run()
    assert_whole(page)
    assert charts(page) == 0


def test_an_incident_of_one_vantage_is_shown_as_that_vantage_saw_it(
    run: Run, tmp_path: Path
) -> None:
    lines = {series("flows", vantage=name): [5.0] * 24 for name in ("north", "south")}
    one = incident(vantage="south", vantages=("south",))

    page = run(filled(f"sqlite:///{tmp_path / 'outage.db'}", batch(lines), [one]))

    assert page.selectbox[2].value == "south"


def test_what_only_people_saw_has_no_missing_traffic(run: Run, tmp_path: Path) -> None:
    lines = {series("user_reports", vantage="", slot_seconds=900): [5.0] * 16}
    one = incident(vantages=(), severity=0.0)

    page = run(filled(f"sqlite:///{tmp_path / 'outage.db'}", batch(lines), [one]))

    assert_whole(page)
    assert {one.label: one.value for one in page.metric}["missing"] == "not measured"
    assert page.dataframe[0].value["Missing"].isna().all()


def test_an_open_incident_has_no_end(run: Run, tmp_path: Path) -> None:
    one = incident(end=None, confirmed_at=None)
    lines = {series("flows"): [5.0] * 24}
    page = run(filled(f"sqlite:///{tmp_path / 'outage.db'}", batch(lines), [one]))

    assert_whole(page)
    assert page.header[0].value == "chatty is failing"
    assert page.dataframe[0].value["Until (UTC)"].isna().all()


def test_samples_that_are_gone_are_said_to_be(run: Run, tmp_path: Path) -> None:
    one = incident(start=START + 864_000, end=START + 867_600)
    url = f"sqlite:///{tmp_path / 'outage.db'}"
    page = run(filled(url, batch({series("flows"): [5.0] * 24}), [one]))

    assert_whole(page)
    assert "no longer in the store" in said(page)


@pytest.mark.parametrize("broken", ["missing", "not a database", "other schema"])
def test_a_failing_store_is_one_line(run: Run, tmp_path: Path, broken: str) -> None:
    file = tmp_path / "outage.db"
    if broken != "missing":
        file.write_bytes(b"" if broken == "other schema" else b"no database at all" * 99)

    page = run(f"sqlite:///{file}")

    assert len(page.exception) == 0
    (fault,) = page.error
    assert "outage.db" in fault.value.replace("\\", "")
    assert "\n" not in fault.value
    assert "Traceback" not in fault.value


def test_a_password_is_never_shown(run: Run) -> None:
    page = run("postgresql://me:geheim@127.0.0.1:1/outage")

    (fault,) = page.error
    assert "geheim" not in fault.value
    assert "start the server" in fault.value.replace("\\", "")


def test_text_from_data_is_no_markup(run: Run, tmp_path: Path) -> None:
    evil = "<script>x</script> **bold** [a](javascript:x) $x$ :red[x]"
    lines = {series("flows"): [5.0] * 24}
    one = incident(vantages=(evil,))
    url = filled(f"sqlite:///{tmp_path / 'outage.db'}", batch(lines), [one], [notice(text=evil)])

    page = run(url)

    assert_whole(page)
    (where,) = [one.value for one in page.markdown if "Seen at" in one.value]
    assert plain(evil) in where
    assert page.dataframe[-1].value["What"].tolist() == [evil]


def test_punctuation_is_escaped_and_lines_are_joined() -> None:
    assert plain("a_b\n*c*  `d`") == r"a\_b \*c\* \`d\`"
    assert plain("Zoë 12 é") == "Zoë 12 é"


def test_the_page_and_the_command_agree_on_names() -> None:
    assert (cached.DATABASE, cached.DEFAULT_URL, cached.CONFIG) == (VARIABLE, DEFAULT_URL, CONFIG)
