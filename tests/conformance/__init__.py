"""One suite for engines real and simulated: stories are told to an engine, and what it answers is compared.

`stories` says what is asked, `telling` asks it and writes down what came back, `recorded/` holds what real engines of
each generation answered. tests/live holds the real engines to that, tests/unit the simulated ones of the same versions.
"""
