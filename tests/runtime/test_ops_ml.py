"""Ops of ai.onnx.ml agree with onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from tests.runtime.against_onnxruntime import assert_same

pytestmark = pytest.mark.desk

RNG = np.random.default_rng(11)


def f32(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def words(*items: str) -> np.ndarray:
    array = np.empty(len(items), object)
    array[:] = items
    return array


def same(op: str, *inputs: np.ndarray, **how: Any) -> None:
    assert_same(op, *inputs, domain="ai.onnx.ml", **how)


def forest(trees: int, features: int, classes: int, positive: bool, depth: int = 3) -> tuple[dict[str, Any], ...]:
    """Attributes of the nodes, and of the leaves, of full random trees."""
    nodes: dict[str, list[Any]] = {
        key: [] for key in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids")
    }
    leaves: dict[str, list[Any]] = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
    for tree in range(trees):
        inner = 2**depth - 1
        for node in range(2 * inner + 1):
            leaf = node >= inner
            nodes["treeids"].append(tree)
            nodes["nodeids"].append(node)
            nodes["featureids"].append(0 if leaf else int(RNG.integers(features)))
            nodes["modes"].append("LEAF" if leaf else "BRANCH_LEQ")
            nodes["values"].append(0.0 if leaf else float(RNG.standard_normal()))
            nodes["truenodeids"].append(0 if leaf else 2 * node + 1)
            nodes["falsenodeids"].append(0 if leaf else 2 * node + 2)
            if leaf:
                for target in range(classes):
                    leaves["treeids"].append(tree)
                    leaves["nodeids"].append(node)
                    leaves["ids"].append(target)
                    weight = float(RNG.standard_normal())
                    leaves["weights"].append(abs(weight) / trees if positive else weight)
    return {f"nodes_{key}": value for key, value in nodes.items()}, leaves


@pytest.mark.parametrize("aggregate", ["SUM", "AVERAGE", "MIN", "MAX"])
def test_regression_by_trees(aggregate: str) -> None:
    nodes, leaves = forest(4, 5, 2, False)
    targets = {f"target_{key}": value for key, value in leaves.items()}
    how = {**nodes, **targets, "n_targets": 2, "aggregate_function": aggregate, "base_values": [0.5, -0.25]}
    same("TreeEnsembleRegressor", f32(20, 5), **how)


@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX", "LOGISTIC"])
def test_classes_by_trees(transform: str) -> None:
    nodes, leaves = forest(4, 5, 3, False)
    classes = {f"class_{key}": value for key, value in leaves.items()}
    how = {**nodes, **classes, "classlabels_int64s": [10, 20, 30], "post_transform": transform}
    same("TreeEnsembleClassifier", f32(20, 5), outputs=2, **how)


@pytest.mark.parametrize("positive", [True, False])
@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC"])
def test_two_classes_by_one_score_of_trees(positive: bool, transform: str) -> None:
    nodes, leaves = forest(4, 5, 1, positive)
    classes = {f"class_{key}": value for key, value in leaves.items()}
    how = {**nodes, **classes, "classlabels_strings": ["no", "yes"], "post_transform": transform}
    same("TreeEnsembleClassifier", f32(20, 5), outputs=2, **how)


@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX", "LOGISTIC"])
def test_linear_classes(transform: str) -> None:
    how = {"coefficients": f32(12).tolist(), "intercepts": f32(3).tolist(), "post_transform": transform}
    same("LinearClassifier", f32(7, 4), outputs=2, classlabels_ints=[4, 5, 6], **how)


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC"])
def test_two_linear_classes_by_one_score(transform: str) -> None:
    how = {"coefficients": f32(4).tolist(), "intercepts": f32(1).tolist(), "post_transform": transform}
    same("LinearClassifier", f32(7, 4), outputs=2, classlabels_ints=[0, 1], **how)


def test_linear_regression() -> None:
    how = {"coefficients": f32(8).tolist(), "intercepts": f32(2).tolist(), "targets": 2}
    same("LinearRegressor", f32(7, 4), **how)


@pytest.mark.parametrize("kernel", ["LINEAR", "RBF", "POLY", "SIGMOID"])
@pytest.mark.parametrize("probabilities", [False, True])
def test_support_vector_classes(kernel: str, probabilities: bool) -> None:
    how: dict[str, Any] = {
        "kernel_type": kernel,
        "kernel_params": [0.3, 0.1, 2.0],
        "vectors_per_class": [3, 2, 4],
        "support_vectors": f32(9 * 4).tolist(),
        "coefficients": f32(18).tolist(),
        "rho": f32(3).tolist(),
        "classlabels_ints": [0, 1, 2],
    }
    if probabilities:
        how |= {"prob_a": [-1.5, -2.0, -1.0], "prob_b": [0.1, 0.2, -0.1]}
    same("SVMClassifier", f32(9, 4), outputs=2, tolerance=1e-4, **how)


def test_support_vector_regression() -> None:
    vectors = {"support_vectors": f32(5 * 4).tolist(), "coefficients": f32(5).tolist(), "n_supports": 5}
    same("SVMRegressor", f32(9, 4), kernel_type="RBF", kernel_params=[0.3, 0.0, 3.0], rho=[0.2], **vectors)


def test_labels() -> None:
    x = words("a", "c", "z", "b")
    same("LabelEncoder", x, keys_strings=["a", "b", "c"], values_int64s=[5, 6, 7], default_int64=-3)
    same("LabelEncoder", np.array([1, 3, 2]), keys_int64s=[1, 2], values_strings=["one", "two"])
    same("CategoryMapper", x, cats_strings=["a", "b"], cats_int64s=[1, 2])


def test_features() -> None:
    x = f32(3, 4)
    same("Scaler", x, offset=[0.1, 0.2, 0.3, 0.4], scale=[1.0, 2.0, 3.0, 4.0])
    for norm in ("MAX", "L1", "L2"):
        same("Normalizer", x, norm=norm)
    same("Binarizer", x, threshold=0.3)
    same("Imputer", np.where(x > 0.5, np.float32(np.nan), x), imputed_value_floats=[1.0, 2.0, 3.0, 4.0],
         replaced_value_float=float("nan"))  # fmt: skip
    same("ArrayFeatureExtractor", x, np.array([[2, 0]]))
    same("OneHotEncoder", np.array([[1, 3]]), cats_int64s=[1, 2, 3], zeros=1)
    same("FeatureVectorizer", x, f32(3, 2), inputdimensions=[4, 2])
    same("ZipMap", x, classlabels_strings=["a", "b", "c", "d"])
