"""What a model file says of itself. It travels in a graph's metadata, under names that begin with `hearth.`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from hearth.runtime.graph import Graph
from hearth.runtime.protobuf import Message

OWN = "hearth."
NO_VERSION = (1 << 63) - 1
"""What onnxruntime answers where a file gives no version."""

_FIELDS = {
    "producer_name": "producer_name",
    "domain": "domain",
    "description": "doc_string",
    "version": "model_version",
}


@dataclass
class ModelMetadata:
    """The same fields as onnxruntime's."""

    producer_name: str = ""
    graph_name: str = ""
    domain: str = ""
    description: str = ""
    graph_description: str = ""
    version: int = NO_VERSION
    custom_metadata_map: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: Graph) -> ModelMetadata:
        """The metadata of a loaded graph."""
        own = {key.removeprefix(OWN): value for key, value in graph.metadata.items() if key.startswith(OWN)}
        return cls(
            own.get("producer_name", ""),
            graph.name,
            own.get("domain", ""),
            own.get("description", ""),
            own.get("graph_description", ""),
            int(own.get("version", NO_VERSION)),
            {key: value for key, value in graph.metadata.items() if not key.startswith(OWN)},
        )


def read(model: Message) -> dict[str, str]:
    """A graph's metadata from a decoded model: the file's own entries, and its fields."""
    entries = cast(list[Message], model.get("metadata_props", []))
    found = {str(entry.get("key", "")): str(entry.get("value", "")) for entry in entries}
    found = {key: value for key, value in found.items() if not key.startswith(OWN)}
    found.update({OWN + key: str(model[name]) for key, name in _FIELDS.items() if name in model})
    graph = cast(Message, model.get("graph", {}))
    if "doc_string" in graph:
        found[OWN + "graph_description"] = str(graph["doc_string"])
    return found
