"""What a panel is here: a claim for a title, a unit, a sentence for the tired, and queries with their legends."""

from collections.abc import Mapping, Sequence
from typing import Literal

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as models

SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
GOOD, WARN, BAD = "green", "orange", "red"
# Of queries: the label filters of the variables, and the window of a rate.
BRAND_FILTER, TOPIC_FILTER, RATE_INTERVAL = 'brand=~"$brand"', 'topic=~"$topic"', "[$__rate_interval]"

Steps = Sequence[tuple[float, str]]  # from this value on, that colour; below the first it is green
PanelQueries = Mapping[str, str]  # legend -> PromQL
PanelStyle = Literal["lines", "stack", "bars", "stacked bars"]


def lines(
    title: str,
    unit: str,
    about: str,
    queries: PanelQueries,
    *,
    width: int = 12,
    style: PanelStyle = "lines",
    limit: float | None = None,
    low: float | None = 0,
) -> timeseries.Panel:
    """Return a chart over time; ``limit`` draws a line that should not be crossed, ``low`` is the least of the axis."""
    legend = common.VizLegendOptions().display_mode(kinds.LegendDisplayMode.TABLE)
    legend = legend.placement(kinds.LegendPlacement.BOTTOM).show_legend(True).calcs(["lastNotNull", "max"])
    tooltip = common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI).sort(kinds.SortOrder.DESCENDING)
    panel = timeseries.Panel().title(title).unit(unit).description(about).datasource(SOURCE).span(width).height(8)
    panel = panel.legend(legend).tooltip(tooltip).line_width(1).fill_opacity(8 if style == "lines" else 70)
    panel = panel.show_points(kinds.VisibilityMode.NEVER)
    if "bars" in style:
        panel = panel.draw_style(kinds.GraphDrawStyle.BARS)
    if "stack" in style:
        panel = panel.stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL).group("all"))
    if low is not None:
        panel = panel.axis_soft_min(low)
    if limit is not None:
        dashes = common.GraphThresholdsStyleConfig().mode(kinds.GraphThresholdsStyleMode.DASHED)
        panel = panel.thresholds(_steps([(limit, BAD)])).thresholds_style(dashes)
    for mark, (legend_format, expr) in zip("ABCDEFGH", queries.items(), strict=False):
        panel = panel.with_target(_query(mark, expr, legend_format))
    return panel


def number(
    title: str, unit: str, about: str, legend: str, expr: str, *, steps: Steps = (), width: int = 4
) -> stat.Panel:
    """Return one number, with its recent past behind it; ``steps`` colour it."""
    panel = stat.Panel().title(title).unit(unit).description(about).datasource(SOURCE).span(width).height(4)
    panel = panel.thresholds(_steps(steps)).graph_mode(kinds.BigValueGraphMode.AREA)
    panel = panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"])).no_value("nothing yet")
    panel = panel.text_mode(kinds.BigValueTextMode.VALUE_AND_NAME if "{{" in legend else kinds.BigValueTextMode.VALUE)
    return panel.with_target(_query("A", expr, legend))


def _query(mark: str, expr: str, legend: str) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(expr).legend_format(legend).ref_id(mark).datasource(SOURCE)
    return query.range()


def _steps(steps: Steps) -> dashboard.ThresholdsConfig:
    below = models.Threshold(value=None, color=GOOD)
    marks = [below, *(models.Threshold(value=value, color=color) for value, color in steps)]
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(marks)
