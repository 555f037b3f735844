"""The steps of a kernel program, field by field as in `wheels/kernels/src/step.h`.

Places count floats from the start of the arena. Every field is 32 bits wide.
"""

from __future__ import annotations

from ctypes import Structure, c_float, c_int32
from enum import IntEnum, auto
from typing import Any

from hearth.errors import Unsupported

NONE = -1
LIMIT = 1 << 31
MAX_DIMS = 5
MAX_OPERANDS = 8
MAX_ACTIONS = 16


class _FromZero(IntEnum):
    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[int]) -> int:
        return count


class Opcode(_FromZero):
    """Which kernel a step calls."""

    WINOGRAD = auto()
    WINOGRAD_INPUT = auto()
    WINOGRAD_PRODUCT = auto()
    WINOGRAD_OUTPUT = auto()
    CONV = auto()
    DEPTHWISE = auto()
    POOL = auto()
    RESIZE = auto()
    MATMUL = auto()
    ELEMENTWISE = auto()
    REDUCE = auto()
    SOFTMAX = auto()
    NORMALISE = auto()
    TRANSPOSE = auto()
    LSTM = auto()
    GRU = auto()
    PACK_WINOGRAD = auto()
    PACK_TAPS = auto()
    PACK_CONV = auto()
    PACK_MATRIX = auto()
    WIDEN = auto()
    INTEGER_PRODUCT = auto()
    PAIR_IMAGE = auto()
    INTEGER_CONV = auto()
    INTEGER_WINOGRAD = auto()
    QUANTISED_LSTM = auto()
    FEW_BITS = auto()


class Number(_FromZero):
    """How numbers are stored."""

    FLOAT32 = auto()
    FLOAT16 = auto()
    INT8 = auto()
    UINT8 = auto()


class Pooling(_FromZero):
    """What a pool makes of a window; the last counts pads as zeros."""

    POOL_MAX = auto()
    POOL_MEAN = auto()
    POOL_MEAN_WITH_PADS = auto()


class Reduction(_FromZero):
    """How a reduction joins values."""

    REDUCE_SUM = auto()
    REDUCE_MEAN = auto()
    REDUCE_MAX = auto()
    REDUCE_MIN = auto()
    REDUCE_SQUARES = auto()
    REDUCE_ABSOLUTES = auto()
    REDUCE_PRODUCT = auto()


class ActionCode(_FromZero):
    """What one action of an element-wise chain does."""

    ADD = auto()
    SUBTRACT = auto()
    MULTIPLY = auto()
    DIVIDE = auto()
    MINIMUM = auto()
    MAXIMUM = auto()
    LESS = auto()
    LESS_EQUAL = auto()
    EQUAL = auto()
    WHERE = auto()
    AFFINE = auto()
    RECIPROCAL = auto()
    ABSOLUTE = auto()
    SQRT = auto()
    EXP = auto()
    LOG = auto()
    SIGMOID = auto()
    TANH = auto()
    ERF = auto()
    FLOOR = auto()
    CEIL = auto()
    ROUND = auto()
    SIGN = auto()
    CLAMP = auto()
    LEAKY = auto()
    PRELU = auto()
    ELU = auto()
    SOFTPLUS = auto()
    SOFTSIGN = auto()
    HARD_SIGMOID = auto()
    HARD_SWISH = auto()
    NOT = auto()


def _ints(names: str) -> list[tuple[str, type]]:
    return [(name, c_int32) for name in names.split()]


class _Record(Structure):
    """A struct of numbers. Unsupported where one does not fit: ctypes itself would drop its upper bits."""

    def __init__(self, *values: Any) -> None:
        for value in values:
            for number in value if isinstance(value, tuple) else (value,):
                if isinstance(number, int) and not -LIMIT <= number < LIMIT:
                    raise Unsupported(f"{type(self).__name__}: {number} has more than 32 bits.")
        super().__init__(*values)


class Image(_Record):
    """A channels-last image: pixel (n, y, x) starts at place + ((n * height + y) * width + x) * pitch."""

    _fields_ = _ints("place pitch batch height width channels")


class Window(_Record):
    """Which input pixels an output pixel sees."""

    _fields_ = _ints("height width stride_y stride_x dilation_y dilation_x pad_top pad_left")


class Finish(_Record):
    """out = clamp(value + bias + early residual, low, high) + late residual."""

    _fields_ = [*_ints("bias residual residual_pitch residual_late"), ("low", c_float), ("high", c_float)]


class Grid(_Record):
    """The output pixels a convolution makes."""

    _fields_ = _ints("height width first_y first_x step_y step_x")


