"""From a template to the PromQL that is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Final

from patchdeck.sources.prometheus.expressions import MARKERS, TABLE, Expression

WINDOW: Final = "patchdeck_window"
SHORT, LONG = "short", "long"
_JOINED: Final = "patchdeck_joined"
MOST_INSTANCES: Final = 5_000
"""Of all instances that Prometheus has, so many are looked at."""


def quoted(text: str) -> str:
    """A PromQL string: it has Go's escapes, of which JSON's are a part."""
    return json.dumps(text, ensure_ascii=False)


def matcher(instances: Collection[str]) -> str:
    """Of exactly these instances."""
    return f"instance=~{quoted('|'.join(re.escape(one) for one in sorted(instances)))}"


def rendered(template: str, instances: Collection[str], window_s: float, group_by: Sequence[str]) -> str:
    """A template of `expressions` with its placeholders filled in."""
    text = template.replace("$engines", matcher(instances)).replace("$window", f"{round(window_s)}s")
    if "<<" not in text:
        return text
    opening, closing = _service_label(group_by)
    return text.replace("<<", opening).replace(">>", closing)


def question(
    expression: Expression, instances: Collection[str], short_s: float, long_s: float, group_by: Sequence[str]
) -> str:
    """Both windows in one query, told apart by the label `WINDOW`; without `$window` there is one value only."""
    short = rendered(expression.promql, instances, short_s, group_by)
    if not expression.windowed:
        return short
    long = rendered(expression.promql, instances, long_s, group_by)
    return f"{_labelled(short, SHORT)} or {_labelled(long, LONG)}"


def all_instances() -> str:
    """Every instance of a role that is of use, and what tells its host."""
    markers = "|".join(name for names in MARKERS.values() for name in names)
    grouped = f'group by (__name__, instance, nodename, daemon_id) ({{__name__=~"{markers}"}})'
    return f"topk({MOST_INSTANCES}, {grouped})"


def metrics_of(instances: Collection[str]) -> str:
    """Which of the metrics of use these instances have."""
    wanted = {name for names in MARKERS.values() for name in names}
    wanted.update(name for expression in TABLE for name in expression.needs)
    return f'group by (__name__, instance) ({{__name__=~"{"|".join(sorted(wanted))}",{matcher(instances)}}})'


def samples_of(names: Collection[str], instances: Collection[str], span_s: float) -> str:
    """The samples themselves of these metrics, with their times."""
    return f'{{__name__=~"{"|".join(sorted(names))}",{matcher(instances)}}}[{round(span_s)}s]'


def _labelled(promql: str, window: str) -> str:
    return f'label_replace(({promql}), "{WINDOW}", "{window}", "", "")'


def container_label(label: str) -> str:
    """The name that cAdvisor gives to a container's label."""
    return "container_label_" + re.sub(r"[^a-zA-Z0-9_]", "_", label)


def _service_label(group_by: Sequence[str]) -> tuple[str, str]:
    """What stands before and after an expression that gets the label `service`, as `patchdeck.versions.group` does.

    Each step overwrites the one before where its labels are there; so the first rule comes last.
    """
    opening, closing = "label_replace(", ', "service", "$1", "name", "(.+)")'
    for rule in reversed(group_by):
        labels = [container_label(label) for label in rule.split("+")]
        if len(labels) == 1:
            opening = f"label_replace({opening}"
            closing += f', "service", "$1", {quoted(labels[0])}, "(.+)")'
        else:
            opening = f"label_replace(label_join({opening}"
            closing += f', "{_JOINED}", "/", {", ".join(map(quoted, labels))})'
            parts = "/".join([".+"] * len(labels))
            closing += f', "service", "$1", "{_JOINED}", "({parts})")'
    return opening, closing
