"""Judge labelled cases, by the rules of the design ("Labelled cases"), and count.

The same engine as live running; nothing here is told the labels before it has judged.
"""

from outage.evaluation.cases import Case, Label, read_case
from outage.evaluation.comparing import Detection, Outcome, compare
from outage.evaluation.counting import Report, evaluate, judge_case, summary, wilson

__all__ = [
    "Case",
    "Detection",
    "Label",
    "Outcome",
    "Report",
    "compare",
    "evaluate",
    "judge_case",
    "read_case",
    "summary",
    "wilson",
]
