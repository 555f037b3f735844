"""Ensembles of decision trees of ai.onnx.ml: all trees walk down together, one level a step.

Source: the ONNX-ML operator documentation; what it leaves open (two classes with one score) follows onnxruntime.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray as Array

from hearth.runtime.limits import tick
from hearth.runtime.ops.ml_common import ML, binary_scores, post_transformed
from hearth.runtime.ops.registry import Operand, op
from hearth.runtime.ops.text import strings
from hearth.runtime.types import TensorType

Ints = Sequence[int]
Floats = Sequence[float]

_MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "MEMBER")
_TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
_AGGREGATES = ("AVERAGE", "SUM", "MIN", "MAX")


@dataclass
class Forest:
    """Nodes as arrays, inner ones first, then leaves. `weights` (leaves, targets): NaN where a leaf says nothing."""

    roots: Array
    feature: Array
    split: Array
    mode: Array
    if_true: Array
    if_false: Array
    missing_is_true: Array
    members: list[Array]
    weights: Array

    def leaves(self, x: Array) -> Array:
        """The leaf that each row of x (N, F) reaches in each tree, (N, trees)."""
        inner = len(self.feature)
        at = np.broadcast_to(self.roots, (len(x), len(self.roots))).copy()
        rows = np.arange(len(x))[:, None]
        for _ in range(inner + 1):
            open_ = at < inner
            if not open_.any():
                return at - inner
            tick()
            node = np.where(open_, at, 0)
            value, split, mode = x[rows, self.feature[node]], self.split[node], self.mode[node]
            answers = [value <= split, value < split, value >= split, value > split, value == split, value != split]
            if self.members:
                answers.append(self._member(value, node))
            taken = np.choose(mode.astype(np.intp), answers) | (np.isnan(value) & self.missing_is_true[node])
            at = np.where(open_, np.where(taken, self.if_true[node], self.if_false[node]), at)
        raise ValueError("the nodes of a tree form a cycle")

    def _member(self, value: Array, node: Array) -> Array:
        result = np.zeros(value.shape, np.bool_)
        for number, members in enumerate(self.members):
            here = node == number
            result |= here & np.isin(value, members)
        return result

    def scores(self, x: Array, aggregate: str) -> Array:
        """(N, targets); NaN where no leaf says anything."""
        found = self.weights[self.leaves(x)]
        empty = np.isnan(found).all(1)
        match aggregate:
            case "SUM":
                total = np.nansum(found, 1)
            case "AVERAGE":
                total = np.nansum(found, 1) / len(self.roots)
            case "MIN":
                total = np.fmin.reduce(found, 1)
            case "MAX":
                total = np.fmax.reduce(found, 1)
            case _:
                raise ValueError(f"the aggregate '{aggregate}' is none of {', '.join(_AGGREGATES)}")
        return np.where(empty, np.nan, total)


def _leaf_weights(count: int, targets: int, leaf: Array, target: Array, weight: Array) -> Array:
    table = np.zeros((count, targets), weight.dtype)
    np.add.at(table, (leaf, target), weight)
    said = np.zeros((count, targets), np.bool_)
    said[leaf, target] = True
    return np.where(said, table, np.nan)


def _tree_rule(x: Operand, *, n_targets: int = 1, **_: Any) -> TensorType:
    return TensorType(x.dtype, (x.shape[0] if x.shape else None, n_targets))


@op("TreeEnsemble", domain=ML, rule=_tree_rule)
def tree_ensemble(
    x: Array,
    *,
    leaf_targetids: Ints,
    leaf_weights: Array,
    nodes_falseleafs: Ints,
    nodes_falsenodeids: Ints,
    nodes_featureids: Ints,
    nodes_modes: Array,
    nodes_splits: Array,
    nodes_trueleafs: Ints,
    nodes_truenodeids: Ints,
    tree_roots: Ints,
    aggregate_function: int = 1,
    membership_values: Array | None = None,
    memory: dict[str, Forest],
    n_targets: int = 1,
    nodes_hitrates: Array | None = None,
    nodes_missing_value_tracks_true: Ints | None = None,
    post_transform: int = 0,
) -> Array:
    """x (N, F) -> (N, targets)."""

    def grow() -> Forest:
        count = len(nodes_featureids)

        def children(ids: Ints, leaf: Ints) -> Array:
            return np.where(np.array(leaf, np.bool_), np.array(ids) + count, np.array(ids))

        members: list[Array] = []
        if membership_values is not None:
            ends = np.flatnonzero(np.isnan(membership_values))
            groups = iter(np.split(membership_values, ends + 1))
            members = [next(groups) if mode == 6 else np.zeros(0) for mode in nodes_modes.tolist()]
            members = [group[~np.isnan(group)] for group in members]
        weights = _leaf_weights(
            len(leaf_targetids), n_targets, np.arange(len(leaf_targetids)), np.array(leaf_targetids), leaf_weights
        )
        return Forest(
            np.array(tree_roots),
            np.array(nodes_featureids),
            nodes_splits,
            nodes_modes.astype(np.int64),
            children(nodes_truenodeids, nodes_trueleafs),
            children(nodes_falsenodeids, nodes_falseleafs),
            np.array(nodes_missing_value_tracks_true or [0] * count, np.bool_),
            members,
            weights,
        )

    forest = _grown(memory, grow)
    scores = np.nan_to_num(forest.scores(x, _AGGREGATES[aggregate_function]))
    return post_transformed(scores, _TRANSFORMS[post_transform]).astype(x.dtype)


def _forest(nodes: dict[str, Any], leaf: tuple[Ints, Ints, Ints, Array], targets: int) -> Forest:
    """The older encoding, where every node is named by (tree, node) and leaves are nodes of the mode LEAF."""
    names, which = np.unique(np.array(nodes["nodes_modes"]), return_inverse=True)
    is_leaf = (names == "LEAF")[which]
    inner, leaves = int((~is_leaf).sum()), int(is_leaf.sum())
    place = np.empty(len(is_leaf), np.int64)
    place[~is_leaf], place[is_leaf] = np.arange(inner), np.arange(inner, inner + leaves)
    chosen = np.flatnonzero(~is_leaf)
    trees, numbers = np.array(nodes["nodes_treeids"], np.int64), np.array(nodes["nodes_nodeids"], np.int64)
    find = _finder(trees, numbers)
    values = nodes["nodes_values_as_tensor"]
    values = np.array(nodes["nodes_values"], np.float32) if values is None else values
    missing = np.array(nodes["nodes_missing_value_tracks_true"] or np.zeros(len(is_leaf)), np.bool_)
    if_true, if_false = (
        place[find(trees[chosen], np.array(nodes[key], np.int64)[chosen])]
        for key in ("nodes_truenodeids", "nodes_falsenodeids")
    )
    leaf_trees, leaf_nodes, leaf_targets, leaf_weights = leaf
    at_leaf = place[find(np.array(leaf_trees, np.int64), np.array(leaf_nodes, np.int64))] - inner
    if (at_leaf < 0).any():
        raise ValueError("a weight belongs to a node that is no leaf")
    codes = np.array([_MODES.index(name) if name != "LEAF" else 0 for name in names.tolist()], np.int64)
    return Forest(
        place[~np.isin(place, np.concatenate([if_true, if_false]))],
        np.array(nodes["nodes_featureids"], np.int64)[chosen],
        values[chosen],
        codes[which][chosen],
        if_true,
        if_false,
        missing[chosen],
        [],
        _leaf_weights(leaves, targets, at_leaf, np.array(leaf_targets, np.int64), leaf_weights),
    )


def _finder(trees: Array, numbers: Array) -> Callable[[Array, Array], Array]:
    """A function from (tree, node) to the node's place in the lists; ValueError for one that is not there."""
    span = int(numbers.max(initial=0)) + 1
    keys = trees * span + numbers
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]

    def find(tree: Array, number: Array) -> Array:
        wanted = tree * span + number
        at = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
        if (ordered[at] != wanted).any() or (number >= span).any() or (number < 0).any():
            raise ValueError("a tree leads to a node that is not there")
        return np.asarray(order[at])

    return find


