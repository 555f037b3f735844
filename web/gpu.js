/**
 * Owns everything on the GPU and plays what Python lowered: buffers, pipelines and bind groups by number.
 *
 * @typedef {{buffer: number, offset: number, bytes: number}} Range
 * @typedef {{shader: number, bindings: Range[], groups: [number, number, number], label: string, flops: number}} Dispatch
 * @typedef {{buffers: number[], temporary: number[], uniforms: number[], shaders: string[], setup: Dispatch[],
 *   dispatches: Dispatch[]}} Lowered
 * @typedef {{tiers: {limits: Record<string, number>, kernels: number[]}[], kernels: string[]}} Ahead
 * @typedef {{pipeline: GPUComputePipeline, group: GPUBindGroup, groups: [number, number, number]}} Call
 */

const LIMITS = /** @type {const} */ ([
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
]);
const OPENED_WITHIN_MS = 5000;
const HUNG_AFTER_MS = 60_000;
const COMPILED_WITHIN_MS = 300_000;
const UPLOAD_BYTES = 32 * 2 ** 20;
const PIPELINES_KEPT = 512;
const LANDING_BYTES = 16 * 2 ** 20; // of a picture for the screen

/**
 * The GPU of this browser, or null where WebGPU offers none that is worth using, or does not answer.
 * @param {boolean} [software] take adapters that run on the CPU too
 * @returns {Promise<Gpu | null>}
 */
export function openGpu(software = false) {
  const late = new Promise((resolve) => setTimeout(resolve, OPENED_WITHIN_MS, null));
  return Promise.race([requestGpu(software), late]).catch(() => null);
}

/** @param {boolean} software */
async function requestGpu(software) {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter || (!software && isSoftware(adapter))) return null;
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  /** @type {GPUFeatureName[]} */
  const wanted = ["timestamp-query", "shader-f16", "subgroups"];
  const requiredFeatures = wanted.filter((name) => adapter.features.has(name));
  const device = await adapter.requestDevice({ requiredLimits, requiredFeatures });
  return new Gpu(describe(adapter), device, isSoftware(adapter));
}

/** @param {GPUAdapter} adapter */
function isSoftware(adapter) {
  return adapter.info.isFallbackAdapter || /swiftshader|llvmpipe/i.test(describe(adapter));
}

/** @param {GPUAdapter} adapter */
function describe({ info }) {
  return info.description || [info.vendor, info.architecture, info.device].filter(Boolean).join(" ");
}

/** A device, and what went wrong with it. */
export class Gpu {
  /** @param {string} name @param {GPUDevice} device @param {boolean} [software] */
  constructor(name, device, software = false) {
    this.name = name;
    this.software = software;
    this.device = device;
    /** @type {string} */
    this.failure = "";
    /** @type {Promise<never>} */
    this.failed = new Promise((_, reject) => {
      const fail = (/** @type {string} */ reason) => {
        this.failure ||= reason;
        reject(new Error(this.failure));
      };
      device.lost.then((info) => fail(`the device was lost: ${info.message || info.reason}`));
      device.addEventListener("uncapturederror", (event) => fail(event.error.message));
    });
    this.failed.catch(() => {}); // whoever waits hears of it
    /** @type {Map<string, Promise<GPUComputePipeline>>} by source; the ones unused for longest go first */
    this.pipelines = new Map();
    /** @type {GPUBuffer | null} */
    this.landing = null;
  }

  /** A kernel compiled, or on its way; the same source is compiled once. @param {string} code */
  pipeline(code) {
    const { device, pipelines } = this;
    const made =
      pipelines.get(code) ??
      device.createComputePipelineAsync({ layout: "auto", compute: { module: device.createShaderModule({ code }) } });
    pipelines.delete(code);
    pipelines.set(code, made);
    for (const oldest of pipelines.keys()) {
      if (pipelines.size <= PIPELINES_KEPT) break;
      pipelines.delete(oldest);
    }
    return made;
  }

  /**
   * Starts to compile kernels that players will want: those of the first tier that the device reaches.
   * @param {Ahead} ahead
   */
  begin({ tiers, kernels }) {
    /** @type {any} */
    const { limits } = this.device;
    const tier = tiers.find((tier) => Object.entries(tier.limits).every(([name, least]) => limits[name] >= least));
    for (const number of tier?.kernels ?? []) this.pipeline(kernels[number]).catch(() => {}); // a player hears of it
  }

  /** What the device offers, as JSON. */
  get limits() {
    return JSON.stringify(Object.fromEntries(LIMITS.map((name) => [name, this.device.limits[name]])));
  }

  /** The optional features that the device has, as JSON. */
  get features() {
    return JSON.stringify([...this.device.features]);
  }

  /** A buffer for a value that stays between runs. @param {number} bytes */
  room(bytes) {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    return this.device.createBuffer({ size: Math.max(bytes, 16), usage });
  }

  /** @param {GPUBuffer} buffer @param {Uint8Array<ArrayBuffer>} bytes */
  put(buffer, bytes) {
    this.device.queue.writeBuffer(buffer, 0, bytes);
  }

