"""The operators, one family a file. Importing this package fills the table in `registry`."""

from hearth.runtime.ops import (  # noqa: F401
    conv,
    elementwise,
    linear,
    normalise,
    padding,
    pool,
    recurrent,
    reduce,
    resize,
    shaping,
)
