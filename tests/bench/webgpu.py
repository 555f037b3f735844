"""Times our plans on WebGPU against onnxruntime-web, in whatever browser opens the page that this builds.

Without `--folder` a headless Chromium here opens it; with it the folder is left for another machine: serve it and open
`index.html`. It holds the plans lowered in advance, the models, and onnxruntime-web as the yardstick. First runs are
measured by `index.html?cold=MODEL&by=hearth` and `...&by=onnxruntime-web`, each in a browser that has no cache yet.
`index.html?leak=MODEL` runs a model three thousand times and tells the times between which memory must not grow.
"""

import argparse
import http.server
import json
import shutil
import tarfile
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hearth.desk import models as catalogue
from hearth.desk.fetch import Cache, Npm, Pinned
from hearth.runtime import InferenceSession, model_file
from hearth.runtime.device import gpu_bytes
from hearth.runtime.graph import Graph
from hearth.runtime.passes import fix_inputs, optimise
from hearth.runtime.plan import make_plan
from hearth.runtime.unread import at_hand
from hearth.runtime.webgpu.limits import Limits
from hearth.runtime.webgpu.lower import lower
from hearth.runtime.webgpu.program import Halves
from hearth.runtime.webgpu.tiles import ConvChooser, choose
from hearth.tools.cutout.refine.lowering import lower_photo
from tests.bench._checked import CHECKED
from tests.browser.browsers import start_chromium

PAGE = Path(__file__).with_name("webgpu_page")
ROOT = PAGE.parents[2]
MODELS = ("u2netp", "u2net", "selfie", "basic-pitch")
DYNAMIC = {"basic-pitch": (1, 43844, 1)}
PHOTO = (4000, 3000)
"""Width and height of the photo whose edges are refined."""
LARGE = 32 << 20
"""A model with more weights than this travels without them; the page fills in random numbers of the same shapes."""
BIG_GPU = Limits(16, 49152, 1024, 1024, 65535, (1 << 31) - 4, 1 << 31, 256)
"""What Chromium offers on a large desktop GPU."""

Variant = tuple[ConvChooser, Halves]
VARIANTS: Mapping[str, Variant] = {
    "hearth": (choose, "none"),
    "hearth, halves between": (choose, "between"),
    "hearth, halves everywhere": (choose, "everywhere"),
}
"""The last two run where the browser offers `shader-f16`."""

ORT = Pinned(
    "onnxruntime-web-1.30.0.tgz",
    "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71",
    33106585,
    (Npm("onnxruntime-web@1.30.0"),),
)
ORT_FILES = ("ort.webgpu.bundle.min.mjs", "ort-wasm-simd-threaded.asyncify.wasm")


