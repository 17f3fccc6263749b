"""Risk of return to poverty within a year, scored beside the rule line (防止返贫)."""
