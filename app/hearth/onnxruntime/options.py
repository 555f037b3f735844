"""SessionOptions and RunOptions. Most of onnxruntime's options steer its own threads and memory: they are accepted,
checked and kept, and one debug line says that they change nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from operator import index
from typing import TYPE_CHECKING, Any, NoReturn

from .process import ignored
from .providers import known

if TYPE_CHECKING:
    from .adapters import LoraAdapter


class Named(Enum):
    """An enumeration of onnxruntime: equal to its number, printed with its class."""

    def __int__(self) -> int:
        return int(self.value)

    __index__ = __int__

    def __eq__(self, other: object) -> bool:
        return self is other if isinstance(other, Enum) else self.value == other

    def __hash__(self) -> int:
        return hash(self.value)


class GraphOptimizationLevel(Named):
    ORT_DISABLE_ALL = 0
    ORT_ENABLE_BASIC = 1
    ORT_ENABLE_EXTENDED = 2
    ORT_ENABLE_LAYOUT = 3
    ORT_ENABLE_ALL = 99


class ExecutionMode(Named):
    ORT_SEQUENTIAL = 0
    ORT_PARALLEL = 1


class ExecutionOrder(Named):
    DEFAULT = 0
    PRIORITY_BASED = 1
    MEMORY_EFFICIENT = 2


class _Option:
    """An attribute of one type. `used`: it does something here. TypeError for values of another type."""

    def __init__(self, default: Any, used: bool = False) -> None:
        self.default, self.used = default, used
        self.kind = type(default)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, options: _Options | None, owner: type) -> Any:
        return self if options is None else options._values.get(self.name, self.default)

    def __set__(self, options: _Options, value: Any) -> None:
        if self.kind in (int, bool) and hasattr(value, "__index__") and not isinstance(value, Enum):
            value = self.kind(value)
        elif self.kind is bool and (value is None or type(value).__name__ == "bool"):
            value = bool(value)  # numpy's too
        if self.kind is int and isinstance(value, int) and not -(1 << 31) <= value < 1 << 31:
            raise TypeError(f"{self.name}: a number of 32 bits is wanted, not {value}")
        if not isinstance(value, self.kind):
            raise TypeError(f"{self.name}: {self.kind.__name__} is wanted, not {type(value).__name__} ({value!r})")
        options._values[self.name] = value
        if not self.used:
            ignored(f"{type(options).__name__}.{self.name} = {value}")


class _Options:
    """Named values, and a dictionary of free-form entries."""

    __slots__ = ("_entries", "_values")

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._entries: dict[str, str] = {}

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle '{type(self).__name__}' object")

    def _add(self, key: str, value: str) -> None:
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError(f"a configuration entry is two strings, not {key!r}, {value!r}")
        if not 0 < len(key) <= 1024:
            raise RuntimeError("Config key is empty or longer than maximum length 1024")
        self._entries[key] = value
        ignored(f"{type(self).__name__} entry {key}={value}")

    def _entry(self, key: str) -> str:
        if key not in self._entries:
            raise RuntimeError(f"{type(self).__name__} does not have configuration with key: {key}")
        return self._entries[key]


class SessionOptions(_Options):
    """How a session is made. Profiling, overrides of free dimensions, other initialisers and a path for the model work;
    the rest is accepted."""

    __slots__ = ("free_dimensions", "initializers", "providers")

    enable_cpu_mem_arena = _Option(True)
    enable_mem_pattern = _Option(True)
    enable_mem_reuse = _Option(True)
    enable_profiling = _Option(False, used=True)
    execution_mode = _Option(ExecutionMode.ORT_SEQUENTIAL)
    execution_order = _Option(ExecutionOrder.DEFAULT)
    graph_optimization_level = _Option(GraphOptimizationLevel.ORT_ENABLE_ALL)
    inter_op_num_threads = _Option(0)
    intra_op_num_threads = _Option(0)
    log_severity_level = _Option(-1)
    log_verbosity_level = _Option(0)
    logid = _Option("")
    optimized_model_filepath = _Option("", used=True)
    profile_file_prefix = _Option("onnxruntime_profile_", used=True)
    use_deterministic_compute = _Option(False)
    use_per_session_threads = _Option(True)

    def __init__(self) -> None:
        super().__init__()
        self.free_dimensions: dict[str, int] = {}
        self.initializers: dict[str, Any] = {}
        self.providers: list[tuple[str, dict[str, str]]] = []

    def add_initializer(self, name: str, ort_value: Any) -> None:
        """Gives a constant of the model another value, an OrtValue."""
        if not hasattr(ort_value, "_get_c_value"):
            raise RuntimeError(f"The value of {name} has to be an OrtValue, not {type(ort_value).__name__}")
        self.initializers[name] = ort_value

    def add_external_initializers(self, names: Sequence[str], ort_values: Sequence[Any]) -> None:
        """The same for several. RuntimeError where there are not as many values as names."""
        if len(names) != len(ort_values):
            raise RuntimeError("Expecting names and ort_values lists to have equal length")
        self.initializers.update(zip(names, ort_values, strict=True))

    def add_free_dimension_override_by_name(self, name: str, size: int) -> None:
        """Gives every dimension of this name a size; the first one given holds."""
        self.free_dimensions.setdefault(name, index(size))

    def add_free_dimension_override_by_denotation(self, denotation: str, size: int) -> None:
        index(size)
        ignored("SessionOptions.add_free_dimension_override_by_denotation")

    def add_session_config_entry(self, key: str, value: str) -> None:
        self._add(key, value)

    def get_session_config_entry(self, key: str) -> str:
        return self._entry(key)

    def add_provider(self, name: str, options: dict[str, str]) -> None:
        """Asks for a provider in place of the session's argument. RuntimeError for a name that nothing knows."""
        known(name)
        self.providers.append((name, dict(options)))

    def has_providers(self) -> bool:
        return bool(self.providers)

    def add_provider_for_devices(self, ep_devices: Sequence[object], provider_options: dict[str, str]) -> None:
        ignored("SessionOptions.add_provider_for_devices")

    def set_provider_selection_policy(self, policy: object) -> None:
        ignored(f"SessionOptions.set_provider_selection_policy {policy}")

    def set_provider_selection_policy_delegate(self, delegate: Callable[..., object]) -> None:
        ignored("SessionOptions.set_provider_selection_policy_delegate")

    def set_load_cancellation_flag(self, cancel: bool) -> None:
        ignored("SessionOptions.set_load_cancellation_flag")

    def register_custom_ops_library(self, path: str) -> None:
        """Fail always: such a library is native code."""
        from .capi.onnxruntime_pybind11_state import Fail

        reason = "libraries of custom ops are native code, which can't be loaded here."
        raise Fail(f"[ONNXRuntimeError] : 1 : FAIL : Failed to load library {path} with error: {reason}")


class RunOptions(_Options):
    """How one run is done. `terminate` set before it starts ends it; what adapters hold is fed beside the inputs;
    the rest is accepted."""

    __slots__ = ("adapters",)

    log_severity_level = _Option(-1)
    log_verbosity_level = _Option(0)
    logid = _Option("")
    only_execute_path_to_fetches = _Option(False)
    terminate = _Option(False, used=True)

    def __init__(self) -> None:
        super().__init__()
        self.adapters: list[LoraAdapter] = []

    def add_active_adapter(self, adapter: LoraAdapter) -> None:
        self.adapters.append(adapter)

    def add_run_config_entry(self, key: str, value: str) -> None:
        self._add(key, value)

    def get_run_config_entry(self, key: str) -> str:
        return self._entry(key)


Callback = Callable[[list[Any], Any, str], object]
"""What run_async calls: results, the caller's own data, an error's text or nothing."""