  /** The first bytes of a buffer. @param {GPUBuffer} buffer @param {number} bytes */
  async fetch(buffer, bytes) {
    const landing = this.device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    this.copy(buffer, 0, landing, 0, bytes);
    await this.within(landing.mapAsync(GPUMapMode.READ));
    const result = new Uint8Array(landing.getMappedRange()).slice();
    landing.destroy();
    return result;
  }

  /** A buffer for what comes back, one's own until it is kept: a run that nobody waits for any more may not be over. @param {number} bytes */
  takeLanding(bytes) {
    const kept = this.landing;
    if (kept && kept.size >= bytes) {
      this.landing = null;
      return kept;
    }
    return this.device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  }

  /** Keeps a buffer for later results: the largest that is not too large. @param {GPUBuffer} landing */
  keepLanding(landing) {
    if (landing.size > LANDING_BYTES || landing.size < (this.landing?.size ?? 0)) {
      landing.destroy();
      return;
    }
    this.landing?.destroy();
    this.landing = landing;
  }

  /** @param {GPUBuffer} source @param {number} start @param {GPUBuffer} target @param {number} at @param {number} bytes */
  copy(source, start, target, at, bytes) {
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, start, target, at, bytes);
    this.device.queue.submit([encoder.finish()]);
  }

  /** @param {string} lowered as JSON */
  player(lowered) {
    return new Player(this, JSON.parse(lowered));
  }

  /**
   * The promise's value, unless the device fails first or does not answer in time.
   * @template T
   * @param {Promise<T>} promise
   * @param {number} [milliseconds]
   * @returns {Promise<T>}
   */
  async within(promise, milliseconds = HUNG_AFTER_MS) {
    if (this.failure) throw new Error(this.failure);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const hung = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("the GPU does not answer")), milliseconds);
    });
    try {
      return /** @type {T} */ (await Promise.race([promise, this.failed, hung]));
    } finally {
      clearTimeout(timer);
    }
  }
}

/** One lowered plan on a device. Its pipelines are compiled at once, while the weights may still be on their way. */
export class Player {
  /** @param {Gpu} gpu @param {Lowered} lowered */
  constructor(gpu, lowered) {
    this.gpu = gpu;
    this.lowered = lowered;
    const { device } = gpu;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    this.buffers = lowered.buffers.map((size) => device.createBuffer({ size: Math.max(size, 16), usage }));
    device.queue.writeBuffer(this.buffers[this.buffers.length - 1], 0, new Int32Array(lowered.uniforms));
    this.pipelines = Promise.all(lowered.shaders.map((code) => gpu.pipeline(code)));
    this.pipelines.catch(() => {}); // `prepare` hears of it
    /** @type {Call[]} */
    this.calls = [];
    /** @type {Promise<void> | null} */
    this.prepared = null;
  }

  /** @param {number} buffer @param {number} offset @param {Uint8Array} bytes */
  write(buffer, offset, bytes) {
    for (let at = 0; at < bytes.byteLength; at += UPLOAD_BYTES) {
      const size = Math.min(UPLOAD_BYTES, bytes.byteLength - at);
      this.gpu.device.queue.writeBuffer(this.buffers[buffer], offset + at, bytes.buffer, bytes.byteOffset + at, size);
    }
  }

  /**
   * Copies the start of a buffer to where a value lies.
   * @param {number} number @param {number} offset @param {GPUBuffer} buffer @param {number} bytes
   */
  load(number, offset, buffer, bytes) {
    this.gpu.copy(buffer, 0, this.buffers[number], offset, bytes);
  }

  /**
   * Copies a value to the start of a buffer.
   * @param {number} number @param {number} offset @param {GPUBuffer} buffer @param {number} bytes
   */
  save(number, offset, buffer, bytes) {
    this.gpu.copy(this.buffers[number], offset, buffer, 0, bytes);
  }

  /** Lets dispatches [first, last) run, and does not wait for them. @param {number} first @param {number} last */
  submit(first, last) {
    if (this.gpu.failure) throw new Error(this.gpu.failure);
    const encoder = this.gpu.device.createCommandEncoder();
    encodePass(encoder, this.calls.slice(first, last));
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  /** Waits for the pipelines and packs the weights, which must be written by then; once, whoever asks. */
  prepare() {
    this.prepared ??= this.#prepare();
    return this.prepared;
  }

  async #prepare() {
    const pipelines = await this.gpu.within(this.pipelines, COMPILED_WITHIN_MS);
    /** @type {Map<string, Call>} programs repeat kernels over the same buffers */
    const known = new Map();
    const bound = (/** @type {Dispatch} */ dispatch) => {
      const key = JSON.stringify([dispatch.shader, dispatch.bindings]);
      const call = known.get(key) ?? this.#bound(dispatch, pipelines);
      known.set(key, call);
      return call;
    };
    this.calls = this.lowered.dispatches.map(bound);
    const setup = this.lowered.setup.map(bound);
    if (setup.length) {
      const encoder = this.gpu.device.createCommandEncoder();
      encodePass(encoder, setup);
      this.gpu.device.queue.submit([encoder.finish()]);
    }
    for (const number of this.lowered.temporary) this.buffers[number].destroy();
  }

