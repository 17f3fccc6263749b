"""Policy: the rule line as data (dated, sourced), its triggers, its colours and its verdict on a household."""

from riskml.policy.signal import agreement, combine_signal
from riskml.policy.table import Policy, load_policy, parse_policy
from riskml.policy.verdict import rule_line
from riskml.policy.verdicts import Flag, Verdicts

__all__ = [
    "Flag",
    "Policy",
    "Verdicts",
    "agreement",
    "combine_signal",
    "load_policy",
    "parse_policy",
    "rule_line",
]
