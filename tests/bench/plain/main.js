/**
 * What a page does that uses onnxruntime-web as its documentation says, and canvas for the rest: a photo in, a PNG out.
 * `?threads=N` threads; `window.cutout(bytes)` resolves with the milliseconds it took and the PNG's size.
 */

import * as ort from "./ort/ort.wasm.min.mjs";

const SIZE = 320;
const MEAN = [0.485, 0.456, 0.406];
const SCALE = [0.229, 0.224, 0.225];

ort.env.wasm.numThreads = Number(new URLSearchParams(location.search).get("threads"));
ort.env.wasm.wasmPaths = new URL("./ort/", import.meta.url).href;
const session = ort.InferenceSession.create(new URL("./model.onnx", import.meta.url).href, { executionProviders: ["wasm"] });

function feedOf(bitmap) {
  const context = new OffscreenCanvas(SIZE, SIZE).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, SIZE, SIZE);
  const { data } = context.getImageData(0, 0, SIZE, SIZE);
  const feed = new Float32Array(3 * SIZE * SIZE);
  let most = 1;
  for (let i = 0; i < data.length; i++) if (i % 4 < 3 && data[i] > most) most = data[i];
  for (let i = 0; i < SIZE * SIZE; i++) {
    for (let c = 0; c < 3; c++) feed[c * SIZE * SIZE + i] = (data[4 * i + c] / most - MEAN[c]) / SCALE[c];
  }
  return new ort.Tensor("float32", feed, [1, 3, SIZE, SIZE]);
}

function maskOf(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const image = new ImageData(SIZE, SIZE);
  values.forEach((value, i) => (image.data[4 * i + 3] = Math.round((255 * (value - low)) / (high - low))));
  const canvas = new OffscreenCanvas(SIZE, SIZE);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

window.cutout = async (bytes) => {
  const start = performance.now();
  const bitmap = await createImageBitmap(new Blob([bytes]));
  const ready = await session;
  const outputs = await ready.run({ [ready.inputNames[0]]: feedOf(bitmap) });
  const mask = maskOf(outputs[ready.outputNames[0]].data);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  context.globalCompositeOperation = "destination-in";
  context.imageSmoothingQuality = "high";
  context.drawImage(mask, 0, 0, bitmap.width, bitmap.height);
  const png = await canvas.convertToBlob({ type: "image/png" });
  return { ms: performance.now() - start, at: performance.now(), bytes: png.size };
};
