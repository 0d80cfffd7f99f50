"""Sentiment: how comments sound, and which fans became angry or calm again."""

from deploy.grafana.dashboard import make_dashboard
from deploy.grafana.panels import BAD, BRAND_FILTER, RATE_INTERVAL, WARN, lines, number

ALL_COMMENTS = f"fanpulse_comments_total{{{BRAND_FILTER}}}"
NEGATIVE = f'fanpulse_comments_total{{{BRAND_FILTER},sentiment="negative"}}'
ANGER = f'fanpulse_flags_total{{{BRAND_FILTER},kind="negative"'

SENTIMENT = make_dashboard(
    "Sentiment",
    "What comments feel like, by brand. Which fan, which post: on the live page and in fan-flags, not in metrics.",
    ["brand"],
    [
        (
            "At a glance",
            [
                number(
                    "Comments",
                    "cps",
                    "Comments a second.",
                    "comments/s",
                    f"sum(rate({ALL_COMMENTS}{RATE_INTERVAL}))",
                ),
                number(
                    "Negative share",
                    "percentunit",
                    "Of the last 15 minutes' comments, those with a sentiment below -0.2.",
                    "negative",
                    f"sum(increase({NEGATIVE}[15m])) / sum(increase({ALL_COMMENTS}[15m]))",
                    steps=[(0.3, WARN), (0.5, BAD)],
                ),
                number(
                    "Turned angry",
                    "short",
                    "Negative flags raised in the last hour.",
                    "raised",
                    f'sum(increase({ANGER},state="raised"}}[1h]))',
                ),
                number(
                    "Cleared",
                    "short",
                    "Negative flags cleared in the last hour: the sentiment mean of these fans is back above zero.",
                    "cleared",
                    f'sum(increase({ANGER},state="cleared"}}[1h]))',
                ),
                number(
                    "Angry and leaving",
                    "short",
                    "Fans flagged as leaving in the last 24 hours whose sentiment mean was low before.",
                    "leaving",
                    f'sum(increase(fanpulse_flags_total{{{BRAND_FILTER},kind="churn",reason="negative"}}[1d]))',
                    width=8,
                ),
            ],
        ),
        (
            "Comments",
            [
                lines(
                    "Sentiment share",
                    "percentunit",
                    "Share of comments by sentiment: negative below -0.2, positive above 0.2.",
                    {
                        "{{sentiment}}": f"sum by (sentiment) (rate({ALL_COMMENTS}{RATE_INTERVAL}))"
                        f" / ignoring (sentiment) group_left sum(rate({ALL_COMMENTS}{RATE_INTERVAL}))"
                    },
                    style="stack",
                ),
                lines(
                    "Comments by brand",
                    "cps",
                    "Comments a second. A peak with the negative share unchanged is a sale; with more, a scandal.",
                    {"{{brand}}": f"sum by (brand) (rate({ALL_COMMENTS}{RATE_INTERVAL}))"},
                ),
                lines(
                    "Negative share by brand",
                    "percentunit",
                    "Negative comments of all comments, over 15 minutes. No line while a brand has no comments.",
                    {
                        "{{brand}}": f"sum by (brand) (increase({NEGATIVE}[15m]))"
                        f" / sum by (brand) (increase({ALL_COMMENTS}[15m]))"
                    },
                    width=24,
                ),
            ],
        ),
        (
            "Flags",
            [
                lines(
                    "Negative flags",
                    "short",
                    "Raised and cleared in each interval.",
                    {"{{state}}": f"sum by (state) (increase({ANGER}}}{RATE_INTERVAL}))"},
                    style="bars",
                ),
                lines(
                    "Negative flags by brand",
                    "short",
                    "Raised in the hour before each point.",
                    {"{{brand}}": f'sum by (brand) (increase({ANGER},state="raised"}}[1h]))'},
                ),
                lines(
                    "What raised them",
                    "short",
                    "comment: one very angry comment (the severe ones). mean: the running mean of several sank.",
                    {"{{reason}}": f'sum by (reason) (increase({ANGER},state="raised"}}[1h]))'},
                    style="stack",
                    width=24,
                ),
            ],
        ),
    ],
)
