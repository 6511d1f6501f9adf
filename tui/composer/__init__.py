"""Composing a rollout: its fields, the plan beside them, what is asked before it begins, and its way to the journal."""
