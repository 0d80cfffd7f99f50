"""Now: is it well? Events, latency against the objective, lag, flags as they come."""

from deploy.grafana.dashboard import make_dashboard
from deploy.grafana.panels import BAD, RATE_INTERVAL, TOPIC_FILTER, WARN, lines, number

BUCKETS = f"sum by (le) (rate(fanpulse_end_to_end_latency_seconds_bucket{{{TOPIC_FILTER}}}{RATE_INTERVAL}))"
OUT = f"sum(rate(fanpulse_events_total{{{TOPIC_FILTER}}}{RATE_INTERVAL}))"

NOW = make_dashboard(
    "Now",
    "Is it well? Events a second, how late scores are, what waits, what is published.",
    ["topic"],
    [
        (
            "At a glance",
            [
                number("Events", "eps", "Events read a second, all topics chosen.", "events/s", OUT),
                number(
                    "Latency p99",
                    "s",
                    "99 of 100 events were durable scores within this time. The objective is 1 s.",
                    "p99",
                    "fanpulse:latency_seconds:p99_5m",
                    steps=[(0.5, WARN), (1, BAD)],
                ),
                number(
                    "Waiting",
                    "short",
                    "Events on the broker that are not applied yet. High and growing is an alert.",
                    "events",
                    f"sum(topic:fanpulse_lag_messages{{{TOPIC_FILTER}}})",
                    steps=[(1_000, WARN), (10_000, BAD)],
                ),
                number(
                    "Time to drain",
                    "s",
                    "Until nothing waits, at the pace of the last five minutes. A day stands for: never at this pace.",
                    "until drained",
                    "fanpulse:drain_seconds",
                    steps=[(60, WARN), (600, BAD)],
                ),
                number(
                    "Error budget left",
                    "percentunit",
                    "Of 30 days' allowance (1 % of events later than 1 s). Below 0 the objective is missed.",
                    "left",
                    "fanpulse:error_budget:left",
                ),
                number(
                    "Workers ready",
                    "short",
                    "Workers that hold their partitions and have restored them.",
                    "ready",
                    "sum(fanpulse_ready)",
                ),
            ],
        ),
        (
            "Events",
            [
                lines(
                    "Events by topic",
                    "eps",
                    "Events read a second. Attribution is internal: influence for the fan whose post was shared.",
                    {"{{topic}}": f"sum by (topic) (rate(fanpulse_events_total{{{TOPIC_FILTER}}}{RATE_INTERVAL}))"},
                    style="stack",
                ),
                lines(
                    "Events by outcome",
                    "eps",
                    "applied and late counted; duplicate and replayed were known already; ignored is staff;"
                    " rejected went to dead letters.",
                    {"{{outcome}}": f"sum by (outcome) (rate(fanpulse_events_total{{{TOPIC_FILTER}}}{RATE_INTERVAL}))"},
                    style="stack",
                ),
                lines(
                    "In versus out",
                    "eps",
                    "Out is what is read, in is what producers send (out and the growth of what waits), over 5 min."
                    " In above out for long: add workers.",
                    {"in": "fanpulse:events_in:rate5m", "out": "sum(topic:fanpulse_events:rate5m)"},
                ),
                lines(
                    "Flags as they come",
                    "short",
                    "Transitions published in each interval: leaving, churned, returned, angry, tiers.",
                    {
                        "{{kind}} {{state}}": f"sum by (kind, state) (increase(fanpulse_flags_total{RATE_INTERVAL}))",
                    },
                    style="stacked bars",
                ),
            ],
        ),
        (
            "Latency and its objective",
            [
                lines(
                    "Latency",
                    "s",
                    "From the broker's time stamp to the durable score. The dashed line is the objective for p99.",
                    {f"p{q}": f"histogram_quantile({q / 100:g}, {BUCKETS})" for q in (50, 95, 99)},
                    limit=1,
                ),
                lines(
                    "Burn rate",
                    "short",
                    "How many times faster than allowed the error budget goes. 1 lasts exactly 30 days;"
                    " 14.4 over 1 h and 6 over 6 h wake somebody.",
                    {window: f"fanpulse:slow:ratio{window} / 0.01" for window in ("5m", "1h", "6h", "3d")},
                    limit=14.4,
                ),
            ],
        ),
        (
            "Lag",
            [
                lines(
                    "Lag in events",
                    "short",
                    "Records between what is applied and the end of the topic, asked of the broker every 5 s.",
                    {"{{topic}}": f"topic:fanpulse_lag_messages{{{TOPIC_FILTER}}}"},
                ),
                lines(
                    "Lag in time",
                    "s",
                    "Age of the newest record applied where others wait behind it; 0 where none wait.",
                    {"{{topic}}": f"topic:fanpulse_lag_seconds{{{TOPIC_FILTER}}}"},
                ),
            ],
        ),
    ],
)
