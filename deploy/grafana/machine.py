"""Machine: where time goes, rebalances, dead letters, Redis, memory, loops."""

from deploy.grafana.dashboard import make_dashboard
from deploy.grafana.panels import BAD, RATE_INTERVAL, TOPIC_FILTER, WARN, lines, number

JOBS = 'job=~"fanpulse-.*"'
STAGE = "fanpulse_batch_duration_seconds"
REFUSED = f"fanpulse_dead_letters_total{{{TOPIC_FILTER}}}"
REDIS = "fanpulse_redis_write_duration_seconds"


def quantiles(metric: str, by: str = "") -> dict[str, str]:
    """Return p50 and p99 of a histogram, by a label if one is given."""
    groups, name = (f"le, {by}", f"{{{{{by}}}}} ") if by else ("le", "")
    buckets = f"sum by ({groups}) (rate({metric}_bucket{RATE_INTERVAL}))"
    return {f"{name}p{q}": f"histogram_quantile({q / 100:g}, {buckets})" for q in (50, 99)}


MACHINE = make_dashboard(
    "Machine",
    "Where time goes, and what breaks: stages, rebalances, dead letters, Redis, memory, event loops.",
    ["topic"],
    [
        (
            "At a glance",
            [
                number("Workers", "short", "Workers that answer.", "up", 'sum(up{job="fanpulse-worker"})'),
                number(
                    "Versions",
                    "short",
                    "Processes by version.",
                    "{{version}}",
                    "count by (version) (fanpulse_build_info)",
                ),
                number(
                    "Dead letters",
                    "short",
                    "Records refused in the last hour.",
                    "refused",
                    f"sum(increase({REFUSED}[1h]))",
                    steps=[(1, WARN)],
                ),
                number(
                    "Lost to retention",
                    "short",
                    "Records that the broker deleted before we read them, in the last day. Must be 0.",
                    "lost",
                    f"sum(increase(fanpulse_lost_to_retention_total{{{TOPIC_FILTER}}}[1d]))",
                    steps=[(1, BAD)],
                ),
                number(
                    "Redis errors",
                    "short",
                    "Times that Redis did not do what it was asked, in the last hour.",
                    "errors",
                    "sum(increase(fanpulse_redis_errors_total[1h]))",
                    steps=[(1, WARN)],
                ),
                number(
                    "Idle sources",
                    "short",
                    "Brands of the parameter file from which nothing comes; their fans are not judged meanwhile.",
                    "brands",
                    "count(min by (brand) (fanpulse_source_idle) == 1) or vector(0)",
                    steps=[(1, WARN)],
                ),
            ],
        ),
        (
            "Stages",
            [
                lines(
                    "Time of a block, by stage",
                    "s",
                    "decode and fold take a block of records, write and commit a whole flush (one Kafka transaction).",
                    quantiles(STAGE, "stage"),
                ),
                lines(
                    "Where time goes",
                    "percentunit",
                    "Share of a second that each stage takes, all workers together; commit waits for the broker.",
                    {"{{stage}}": f"sum by (stage) (rate({STAGE}_sum{RATE_INTERVAL}))"},
                    style="stack",
                ),
                lines(
                    "Written",
                    "wps",
                    "Rows to the changelog, and records for readers, a second.",
                    {
                        "changelog": f"sum(rate(fanpulse_changelog_records_total{RATE_INTERVAL}))",
                        "{{topic}}": f"sum by (topic) (rate(fanpulse_published_records_total{RATE_INTERVAL}))",
                    },
                ),
                lines(
                    "Dead letters by kind",
                    "cps",
                    "Records refused a second. `fanpulse dlq list` shows them.",
                    {"{{topic}}: {{kind}}": f"sum by (topic, kind) (rate({REFUSED}{RATE_INTERVAL}))"},
                    style="stack",
                ),
            ],
        ),
        (
            "Restores and time",
            [
                lines(
                    "Rebalances",
                    "short",
                    "Assignments received in each interval. One per worker at a start or stop is normal, a saw is not.",
                    {"{{instance}}": f"sum by (instance) (increase(fanpulse_rebalances_total{RATE_INTERVAL}))"},
                    style="bars",
                ),
                lines(
                    "Last rebalance and restore",
                    "s",
                    "How long the last rebalance took, and of it the reading back of fans from the changelog.",
                    {
                        "rebalance {{instance}}": "fanpulse_rebalance_seconds",
                        "restore {{instance}}": "fanpulse_restore_seconds",
                    },
                ),
                lines(
                    "Fans read back",
                    "short",
                    "By the last restore; 0 where the rows were still in memory.",
                    {"{{instance}}": "fanpulse_restored_fans"},
                ),
                lines(
                    "Timers",
                    "s",
                    "How far the newest tick handled is behind: silent fans are looked at on each tick.",
                    {"{{instance}}": "fanpulse_timer_lag_seconds"},
                ),
                lines(
                    "Fans that are due",
                    "short",
                    "Fans whose time has come and who wait for a tick. Climbs while flags are held back (1,000/s).",
                    {"{{instance}}": "fanpulse_due_fans"},
                ),
                lines(
                    "Idle sources by brand",
                    "bool_yes_no",
                    "Yes while a brand is quiet for much longer than usual. Only brands of the parameter file.",
                    {"{{brand}}": "min by (brand) (fanpulse_source_idle)"},
                ),
            ],
        ),
        (
            "Serve and Redis",
            [
                lines("Redis write", "s", "Time of one transaction to Redis, reading included.", quantiles(REDIS)),
                lines(
                    "Redis errors and rebuilds",
                    "cps",
                    "Refused or lost; a rebuild reads the output topics from their beginning.",
                    {
                        "errors": f"sum(rate(fanpulse_redis_errors_total{RATE_INTERVAL}))",
                        "rebuilds": f"sum(rate(fanpulse_serve_rebuilds_total{RATE_INTERVAL}))",
                    },
                ),
                lines(
                    "Outputs not in Redis yet",
                    "short",
                    "How far lookups and the page are behind the topics, in records.",
                    {"{{topic}}": "sum by (topic) (fanpulse_serve_lag_messages)"},
                ),
                lines(
                    "Outputs read",
                    "cps",
                    "Records read, and those left out: stale were known already, unreadable is a bug.",
                    {
                        "{{topic}}": f"sum by (topic) (rate(fanpulse_serve_records_total{RATE_INTERVAL}))",
                        "{{reason}}": f"sum by (reason) (rate(fanpulse_serve_dropped_total{RATE_INTERVAL}))",
                    },
                ),
                lines(
                    "Requests",
                    "reqps",
                    "HTTP answers by class.",
                    {"{{status}}": f"sum by (status) (rate(fanpulse_serve_requests_total{RATE_INTERVAL}))"},
                ),
                lines("Pages open", "short", "Live pages connected.", {"{{instance}}": "fanpulse_serve_page_clients"}),
            ],
        ),
        (
            "Processes",
            [
                lines(
                    "Memory",
                    "bytes",
                    "Resident. A worker needs some 400 bytes a fan in addition to its 200 MB.",
                    {"{{job}} {{instance}}": f"process_resident_memory_bytes{{{JOBS}}}"},
                ),
                lines(
                    "CPU",
                    "percentunit",
                    "Of one core; a worker cannot use more than about one.",
                    {"{{job}} {{instance}}": f"rate(process_cpu_seconds_total{{{JOBS}}}{RATE_INTERVAL})"},
                    limit=0.9,
                ),
                lines(
                    "Event loop lag",
                    "s",
                    "How late the event loop runs; the worker's is measured when it is asked. 30 s end it (liveness).",
                    {
                        "worker {{instance}}": "fanpulse_event_loop_lag_seconds",
                        "serve {{instance}}": "fanpulse_serve_loop_lag_seconds",
                    },
                ),
                lines(
                    "Open files",
                    "short",
                    "Descriptors; a climb without an end is a leak.",
                    {"{{job}} {{instance}}": f"process_open_fds{{{JOBS}}}"},
                ),
            ],
        ),
    ],
)
