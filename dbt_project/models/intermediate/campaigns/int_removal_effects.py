"""One row per state of the chain of touches: its removal effect solves a system of equations."""

from dataclasses import dataclass

from dagster_project.campaigns.markov import removal_effects
from dagster_project.campaigns.relation import fetch, write_rows

COLUMNS = {"state": "string", "removal_effect": "double"}


@dataclass(frozen=True)
class Effect:
    state: str
    removal_effect: float


def model(dbt, session):
    steps = dbt.ref("int_attribution_transitions").select("from_state", "to_state", "transitions")
    effects = removal_effects(fetch(steps))
    return write_rows(session, COLUMNS, [Effect(*found) for found in sorted(effects.items())])