def main(argv: Sequence[str]) -> int:
    """Builds the folder and, without `--folder`, runs it here. `--json FILE` writes one object a measurement."""
    parser = argparse.ArgumentParser(prog="bench webgpu", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a measurement")
    parser.add_argument("--folder", type=Path, help="only build, in this folder")
    parser.add_argument(
        "--result", type=Path, nargs="+", metavar="FILE", help="only read what pages reported elsewhere"
    )
    parser.add_argument("--models", nargs="*", default=MODELS, metavar="ID", help=f"of {', '.join(MODELS)}")
    parser.add_argument("--software", action="store_true", help="take an adapter that runs on the CPU (slow)")
    parser.add_argument("--small", action="store_true", help="lower for the least limits, not for a large GPU's")
    options = parser.parse_args(argv)
    limits = Limits() if options.small or options.software else BIG_GPU
    if options.result:
        result = merged(json.loads(file.read_text()) for file in options.result)
    elif options.folder:
        build_folder(options.folder, options.models, limits, software=options.software)
        print(options.folder)
        return 0
    else:
        with tempfile.TemporaryDirectory() as folder:
            build_folder(Path(folder), options.models, limits, software=options.software)
            result = merged(run_here(Path(folder), page, options.software) for page in pages(options.models))
    rows = list(report(result))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0 if rows else 1


def pages(models: Sequence[str]) -> list[str]:
    """What to open, each in a browser of its own."""
    cold = [f"index.html?cold={model}&by={by}" for model in models for by in ("hearth", "onnxruntime-web")]
    return ["index.html", *cold]


def merged(results: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What several pages reported, as one."""
    whole: dict[str, Any] = {"models": {}}
    for result in results:
        whole |= {key: value for key, value in result.items() if key != "models"}
        for model, runs in result.get("models", {}).items():
            for name, run in runs.items():
                whole["models"].setdefault(model, {}).setdefault(name, {}).update(run)
    return whole


def report(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Prints a table and gives its rows."""
    rows = []
    print(result.get("adapter", result.get("error")))
    for name, run in result.get("checked", {}).items():
        apart = run.get("error") or f"within {run['difference']:.2g}, on average {run['mean']:.2g}"
        print(f"{name:32} as numpy {apart}, {run.get('throughput_ms')} ms")
    if "refined" in result:
        print(f"edges of a photo refined: {result['refined']}")
    for model, runs in result.get("models", {}).items():
        peers = {name: run for name, run in runs.items() if name.startswith("onnxruntime") and "error" not in run}
        for name, run in runs.items():
            if "error" in run:
                print(f"{model:12} {name:32} {run['error']}")
                continue
            line = f"{model:12} {name:32}"
            if "throughput_ms" in run:
                line += f"{run['throughput_ms']:8.2f} ms, latency {run['latency_ms']:.2f}, first {run['first_ms']:.0f}"
            if "tflops" in run:
                line += f", {run['tflops']:.1f} TFLOP/s"
            if "cold_ms" in run:
                line += f", first of all {run['cold_ms']:.0f}, reloaded {run['again_ms']:.0f}"
            print(line)
            if name in peers:
                continue
            for measure, title in (
                ("throughput_ms", ""),
                ("cold_ms", " first run"),
                ("again_ms", " first run, reloaded"),
            ):
                times = [peer[measure] for peer in peers.values() if measure in peer]
                if times and measure in run:
                    row = {
                        "name": f"webgpu {model} {name}{title}",
                        "unit": "ms",
                        "hearth": run[measure],
                        "peer": min(times),
                        "peer_name": "onnxruntime-web 1.30 at its best",
                        "ratio": min(times) / run[measure],
                    }
                    rows.append(row)
                    print(f"{'':12} {row['ratio']:.2f}x{title}")
    return rows


def build_folder(
    folder: Path,
    names: Sequence[str],
    limits: Limits,
    *,
    software: bool = False,
    variants: Mapping[str, Variant] | None = None,
    yardstick: bool = True,
) -> None:
    """Everything that the page needs. `variants` say how each model is lowered."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in (*PAGE.iterdir(), ROOT / "web" / "gpu.js"):
        shutil.copy(file, folder / file.name)
    entries = [_model(folder, name, limits, variants or VARIANTS, yardstick) for name in names]
    checked = [_checked(folder, number, name, limits) for number, name in enumerate(CHECKED)]
    refined = lower_photo(limits, PHOTO, None).lowered
    (folder / "refined.json").write_text(refined.to_json())
    plan = {"models": entries, "yardstick": yardstick, "software": software, "checked": checked}
    plan["refined"] = {"file": "refined.json", "size": PHOTO}
    (folder / "bench.json").write_text(json.dumps(plan))
    if yardstick:
        _write_nothing(folder / "nothing.onnx")
        with tarfile.open(Cache().get(ORT)) as archive:
            (folder / "ort").mkdir(exist_ok=True)
            for name in ORT_FILES:
                member = archive.extractfile(f"package/dist/{name}")
                assert member is not None
                (folder / "ort" / name).write_bytes(member.read())


def _write_nothing(file: Path) -> None:
    """A model that does nothing: what loads it has its WebAssembly compiled."""
    import onnx
    from onnx import TensorProto, helper

    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "nothing", [x], [y])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), file)


def graph_of(name: str) -> Graph:
    """A prepared model with fixed shapes."""
    graph = model_file.loads(catalogue.path(name).read_bytes())
    if name in DYNAMIC:
        fix_inputs(graph, {next(iter(graph.inputs)): DYNAMIC[name]})
        optimise(graph)
    return graph


def _model(folder: Path, name: str, limits: Limits, variants: Mapping[str, Variant], yardstick: bool) -> dict[str, Any]:
    graph = graph_of(name)
    plan = make_plan(graph)
    input_name, kind = next(iter(graph.inputs.items()))
    shape = graph.shape(input_name)
    assert shape is not None and kind is not None
    feed = _feed(shape)
    feed.tofile(folder / f"{name}.input")
    entry: dict[str, Any] = {"id": name, "input": input_name, "shape": shape, "feed": f"{name}.input", "plans": []}
    constants: dict[str, Any] = {}
    at = 0
    with (folder / f"{name}.weights").open("wb") as weights:
        needed: set[str] = set()
        for title, (chooser, halves) in variants.items():
            lowered = lower(plan, limits, chooser, halves=halves)
            if len(lowered.segments) > 1:
                raise AssertionError(f"{name} needs the CPU: {[s.steps for s in lowered.segments]}")
            needed |= set(lowered.constants)
            file = f"{name}-{len(entry['plans'])}.json"
            (folder / file).write_text(lowered.to_json())
            entry["plans"].append({"name": title, "file": file, "halves": halves != "none"})
        for constant in sorted(needed):
            array = at_hand(graph.constants[constant])
            data = np.ascontiguousarray(array.astype(np.int32) if array.dtype.kind in "iu" else array).tobytes()
            constants[constant] = {"at": at, "bytes": len(data)}
            at += weights.write(data + bytes(-len(data) % 4))
    large = at > LARGE
    if large:
        (folder / f"{name}.weights").unlink()
    entry["constants"], entry["weights"] = constants, None if large else f"{name}.weights"
    entry["outputs"] = dict.fromkeys(graph.outputs)
    if not large:
        for number, (output, array) in enumerate(
            zip(graph.outputs, InferenceSession(graph, "numpy").run(None, {input_name: feed}), strict=True)
        ):
            array.tofile(folder / f"{name}.output{number}")
            entry["outputs"][output] = f"{name}.output{number}"
    if yardstick:
        entry.update(_onnx(folder, name, input_name, shape, list(graph.outputs), large))
    return entry


def _checked(folder: Path, number: int, name: str, limits: Limits) -> dict[str, Any]:
    """A network with its feeds, and what numpy makes of them."""
    graph, feeds = CHECKED[name]()
    lowered = lower(make_plan(graph), limits)
    if len(lowered.segments) > 1:
        raise AssertionError(f"{name} needs the CPU: {[s.steps for s in lowered.segments]}")
    expected = dict(zip(graph.outputs, InferenceSession(graph, "numpy").run(None, feeds), strict=True))
    files: dict[str, dict[str, Any]] = {"constants": {}, "feeds": {}, "outputs": {}}
    at = 0
    with (folder / f"checked{number}.bin").open("wb") as data:
        given = {"constants": {key: at_hand(graph.constants[key]) for key in lowered.constants}, "feeds": feeds}
        for group, arrays in (*given.items(), ("outputs", expected)):
            for key, array in arrays.items():
                place = lowered.constants[key] if group == "constants" else lowered.values.get(key)
                if place is None:  # decided by the graph alone
                    continue
                content = bytes(gpu_bytes(array, place.kind))
                files[group][key] = {"at": at, "bytes": len(content)}
                at += data.write(content + bytes(-len(content) % 4))
    (folder / f"checked{number}.json").write_text(lowered.to_json())
    return {"id": name, "file": f"checked{number}.json", "data": f"checked{number}.bin", **files}


def _feed(shape: Sequence[int]) -> np.ndarray:
    """Something like a picture, or a sound: blobs and a little noise."""
    rng = np.random.default_rng(0)
    if len(shape) == 4:
        y, x = np.mgrid[0 : shape[2], 0 : shape[3]] / shape[2]
        blob = np.exp(-((x - 0.5) ** 2 + (y - 0.45) ** 2) * 18)
        picture = np.stack([blob * weight + 0.15 * x for weight in (1.0, 0.8, 0.6)])[None] * 4 - 1.5
        return (picture + 0.1 * rng.standard_normal(shape)).astype(np.float32)
    t = np.arange(shape[1]) / 22050
    sound = 0.4 * np.sin(2 * np.pi * 220 * t) + 0.2 * np.sin(2 * np.pi * 554 * t)
    return (sound.reshape(shape) + 0.01 * rng.standard_normal(shape)).astype(np.float32)


def _onnx(
    folder: Path, name: str, input_name: str, shape: Sequence[int], outputs: list[str], large: bool
) -> dict[str, Any]:
    """The same model for onnxruntime-web: one input shape, only these outputs, constants folded."""
    import onnx
    import onnxruntime
    from onnx.utils import Extractor

    source = ROOT / "build" / "models" / "onnx" / f"{name}.onnx"
    if not source.exists():
        source = Cache().get(catalogue.find(name).source.pinned())
    model = onnx.load(source)
    for value in model.graph.input:
        if value.name == input_name:
            for dim, size in zip(value.type.tensor_type.shape.dim, shape, strict=True):
                dim.Clear()
                dim.dim_value = size
    initial = {item.name for item in model.graph.initializer}
    inputs = [value.name for value in model.graph.input if value.name not in initial]
    model = Extractor(model).extract_model(inputs, outputs)
    with tempfile.TemporaryDirectory() as scratch:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(Path(scratch, "folded.onnx"))
        onnx.save(model, Path(scratch, "cut.onnx"))
        onnxruntime.InferenceSession(str(Path(scratch, "cut.onnx")), options, providers=["CPUExecutionProvider"])
        model = onnx.load(options.optimized_model_filepath)
    entry: dict[str, Any] = {"onnx": f"{name}.onnx"}
    if large:
        entry["external"] = {"path": "weights.bin", "bytes": _strip(model)}
    (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    return entry


def _strip(model: Any) -> int:
    """Moves large weights to a file that does not exist; returns the bytes that it would have."""
    at = 0
    for tensor in model.graph.initializer:
        size = 4 * int(np.prod(tensor.dims))
        if tensor.data_type != 1 or size < 1024:
            continue
        tensor.ClearField("raw_data")
        tensor.ClearField("float_data")
        tensor.data_location = 1
        for key, value in (("location", "weights.bin"), ("offset", str(at)), ("length", str(size))):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value
        at += size
    return at


def run_here(folder: Path, page: str, software: bool, minutes: float = 15) -> dict[str, Any]:
    """Serves the folder to a headless Chromium and waits for what the page reports."""
    done = threading.Event()
    got: list[bytes] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}  # noqa: RUF012

        def end_headers(self) -> None:
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            super().end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()
            if self.path == "/__result":
                got.append(body)
                done.set()
            else:
                print(body.decode(), flush=True)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    flags = ["--enable-unsafe-webgpu", "--enable-webgpu-developer-features"]
    if software:
        flags.append("--use-webgpu-adapter=swiftshader")
    with tempfile.TemporaryDirectory() as profile:
        driver = start_chromium(Path(profile, "profile"), Path(profile), tuple(flags))
        try:
            driver.get(f"http://127.0.0.1:{server.server_port}/{page}")
            done.wait(minutes * 60)
        finally:
            driver.quit()
            server.shutdown()
    return json.loads(got[0]) if got else {"error": "the page did not report in time"}
