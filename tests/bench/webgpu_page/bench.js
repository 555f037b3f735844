/**
 * Times lowered plans against onnxruntime-web on this browser's GPU. What to do is in `bench.json`, made by `webgpu.py`.
 * Lines and the result go to `/__log` and `/__result` of the server where it takes them, and onto the page.
 */
import { openGpu } from "./gpu.js";

const RUNS = 30; // between two waits
const ROUNDS = 6;
const FILL = 0.02; // weights that did not travel are random within ±FILL

const say = async (line) => {
  document.querySelector("#log").append(`${typeof line === "string" ? line : JSON.stringify(line)}\n`);
  await fetch("/__log", { method: "POST", body: JSON.stringify(line) }).catch(() => {});
};
const median = (times) => [...times].sort((a, b) => a - b)[times.length >> 1];
const rounded = (ms) => Math.round(ms * 1000) / 1000;
const binary = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());

const singles = new Float32Array(1 << 20).map(() => (Math.random() - 0.5) * 2 * FILL);
// Halves between 2^-7 and 2^-6, of either sign.
const halves = new Uint16Array(1 << 21).map(() => (Math.random() < 0.5 ? 0x8000 : 0) | 0x2000 | (Math.random() * 1024));

function random(bytes, half) {
  const source = new Uint8Array((half ? halves : singles).buffer);
  const result = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += source.length) result.set(source.subarray(0, Math.min(source.length, bytes - at)), at);
  return result;
}

async function timed(submit, wait, run) {
  const until = performance.now() + 300; // the card raises its clocks
  while (performance.now() < until) await run();
  const throughput = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let i = 0; i < RUNS; i++) await submit();
    await wait();
    throughput.push((performance.now() - start) / RUNS);
  }
  const latency = [];
  for (let i = 0; i < 20; i++) {
    const start = performance.now();
    await run();
    latency.push(performance.now() - start);
  }
  return { throughput_ms: rounded(median(throughput)), best_ms: rounded(Math.min(...throughput)), latency_ms: rounded(median(latency)) };
}

/** A plan's first run, from nothing: buffers, pipelines, weights, then the run itself. */
async function open(gpu, model, plan) {
  const lowered = await (await fetch(plan.file)).json();
  const weights = model.weights && (await binary(model.weights));
  const constants = Object.entries(lowered.constants).map(([name, { range, kind }]) => {
    const place = model.constants[name];
    return { range, data: weights ? weights.subarray(place.at, place.at + place.bytes) : random(place.bytes, kind === "f16") };
  });
  const feed = await binary(model.feed);
  const start = performance.now();
  const since = () => rounded(performance.now() - start);
  const player = gpu.player(JSON.stringify(lowered));
  for (const { range, data } of constants) player.write(range.buffer, range.offset, data);
  const uploaded_ms = since();
  await player.prepare();
  await gpu.device.queue.onSubmittedWorkDone();
  const prepared_ms = since();
  const { first, last } = lowered.segments[0];
  const reads = Object.keys(model.outputs).map((name) => lowered.values[name].range);
  const input = lowered.values[model.input].range;
  player.write(input.buffer, input.offset, feed);
  const run = () => player.play(first, last, JSON.stringify(reads));
  const raw = await run();
  return { lowered, player, run, raw, first, last, result: { first_ms: since(), uploaded_ms, prepared_ms } };
}

async function ours(gpu, model, plan) {
  const { lowered, player, run, raw, first, last, result } = await open(gpu, model, plan);
  Object.assign(result, { dispatches: lowered.dispatches.length, shaders: lowered.shaders.length });
  let at = 0;
  for (const [name, file] of Object.entries(model.outputs)) {
    const { bytes } = lowered.values[name].range;
    const values = new Float32Array(raw.slice(at, at + bytes).buffer);
    at += bytes;
    if (file) result[`difference ${name}`] = difference(values, new Float32Array((await binary(file)).buffer));
    else if (!values.every(Number.isFinite)) result.nan = true;
  }
  Object.assign(result, await timed(() => player.play(first, last, "[]"), () => gpu.device.queue.onSubmittedWorkDone(), run));
  if (gpu.device.features.has("timestamp-query")) {
    const times = await player.profile(8);
    result.kernels = lowered.dispatches.map(({ label, flops }, i) => [label, rounded(times[i]), flops]);
    result.tflops = rounded(lowered.dispatches.reduce((sum, { flops }) => sum + flops, 0) / result.throughput_ms / 1e9);
  }
  player.destroy();
  return result;
}

function difference(a, b) {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
  return Number.isNaN(a[0]) ? NaN : most;
}