def _grown(memory: dict[str, Forest], make: Callable[[], Forest]) -> Forest:
    """The forest of a node, made with its first run."""
    if "forest" not in memory:
        memory["forest"] = make()
    return memory["forest"]


def _base(values: Floats | None, tensor: Array | None) -> Array:
    return np.array(values or [], np.float32) if tensor is None else tensor


def _weights(values: Floats | None, tensor: Array | None) -> Array:
    return np.array(values, np.float32) if tensor is None else tensor


@op(
    "TreeEnsembleRegressor",
    domain=ML,
    rule=lambda x, *, n_targets=1, **_: TensorType(np.dtype(np.float32), (x.shape[0] if x.shape else None, n_targets)),
)
def tree_ensemble_regressor(
    x: Array,
    *,
    aggregate_function: str = "SUM",
    base_values: Floats | None = None,
    base_values_as_tensor: Array | None = None,
    memory: dict[str, Forest],
    n_targets: int = 1,
    nodes_falsenodeids: Ints,
    nodes_featureids: Ints,
    nodes_hitrates: Floats | None = None,
    nodes_hitrates_as_tensor: Array | None = None,
    nodes_missing_value_tracks_true: Ints | None = None,
    nodes_modes: Sequence[str],
    nodes_nodeids: Ints,
    nodes_treeids: Ints,
    nodes_truenodeids: Ints,
    nodes_values: Floats | None = None,
    nodes_values_as_tensor: Array | None = None,
    post_transform: str = "NONE",
    target_ids: Ints,
    target_nodeids: Ints,
    target_treeids: Ints,
    target_weights: Floats | None = None,
    target_weights_as_tensor: Array | None = None,
) -> Array:
    """x (N, F) -> (N, targets), float32."""
    nodes = {key: value for key, value in locals().items() if key.startswith("nodes_")}
    leaf = (target_treeids, target_nodeids, target_ids, _weights(target_weights, target_weights_as_tensor))
    forest = _grown(memory, lambda: _forest(nodes, leaf, n_targets))
    scores = np.nan_to_num(forest.scores(x, aggregate_function))
    base = _base(base_values, base_values_as_tensor)
    return post_transformed(scores + base if len(base) else scores, post_transform).astype(np.float32)


