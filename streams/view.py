"""What readers are told of a fan, as columns: the same scalar rules, read and not moved."""

import numpy as np

from schemas.fan import Fan
from schemas.layout import Ints, Rows, dtype_of, f8, i8
from streams.columns import Columns
from streams.compiled import compiled
from streams.params import Params
from streams.rules.churn import risk, usual_gap
from streams.rules.score import filled, reach, relevance


class View:
    """One fan as announced, not yet rounded."""

    talk: f8
    share: f8
    influence: f8
    relevance: f8
    authenticity: f8
    churn_risk: f8
    usual_gap_s: i8


VIEW = dtype_of(View)


@compiled
def look(t: Columns, picked: Ints, params: Rows, out: Rows) -> None:
    """Write the view of each picked row."""
    for i in range(len(picked)):
        f: Fan = t.rows[picked[i]]
        p: Params = params[t.code[picked[i]]]
        v: View = out[i]
        v.talk = filled(f.talk, p.half_way)
        v.share = filled(f.share, p.half_way)
        v.influence = reach(f.credit)
        v.relevance = relevance(f.on_brand, f.whole)
        v.authenticity = p.authenticity if f.suspect else 1.0
        v.churn_risk = risk(f.activity)
        v.usual_gap_s = usual_gap(f)


def views(t: Columns, picked: Ints, params: Rows) -> Rows:
    """Return what readers are told of the picked rows."""
    out = np.empty(len(picked), VIEW)
    look(t, picked, params, out)
    return out
