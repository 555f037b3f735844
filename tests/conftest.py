"""Hypothesis tries the same examples in every run and holds no clock to them: a busy machine fails nothing.

To look for others: `build.py test tests/kernels --hypothesis-profile=hunt`, with `--hypothesis-seed=N` if you like.
"""

from hypothesis import HealthCheck, settings

settings.register_profile("hunt", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("hunt"), derandomize=True)
settings.load_profile("same")