/** A network on what numpy was given: the largest difference to its results and the mean, as parts of the largest of those. */
async function checked(gpu, net) {
  const lowered = await (await fetch(net.file)).json();
  const data = await binary(net.data);
  const part = ({ at, bytes }) => data.subarray(at, at + bytes);
  const player = gpu.player(JSON.stringify(lowered));
  for (const [name, { range }] of Object.entries(lowered.constants)) player.write(range.buffer, range.offset, part(net.constants[name]));
  await player.prepare();
  const reads = JSON.stringify(Object.keys(net.outputs).map((name) => lowered.values[name].range));
  const run = () => player.play(0, lowered.dispatches.length, reads);
  let most = 0;
  let mean = 0;
  for (let turn = 0; turn < 2; turn++) {
    for (const [name, place] of Object.entries(net.feeds)) {
      const { buffer, offset } = lowered.values[name].range;
      player.write(buffer, offset, part(place)); // anew: what is read no more makes room for other values
    }
    const raw = await run();
    let at = 0;
    for (const [name, place] of Object.entries(net.outputs)) {
      const kind = lowered.values[name].kind === "i32" ? Int32Array : Float32Array;
      const expected = new kind(part(place).slice().buffer);
      const scale = expected.reduce((high, value) => Math.max(high, Math.abs(value)), 1);
      const found = new kind(raw.slice(at, at + place.bytes).buffer);
      most = Math.max(most, difference(found, expected) / scale);
      mean = Math.max(mean, found.reduce((sum, value, i) => sum + Math.abs(value - expected[i]), 0) / found.length / scale);
      at += place.bytes;
    }
  }
  const times = await timed(() => player.play(0, lowered.dispatches.length, "[]"), () => gpu.device.queue.onSubmittedWorkDone(), run);
  player.destroy();
  return { difference: most, mean, dispatches: lowered.dispatches.length, ...times };
}

/** Three thousand runs with their results read back, and when each thousand began and ended. */
async function thousands({ models, software }, id) {
  const gpu = await openGpu(software);
  const model = models.find((model) => model.id === id);
  const { run, player } = await open(gpu, model, model.plans[0]);
  const marks = [];
  const rest = async (name) => {
    await new Promise((after) => setTimeout(after, 1500));
    marks.push([name, Date.now()]);
    await say(["leak", name, Date.now()]);
    await new Promise((after) => setTimeout(after, 1500));
  };
  for (let i = 0; i < 100; i++) await run();
  await rest("warm");
  for (let thousand = 1; thousand <= 3; thousand++) {
    for (let i = 0; i < 1000; i++) await run();
    await rest(`${thousand}000 runs`);
  }
  player.destroy();
  await rest("destroyed");
  return { marks };
}

async function loadYardstick() {
  const ort = await import("./ort/ort.webgpu.bundle.min.mjs");
  ort.env.wasm.wasmPaths = { wasm: new URL("./ort/ort-wasm-simd-threaded.asyncify.wasm", location.href).href };
  ort.env.logLevel = "error";
  return ort;
}

/** onnxruntime-web's first run, from nothing but its own module: session, weights, then the run itself. */
async function openYardstick(ort, model, capture) {
  const external = model.external && random(model.external.bytes, false);
  const file = await binary(model.onnx);
  const data = new Float32Array((await binary(model.feed)).buffer);
  const start = performance.now();
  const options = { executionProviders: ["webgpu"], graphOptimizationLevel: "all", enableGraphCapture: capture };
  if (model.external) options.externalData = [{ path: model.external.path, data: external }];
  const outputs = Object.keys(model.outputs);
  if (capture) options.preferredOutputLocation = Object.fromEntries(outputs.map((name) => [name, "gpu-buffer"]));
  const session = await ort.InferenceSession.create(file, options);
  const device = await ort.env.webgpu.device;
  let feeds = { [model.input]: new ort.Tensor("float32", data, model.shape) };
  if (capture) {
    const buffer = device.createBuffer({ size: Math.ceil(data.byteLength / 16) * 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(buffer, 0, data);
    feeds = { [model.input]: ort.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims: model.shape }) };
  }
  const run = async () => {
    const result = await session.run(feeds);
    if (capture) await Promise.all(Object.values(result).map((tensor) => tensor.getData()));
    return result;
  };
  const outcome = await run();
  return { session, device, feeds, run, outcome, result: { first_ms: rounded(performance.now() - start) } };
}

async function theirs(ort, model, capture) {
  const { session, device, feeds, run, outcome, result } = await openYardstick(ort, model, capture);
  if (!capture) {
    for (const [name, file] of Object.entries(model.outputs))
      if (file) result[`difference ${name}`] = difference(outcome[name].data, new Float32Array((await binary(file)).buffer));
  }
  Object.assign(result, await timed(() => session.run(feeds), () => device.queue.onSubmittedWorkDone(), run));
  await session.release();
  return result;
}

