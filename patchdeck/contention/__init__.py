"""What startups wait for: indicators, each with a value, a level, a reason in words, an age and a history."""
