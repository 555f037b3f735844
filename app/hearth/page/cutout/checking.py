"""What `onnx` itself says of a model that a person brings; the package comes from the site when somebody asks."""

from __future__ import annotations

from hearth.errors import HearthError
from hearth.page.cutout.bridge import CutoutBridge
from hearth.words import Said, say


async def check(bridge: CutoutBridge, model: int) -> None:
    """Tells the page what the checker of ONNX finds: which node breaks the rules, and why."""
    try:
        data = await bridge.read(model)
        await bridge.fetch_package("onnx")
    except HearthError as error:
        bridge.checked(model, error.args[0])
    else:
        bridge.checked(model, _verdict(data))


def _verdict(data: bytes) -> Said:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    except DecodeError as error:
        return say("own.check-failed", reason=str(error))
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        return say("own.check-failed", reason=" ".join(str(error).split()))
    except MemoryError:
        return say("own.out-of-memory")
    return say("own.check-passed", version=onnx.__version__)
