"""Gates: checks between the steps of a rollout. Each passes, fails, or holds for want of evidence."""
