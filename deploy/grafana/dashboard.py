"""What all dashboards have in common: variables, annotations at rebalances, links to each other."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard, stat, timeseries
from grafana_foundation_sdk.models import dashboard as models

from deploy.grafana.panels import SOURCE

Panel = timeseries.Panel | stat.Panel
DashboardRow = tuple[str, Sequence[Panel]]

TAG = "fanpulse"
VARIABLE_METRICS = {  # variable -> the metric that knows its values
    "topic": "fanpulse_events_total",
    "brand": "fanpulse_fans",
}
REBALANCES = (
    "sum by (instance) (changes(fanpulse_rebalances_total[1m])) > 0"
    ' or sum by (instance) (changes(process_start_time_seconds{job="fanpulse-worker"}[1m])) > 0'
)


def make_dashboard(
    name: str, about: str, variables: Sequence[str], rows: Sequence[DashboardRow]
) -> dashboard.Dashboard:
    """Return a dashboard whose uid is its name's."""
    built = dashboard.Dashboard(f"fanpulse · {name}").uid(f"{TAG}-{name.lower()}").description(about).tags([TAG])
    built = built.time("now-1h", "now").refresh("10s").timezone("browser").readonly()
    built = built.tooltip(models.DashboardCursorSync.CROSSHAIR)
    links = dashboard.DashboardLink("fanpulse").type(models.DashboardLinkType.DASHBOARDS).tags([TAG])
    built = built.link(links.include_vars(True).keep_time(True))
    built = built.with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    for variable in variables:
        built = built.with_variable(_variable(variable))
    built = built.annotation(
        dashboard.AnnotationQuery()
        .name("Rebalances")
        .datasource(SOURCE)
        .expr(REBALANCES)
        .enable(True)
        .icon_color("orange")
    )
    number = 0
    for title, panels in rows:
        number += 1
        built = built.with_row(dashboard.Row(title).id(number))
        for panel in panels:
            number += 1
            built = built.with_panel(panel.id(number))
    return built


def _variable(name: str) -> dashboard.QueryVariable:
    variable = dashboard.QueryVariable(name).label(name.capitalize()).datasource(SOURCE)
    variable = variable.query(f"label_values({VARIABLE_METRICS[name]}, {name})").refresh(
        models.VariableRefresh.ON_TIME_RANGE_CHANGED
    )
    everything = models.VariableOption(text="All", value="$__all", selected=True)
    return (
        variable.multi(True)
        .include_all(True)
        .all_value(".*")
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .current(everything)
    )