class Conv(_Record):
    """A convolution in one step."""

    _fields_ = [
        *_ints("op weights"),
        ("x", Image),
        ("y", Image),
        ("window", Window),
        ("grid", Grid),
        *_ints("groups block"),
        ("finish", Finish),
    ]


class Staged(_Record):
    """One of the three stages of a Winograd convolution."""

    _fields_ = [("conv", Conv), *_ints("planes_in planes_out number")]


class Pool(_Record):
    """Maximum or mean over windows."""

    _fields_ = [
        *_ints("op kind"),
        ("x", Image),
        ("y", Image),
        ("window", Window),
        *_ints("padded_height padded_width"),
    ]


class Resize(_Record):
    """Separable resampling by tables."""

    _fields_ = [
        *_ints("op"),
        ("x", Image),
        ("y", Image),
        *_ints("taps_y taps_x rows row_weights columns column_weights"),
    ]


class PackConv(_Record):
    """Weights of a convolution to what its kernel reads."""

    _fields_ = _ints(
        "op source number packed out_channels in_channels height width groups "
        "first stride_group stride_out stride_in stride_y stride_x"
    )


class Matmul(_Record):
    """C = A * B in batches, B packed."""

    _fields_ = [
        *_ints(
            "op a b c batch_outer batch_inner rows columns depth a_stride a_outer a_inner b_outer b_inner "
            "c_stride c_outer c_inner number scales zeros row_block panels"
        ),
        ("finish", Finish),
    ]


class PackMatrix(_Record):
    """Matrices to panels of columns."""

    _fields_ = _ints("op source packed number batch depth columns stride_batch stride_k stride_n")


class IntegerProduct(_Record):
    """C = A * B for whole numbers, B packed as pairs of 16 bits."""

    _fields_ = [*_ints("op a b c rows columns depth a_stride c_stride row_block panels"), ("finish", Finish)]


class FewBits(_Record):
    """C = A * B for weights of 4 or 8 bits with a scale and a zero point for each block of depth."""

    _fields_ = [
        *_ints("op a b c scales zeros rows columns depth block bits a_stride c_stride row_block panels"),
        ("finish", Finish),
    ]


class PairImage(_Record):
    """Pixels of whole numbers as pairs of channels in 16 bits."""

    _fields_ = _ints("op x y pixels pitch channels")


class IntegerConv(_Record):
    """A convolution of whole numbers; sums are scaled and rounded before they are finished."""

    _fields_ = [("conv", Conv), *_ints("bias scales rounds")]


class Widen(_Record):
    """float16 to float32."""

    _fields_ = _ints("op source out count")


class Operand(_Record):
    """A tensor walked by strides."""

    _fields_ = [*_ints("place number"), ("strides", c_int32 * MAX_DIMS)]


class Action(_Record):
    """One action of an element-wise chain; values are numbered, the inputs first."""

    _fields_ = [*_ints("code a b c"), ("alpha", c_float), ("beta", c_float)]


class Elementwise(_Record):
    """A chain of element-wise actions in one pass."""

    _fields_ = [
        *_ints("op"),
        ("sizes", c_int32 * MAX_DIMS),
        *_ints("inputs actions"),
        ("y", Operand),
        ("x", Operand * MAX_OPERANDS),
        ("action", Action * MAX_ACTIONS),
    ]


class Reduce(_Record):
    """[outer][count][inner] to [outer][inner]."""

    _fields_ = _ints("op kind x y outer count inner x_outer x_step y_outer")


class Softmax(_Record):
    """Softmax along `count` of [outer][count][inner]."""

    _fields_ = _ints("op x y outer count inner x_outer x_step y_outer y_step logarithm")


class Normalise(_Record):
    """Normalisation along `count` of [outer][count][inner]."""

    _fields_ = [
        *_ints("op x y outer count inner x_outer x_step y_outer y_step scale shift by_count centred"),
        ("epsilon", c_float),
    ]


class Transpose(_Record):
    """A rearrangement of axes into a dense output."""

    _fields_ = [*_ints("op x y"), ("sizes", c_int32 * MAX_DIMS), ("strides", c_int32 * MAX_DIMS)]


class Recurrent(_Record):
    """One direction of an LSTM or GRU over input projections made before."""

    _fields_ = _ints("op projected weights hidden_bias y y_step h c steps batch hidden reverse reset_late")


class QuantisedLstm(_Record):
    """One direction of an LSTM whose weights are whole numbers."""

    _fields_ = _ints(
        "op x weights weight_scales recurrent recurrent_scales bias projected y y_step h c "
        "steps batch size hidden reverse"
    )