/**
 * The first run of one model in this visit of the browser, and once more after a reload, when the browser has the
 * shaders in its cache. The yardstick's WebAssembly is compiled before: it is what Python is to us.
 */
async function firstRuns({ models, software }, id, by) {
  const model = models.find((model) => model.id === id);
  let ms;
  if (by === "hearth") {
    const gpu = await openGpu(software);
    ({ result: { first_ms: ms } } = await open(gpu, model, model.plans[0]));
  } else {
    const ort = await loadYardstick();
    await ort.InferenceSession.create(await binary("nothing.onnx"), { executionProviders: ["wasm"] });
    ({ result: { first_ms: ms } } = await openYardstick(ort, model, false));
  }
  const before = sessionStorage.getItem("cold");
  if (before === null) {
    sessionStorage.setItem("cold", ms);
    await say([id, by, "cold", ms]);
    setTimeout(() => location.reload(), 2000); // the cache is written meanwhile
    return null;
  }
  return { models: { [id]: { [by]: { cold_ms: Number(before), again_ms: ms } } } };
}

/** A photo's edges refined, its pixels up and alpha down each time. */
async function refinement(gpu, { file, size }) {
  const lowered = await (await fetch(file)).json();
  const start = performance.now();
  const player = gpu.player(JSON.stringify(lowered));
  await player.prepare();
  const prepared_ms = rounded(performance.now() - start);
  const given = lowered.segments[0].uploads.map((name) => lowered.values[name].range);
  const pixels = random(Math.max(...given.map(({ bytes }) => bytes)), false);
  const reads = JSON.stringify(lowered.segments[0].downloads.map((name) => lowered.values[name].range));
  const upload = () => given.forEach(({ buffer, offset, bytes }) => player.write(buffer, offset, pixels.subarray(0, bytes)));
  const times = { whole_ms: [], kernels_ms: [], up_ms: [] };
  for (let i = 0; i < 8; i++) {
    let at = performance.now();
    upload();
    await player.play(0, lowered.dispatches.length, reads);
    times.whole_ms.push(performance.now() - at);
    at = performance.now();
    await player.play(0, lowered.dispatches.length, "[]");
    await gpu.device.queue.onSubmittedWorkDone();
    times.kernels_ms.push(performance.now() - at);
    at = performance.now();
    upload();
    await gpu.device.queue.onSubmittedWorkDone();
    times.up_ms.push(performance.now() - at);
  }
  player.destroy();
  const medians = Object.fromEntries(Object.entries(times).map(([name, values]) => [name, rounded(median(values))]));
  return { size, prepared_ms, ...medians };
}

async function main() {
  const bench = await (await fetch("./bench.json")).json();
  const query = new URLSearchParams(location.search);
  if (query.has("cold")) return firstRuns(bench, query.get("cold"), query.get("by"));
  if (query.has("leak")) return thousands(bench, query.get("leak"));
  const { models, yardstick, software, refined } = bench;
  const gpu = await openGpu(software);
  if (!gpu) throw new Error("no GPU");
  const result = { adapter: gpu.name, browser: navigator.userAgent, models: {} };
  await say(gpu.name);
  for (const model of models) {
    const rows = (result.models[model.id] = {});
    for (const plan of model.plans) {
      if (plan.halves && !gpu.device.features.has("shader-f16")) continue;
      rows[plan.name] = await ours(gpu, model, plan).catch((error) => ({ error: String(error) }));
      await say([model.id, plan.name, { ...rows[plan.name], kernels: undefined }]);
    }
  }
  result.checked = {};
  for (const net of bench.checked) {
    result.checked[net.id] = await checked(gpu, net).catch((error) => ({ error: String(error) }));
    await say([net.id, result.checked[net.id]]);
  }
  result.refined = await refinement(gpu, refined).catch((error) => ({ error: String(error) }));
  await say(result.refined);
  if (yardstick) {
    const ort = await loadYardstick();
    for (const model of models) {
      if (!model.onnx) continue;
      for (const capture of [false, true]) {
        const name = `onnxruntime-web${capture ? ", graph capture" : ""}`;
        const row = await theirs(ort, model, capture).catch((error) => ({ error: String(error).slice(0, 300) }));
        result.models[model.id][name] = row;
        await say([model.id, name, row]);
      }
    }
  }
  return result;
}

const result = await main().catch((error) => ({ error: `${error} ${error.stack}` }));
if (result) {
  await say(result.error ?? "done");
  await fetch("/__result", { method: "POST", body: JSON.stringify(result) }).catch(() => {});
}