  /** @param {Dispatch} dispatch @param {GPUComputePipeline[]} pipelines @returns {Call} */
  #bound({ shader, bindings, groups }, pipelines) {
    const pipeline = pipelines[shader];
    const entries = bindings.map(({ buffer, offset, bytes }, binding) => ({
      binding,
      resource: { buffer: this.buffers[buffer], offset, size: bytes },
    }));
    const group = this.gpu.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    return { pipeline, group, groups };
  }

  /**
   * Runs dispatches [first, last) and brings back ranges of buffers, one after the other.
   * @param {number} first @param {number} last
   * @param {string} reads ranges as JSON
   */
  async play(first, last, reads) {
    const { device } = this.gpu;
    /** @type {Range[]} */
    const ranges = JSON.parse(reads);
    const total = ranges.reduce((sum, { bytes }) => sum + bytes, 0);
    const encoder = device.createCommandEncoder();
    encodePass(encoder, this.calls.slice(first, last));
    if (!total) {
      device.queue.submit([encoder.finish()]);
      return new Uint8Array();
    }
    const landing = this.gpu.takeLanding(total);
    let at = 0;
    for (const { buffer, offset, bytes } of ranges) {
      encoder.copyBufferToBuffer(this.buffers[buffer], offset, landing, at, bytes);
      at += bytes;
    }
    device.queue.submit([encoder.finish()]);
    await this.gpu.within(landing.mapAsync(GPUMapMode.READ, 0, total));
    const result = new Uint8Array(landing.getMappedRange(0, total)).slice();
    landing.unmap();
    this.gpu.keepLanding(landing);
    return result;
  }

  /**
   * Milliseconds that all dispatches take, the mean of some runs on what lies there: the GPU's own time where it tells.
   * @param {number} runs
   */
  async time(runs) {
    const { device } = this.gpu;
    const told = device.features.has("timestamp-query");
    const queries = told ? device.createQuerySet({ type: "timestamp", count: 2 }) : null;
    const encoder = device.createCommandEncoder();
    for (let run = 0; run < runs; run++) {
      /** @type {GPUComputePassTimestampWrites | undefined} */
      const timestampWrites = queries && (run === 0 || run === runs - 1) ? { querySet: queries } : undefined;
      if (timestampWrites && run === 0) timestampWrites.beginningOfPassWriteIndex = 0;
      if (timestampWrites && run === runs - 1) timestampWrites.endOfPassWriteIndex = 1;
      encodePass(encoder, this.calls, { timestampWrites });
    }
    if (!queries) {
      const start = performance.now();
      device.queue.submit([encoder.finish()]);
      await this.gpu.within(device.queue.onSubmittedWorkDone());
      return (performance.now() - start) / runs;
    }
    const resolved = device.createBuffer({ size: 16, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    encoder.resolveQuerySet(queries, 0, 2, resolved, 0);
    device.queue.submit([encoder.finish()]);
    try {
      const [start, end] = new BigUint64Array((await this.gpu.fetch(resolved, 16)).buffer);
      return Number(end - start) / 1e6 / runs;
    } finally {
      queries.destroy();
      resolved.destroy();
    }
  }

  /**
   * Microseconds of each dispatch, the best of some runs, each dispatch in a pass of its own.
   * @param {number} [runs]
   */
  async profile(runs = 3) {
    const { device } = this.gpu;
    const count = this.calls.length;
    const best = new Array(count).fill(Infinity);
    const queries = device.createQuerySet({ type: "timestamp", count: 2 * count });
    const size = 16 * count;
    const resolved = device.createBuffer({ size, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    const landing = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    for (let run = 0; run < runs; run++) {
      const encoder = device.createCommandEncoder();
      this.calls.forEach((call, i) => {
        const timestampWrites = { querySet: queries, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
        encodePass(encoder, [call], { timestampWrites });
      });
      encoder.resolveQuerySet(queries, 0, 2 * count, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, landing, 0, size);
      device.queue.submit([encoder.finish()]);
      await this.gpu.within(landing.mapAsync(GPUMapMode.READ));
      const times = new BigUint64Array(landing.getMappedRange());
      for (let i = 0; i < count; i++) best[i] = Math.min(best[i], Number(times[2 * i + 1] - times[2 * i]) / 1000);
      landing.unmap();
    }
    for (const item of [queries, resolved, landing]) item.destroy();
    return best;
  }

  /** Frees everything. */
  destroy() {
    for (const buffer of this.buffers) buffer.destroy();
    this.calls = [];
  }
}

/** @param {GPUCommandEncoder} encoder @param {Call[]} calls @param {GPUComputePassDescriptor} [how] */
function encodePass(encoder, calls, how = {}) {
  const pass = encoder.beginComputePass(how);
  for (const { pipeline, group, groups } of calls) {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...groups);
  }
  pass.end();
}
