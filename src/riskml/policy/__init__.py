"""Policy: the *rule line*, which judges households by the official rules; its dated rows, triggers and colours."""

from riskml.policy.rule_line import apply_rule_line
from riskml.policy.signal import combine_signal, name_agreement
from riskml.policy.table import Policy, load_policy, parse_policy
from riskml.policy.verdicts import Verdicts

__all__ = ["Policy", "Verdicts", "apply_rule_line", "combine_signal", "load_policy", "name_agreement", "parse_policy"]
