"""A report as one HTML file that needs nothing else: tables, pictures, and what draws them.

A content security policy forbids the file to fetch anything; all text from data is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Final

from outage.reports.exhibits import PAPER, Exhibit, Plot, Report, Table
from outage.reports.text import cell, clean, columns_shown, scope_line

POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)
STYLE: Final = """
body { margin: 0 auto; max-width: 1180px; padding: 24px; color: #1F2933; background: white;
  font: 15px/1.45 'Source Sans 3', 'Source Sans', 'Helvetica Neue', Arial, sans-serif; }
h1, h2, p { overflow-wrap: anywhere; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 34px 0 6px; }
.of, .note, footer { color: #616E7C; } .of { font-weight: normal; font-size: 14px; }
.note { margin: 4px 0; font-size: 14px; }
.remark { border-left: 3px solid #E69F00; padding: 2px 12px; margin: 8px 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 14px; }
th, td { padding: 4px 12px 4px 0; text-align: right; vertical-align: top; }
th { border-bottom: 1px solid #7B8794; font-weight: 600; }
td { border-bottom: 1px solid #E4E7EB; font-variant-numeric: tabular-nums; }
td { white-space: nowrap; }
th.words, td.words { text-align: left; white-space: normal; overflow-wrap: break-word;
  max-width: 32em; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(440px, 1fr)); gap: 0 24px; }
.panels section { min-width: 0; }
footer { margin-top: 40px; font-size: 13px; }
@media print { section { break-inside: avoid; } }
"""
CONFIG: Final = '{"displaylogo":false,"responsive":true,"plotlyServerURL":"","showLink":false}'


def page(report: Report) -> str:
    """Return the whole HTML file of a report."""
    from plotly.offline import get_plotlyjs

    title = f"{report.title} of {clean(report.scope.service)}"
    body = [f"<h1>{escape(title)}</h1>", f"<p>{escape(clean(scope_line(report.scope)))}</p>"]
    body += [f'<p class="remark">{escape(clean(one))}</p>' for one in report.remarks]
    body += [_together(list(group)) for _, group in groupby(report.exhibits, _figure)]
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f"<script>{get_plotlyjs()}</script>" if report.plots else "",
    ]
    footer = f"<footer>Tables and figures are numbered as in {escape(PAPER)}.</footer>"
    lines = ["<!DOCTYPE html>", '<html lang="en">', "<head>", *head, "</head>", "<body>"]
    drawn = [_drawing(plot) for plot in report.plots if _has_points(plot)]
    return "\n".join([*lines, *body, footer, *drawn, "</body>", "</html>", ""])


def _figure(exhibit: Exhibit) -> str:
    """Return the figure that a plot is a panel of, nothing for a table."""
    return exhibit.original.partition(" (")[0] if isinstance(exhibit, Plot) else ""


def _together(exhibits: Sequence[Exhibit]) -> str:
    """Return the panels of one figure side by side, as in the paper; tables one by one."""
    sections = "\n".join(_section(one) for one in exhibits)
    return f'<div class="panels">{sections}</div>' if _figure(exhibits[0]) else sections


def _section(exhibit: Exhibit) -> str:
    if isinstance(exhibit, Table) and not exhibit.rows:
        return ""
    drawn = _table(exhibit) if isinstance(exhibit, Table) else _panel(exhibit)
    note = f'<p class="note">{escape(clean(exhibit.note))}</p>' if exhibit.note else ""
    of = f' <span class="of">{escape(exhibit.original)}</span>' if exhibit.original else ""
    title = escape(clean(exhibit.title))
    return f'<section id="{escape(exhibit.name)}"><h2>{title}{of}</h2>{drawn}{note}</section>'


def _table(table: Table) -> str:
    shown = columns_shown(table)
    kinds = [' class="words"' if one.unit in {"text", "address"} else "" for one in shown]
    head = "".join(
        f"<th{kind}>{escape(clean(column.title))}</th>"
        for kind, column in zip(kinds, shown, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{kind}>{escape(cell(row.get(column.key), column.unit))}</td>"
            for kind, column in zip(kinds, shown, strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div>'


def _panel(plot: Plot) -> str:
    """Return what a plot is drawn into; axes around nothing would look like a fault."""
    if not _has_points(plot):
        return '<p class="note">There is nothing to draw: no flow tells of it.</p>'
    return f'<div id="{escape(_place(plot))}"></div>'


def _has_points(plot: Plot) -> bool:
    return any(y is not None for line in plot.lines for y in line.y)


def _drawing(plot: Plot) -> str:
    """Return the script that draws a plot, which runs when all panels have their place."""
    from outage.reports.drawing import figure

    data = _harmless(figure(plot).to_json())
    place = _harmless(json.dumps(_place(plot)))
    return f"<script>{{const f={data};Plotly.newPlot({place},f.data,f.layout,{CONFIG});}}</script>"


def _place(plot: Plot) -> str:
    """Return the id of what a plot is drawn into; names of categories may be in it."""
    return f"plot_{plot.name}"


def _harmless(script: str) -> str:
    """Return JSON that cannot end the script it stands in."""
    return script.replace("<", "\\u003c")
