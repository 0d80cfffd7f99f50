"""Fans: who they are, who comes and who leaves. Names are on the live page, never in metrics."""

from deploy.grafana.dashboard import make_dashboard
from deploy.grafana.panels import BRAND_FILTER, RATE_INTERVAL, lines, number

CHURN_FLAGS = f'fanpulse_flags_total{{{BRAND_FILTER},kind="churn"'

FANS = make_dashboard(
    "Fans",
    "Who they are, who comes and who leaves, by brand. Brands that the parameter file does not name are `other`."
    " Single fans, the top and the leaving are on the live page and in the lookups, never in metrics.",
    ["brand"],
    [
        (
            "At a glance",
            [
                number("Fans", "short", "Fans that have a row.", "fans", f"sum(brand:fanpulse_fans{{{BRAND_FILTER}}})"),
                number(
                    "Mean score",
                    "none",
                    "Mean of all fans' scores, 0 to 100. A fan who likes once a day has 31.",
                    "mean",
                    f"sum(fanpulse_score_sum{{{BRAND_FILTER}}}) / sum(brand:fanpulse_fans{{{BRAND_FILTER}}})",
                ),
                number(
                    "At risk",
                    "short",
                    "Fans silent for longer than their own rhythm explains.",
                    "at risk",
                    f'sum(fanpulse_fans{{{BRAND_FILTER},lifecycle="at_risk"}})',
                ),
                number(
                    "Churned",
                    "short",
                    "Fans flagged as churned.",
                    "churned",
                    f'sum(fanpulse_fans{{{BRAND_FILTER},lifecycle="churned"}})',
                ),
                number(
                    "Net of a day",
                    "short",
                    "Newcomers and returned, less churned, in the last 24 hours.",
                    "net",
                    f"sum(delta(brand:fanpulse_present_fans{{{BRAND_FILTER}}}[1d]))",
                ),
                number(
                    "Suspects",
                    "short",
                    "Fans whose rhythm or volume looks like a machine's; their score counts a tenth.",
                    "suspects",
                    f"sum(fanpulse_suspects{{{BRAND_FILTER}}})",
                ),
            ],
        ),
        (
            "Tiers and scores",
            [
                lines(
                    "Fans by tier",
                    "short",
                    "Tier by score: fan from 10, active from 30, core from 60.",
                    {"{{tier}}": f"sum by (tier) (fanpulse_tier_fans{{{BRAND_FILTER}}})"},
                    style="stack",
                ),
                lines(
                    "Tier moves",
                    "short",
                    "Fans who reached a tier, from above or below, in each interval.",
                    {
                        "to {{state}}": "sum by (state) "
                        f'(increase(fanpulse_flags_total{{{BRAND_FILTER},kind="tier"}}{RATE_INTERVAL}))'
                    },
                    style="stacked bars",
                ),
                lines(
                    "Mean score by brand",
                    "none",
                    "0 to 100. It sinks when many newcomers arrive, for they begin low.",
                    {"{{brand}}": f"brand:fanpulse_score:mean{{{BRAND_FILTER}}}"},
                ),
                lines(
                    "Suspects by brand",
                    "percentunit",
                    "Share of fans whose engagement looks faked. A jump is somebody buying likes.",
                    {
                        "{{brand}}": f"sum by (brand) (fanpulse_suspects{{{BRAND_FILTER}}})"
                        f" / clamp_min(brand:fanpulse_fans{{{BRAND_FILTER}}}, 1)"
                    },
                ),
            ],
        ),
        (
            "Coming and leaving",
            [
                lines(
                    "Fans by state of life",
                    "short",
                    "new, active, at_risk, churned, returned.",
                    {"{{lifecycle}}": f"sum by (lifecycle) (fanpulse_fans{{{BRAND_FILTER}}})"},
                    style="stack",
                ),
                lines(
                    "Leaving and coming back",
                    "short",
                    "Transitions in each interval: at_risk and churned leave, returned and cleared come back.",
                    {"{{state}}": f"sum by (state) (increase({CHURN_FLAGS}}}{RATE_INTERVAL}))"},
                    style="bars",
                ),
                lines(
                    "Net per day, by brand",
                    "short",
                    "Newcomers and returned, less churned, in the 24 hours before each point.",
                    {"{{brand}}": f"delta(brand:fanpulse_present_fans{{{BRAND_FILTER}}}[1d])"},
                    low=None,
                ),
                lines(
                    "Why they leave",
                    "short",
                    "Reasons of at_risk and churned in the hour before each point: silence alone, anger before it,"
                    " or fans who only came for a campaign.",
                    {"{{reason}}": f'sum by (reason) (increase({CHURN_FLAGS},state=~"at_risk|churned"}}[1h]))'},
                    style="stack",
                ),
            ],
        ),
    ],
)