@op("TreeEnsembleClassifier", domain=ML, data_dependent=True)
def tree_ensemble_classifier(
    x: Array,
    *,
    base_values: Floats | None = None,
    base_values_as_tensor: Array | None = None,
    class_ids: Ints,
    class_nodeids: Ints,
    class_treeids: Ints,
    class_weights: Floats | None = None,
    class_weights_as_tensor: Array | None = None,
    classlabels_int64s: Ints | None = None,
    classlabels_strings: Sequence[str] | None = None,
    memory: dict[str, Forest],
    nodes_falsenodeids: Ints,
    nodes_featureids: Ints,
    nodes_hitrates: Floats | None = None,
    nodes_hitrates_as_tensor: Array | None = None,
    nodes_missing_value_tracks_true: Ints | None = None,
    nodes_modes: Sequence[str],
    nodes_nodeids: Ints,
    nodes_treeids: Ints,
    nodes_truenodeids: Ints,
    nodes_values: Floats | None = None,
    nodes_values_as_tensor: Array | None = None,
    post_transform: str = "NONE",
) -> tuple[Array, Array]:
    """x (N, F) -> (labels (N,), scores (N, classes))."""
    nodes = {key: value for key, value in locals().items() if key.startswith("nodes_")}
    text = classlabels_strings is not None
    names = classlabels_strings if classlabels_strings is not None else classlabels_int64s or ()
    labels = strings(list(classlabels_strings or ()), (-1,)) if text else np.array(names, np.int64)
    weights = _weights(class_weights, class_weights_as_tensor)
    leaf = (class_treeids, class_nodeids, class_ids, weights)
    raw = _grown(memory, lambda: _forest(nodes, leaf, len(labels))).scores(x, "SUM")
    base = _base(base_values, base_values_as_tensor)
    if len(labels) == 2 and len(set(class_ids)) == 1:
        single = np.nan_to_num(raw[:, class_ids[0]]) + (base[-1] if len(base) else 0)
        chosen, scores = binary_scores(single, post_transform, bool((weights >= 0).all()))
        return labels[chosen], scores
    raw = np.nan_to_num(raw) + (base if len(base) else 0)
    return labels[raw.argmax(1)], post_transformed(raw, post_transform).astype(np.float32)
