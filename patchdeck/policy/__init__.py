"""Policy as code: who may roll out what, where and when. Pure; every refusal names its rule."""
