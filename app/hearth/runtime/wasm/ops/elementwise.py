"""Element-wise ops, alone or fused onto an Identity."""

from __future__ import annotations

from hearth.runtime.plan import Step
from hearth.runtime.wasm.chain import ELEMENTWISE, Chain
from hearth.runtime.wasm.lower import Lowering, lowers


@lowers(*ELEMENTWISE)
def elementwise(low: Lowering, step: Step) -> None:
    """One chain for the node and its epilogue."""
    nodes = [after.node for after in step.epilogue]
    if step.node.op != "Identity":
        nodes.insert(0, step.node)
    if not nodes:
        low.tensors[step.node.outputs[0]] = low.tensor(step.node.inputs[0])
        return
    output = nodes[-1].outputs[0]
    low.number(output)
    chain = Chain(low)
    chain.add(nodes)
    shape = low.shape(output)
    same = next((tensor for tensor in chain.inputs if tensor.shape == shape), None)
    chain.emit(low.output(output, same), "+".join(node.op for node in nodes))
