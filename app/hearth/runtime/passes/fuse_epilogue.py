"""Lets products and convolutions apply the element-wise ops that follow them while their result is at hand.

A chain that starts elsewhere is fused onto an Identity, which then stands for one element-wise kernel.
"""

from __future__ import annotations

from hearth.runtime.graph import Graph, Node
from hearth.runtime.types import TensorType

HEAVY = frozenset({("", "Conv"), ("", "ConvTranspose"), ("", "MatMul"), ("", "Gemm"), ("com.microsoft", "MatMulNBits")})

UNARY = frozenset(
    {
        "Relu",
        "Sigmoid",
        "Tanh",
        "HardSigmoid",
        "HardSwish",
        "LeakyRelu",
        "Elu",
        "Clip",
        "Softplus",
        "Abs",
        "Neg",
        "Exp",
    }
    | {"Log", "Sqrt", "Reciprocal", "Floor", "Ceil", "Round", "Erf"}
)
BINARY = frozenset({"Add", "Sub", "Mul", "Div", "Max", "Min", "PRelu", "Pow"})


def is_elementwise(graph: Graph, node: Node) -> bool:
    """Whether a node works on float32, element by element, and its output's shape is known."""
    if node.domain or len(node.outputs) != 1 or node.op not in UNARY | BINARY:
        return False
    if node.op in BINARY and (len(node.inputs) != 2 or node.opset < 7):
        return False  # Before opset 7 operands were aligned by an attribute.
    if node.op == "Clip" and any(name and graph.constant(name) is None for name in node.inputs[1:]):
        return False
    kind = graph.type(node.outputs[0])
    return isinstance(kind, TensorType) and kind.static and str(kind.dtype) == "float32"


def _extend(graph: Graph, head: Node, readers: dict[str, list[Node]], taken: set[int]) -> list[Node]:
    """The element-wise nodes that can run as the head's epilogue, in order."""
    chain: list[Node] = []
    current = head.outputs[0]
    shape = graph.shape(current)
    while current not in graph.outputs:
        following = readers.get(current, [])
        if not following or any(node is not following[0] for node in following):
            break
        node = following[0]
        if not is_elementwise(graph, node) or graph.shape(node.outputs[0]) != shape or id(node) in taken:
            break
        chain.append(node)
        current = node.outputs[0]
    return chain


def fuse_epilogue(graph: Graph) -> None:
    """Fuses after each heavy node, then the chains of two or more that remain; the order is sorted anew."""
    readers = graph.consumers()
    gone: set[int] = set()
    for head in graph.nodes:
        if (head.domain, head.op) not in HEAVY or head.epilogue or graph.shape(head.outputs[0]) is None:
            continue
        # A node that two heads could take goes to the first; the other value is then an operand.
        chain = _extend(graph, head, readers, gone)
        if chain:
            gone.update(id(node) for node in chain)
            head.epilogue, head.result = chain, head.outputs[0]
            head.outputs = list(chain[-1].outputs)
    fused: list[Node] = []
    for node in graph.nodes:
        if id(node) in gone:
            continue
        fused.append(node)
        if not is_elementwise(graph, node):
            continue
        chain = _extend(graph, node, readers, gone)
        if chain:
            gone.update(id(item) for item in chain)
            inner = Node(node.op, node.inputs, node.outputs, node.attributes, node.domain, node.opset, node.name)
            shape = graph.shape(node.outputs[0])
            start = next((name for name in node.inputs if graph.shape(name) == shape), node.inputs[0])
            fused[-1] = Node("Identity", [start], list(chain[-1].outputs), opset=node.opset, name=node.name)
            fused[-1].epilogue, fused[-1].result = [inner, *chain], start
    graph.nodes = fused
    graph.sort()
