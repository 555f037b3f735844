/**
 * Owns the threads that play kernel programs over one shared memory. Python says what lies where and what is played;
 * here is only what it cannot do itself: starting workers, growing shared memory, copying in and out of it.
 *
 * @typedef {{
 *   play(steps: number, starts: number, arena: number, first: number, end: number, scratch: number): void,
 *   team_play(team: number, steps: number, starts: number, worth: number, arena: number, first: number, end: number,
 *             scratch: number, stride: number, threads: number): number,
 *   team_size(): number,
 *   team_dismiss(team: number): void,
 *   rehearsal_size(): number,
 *   step_scratch(step: number): number,
 *   vector_width(): number,
 *   __heap_base: WebAssembly.Global,
 * }} Kernels
 */

const PAGE = 65536;
const STACK = 65536;
const LINE = 64;
const MOST_PAGES = [65536, 32768, 16384, 8192];

/** Threads with their memory. The thread that makes it leads and works along. */
export class Pool {
  /**
   * @param {Uint8Array<ArrayBuffer>} code the kernels, built for shared memory
   * @param {number} threads how many work, the leader counted
   * @param {() => Uint8Array} heap the memory that Python's pointers point into
   * @param {string | URL} [worker] where the workers' script is
   */
  constructor(code, threads, heap, worker = new URL("./pool-worker.js", import.meta.url)) {
    this.heap = heap;
    this.worker = worker;
    this.module = new WebAssembly.Module(code);
    this.memory = shareable();
    this.kernels = /** @type {Kernels} */ (
      /** @type {unknown} */ (new WebAssembly.Instance(this.module, { env: { memory: this.memory } }).exports)
    );
    this.free = [{ at: roundUp(this.kernels.__heap_base.value), end: this.memory.buffer.byteLength }];
    /** @type {Map<number, number>} */
    this.taken = new Map();
    this.team = this.zeroed(this.kernels.team_size());
    this.room = this.zeroed(this.kernels.rehearsal_size());
    this.threads = threads;
    /** @type {Worker[]} */
    this.workers = [];
    for (let member = 1; member < threads; member++) this.start(member);
  }

  /** @param {number} member @param {number} [stack] where its stack ends */
  start(member, stack = this.alloc(STACK) + STACK) {
    const worker = new Worker(this.worker, { type: "module" });
    // The leader notices by itself when one is missing.
    worker.addEventListener("error", (event) => event.preventDefault());
    const room = member === 1 ? this.room : 0;
    worker.postMessage({ module: this.module, memory: this.memory, team: this.team, member, stack, room });
    this.workers.push(worker);
  }

  /** Room for some bytes, on a cache line; 0 where there is none left. @param {number} bytes */
  alloc(bytes) {
    const size = roundUp(bytes);
    let gap = this.free.find(({ at, end }) => end - at >= size);
    if (!gap) {
      const end = this.memory.buffer.byteLength;
      const last = this.free.find((item) => item.end === end);
      const missing = size - (last ? end - last.at : 0);
      try {
        this.memory.grow(Math.ceil(missing / PAGE));
      } catch (error) {
        if (error instanceof RangeError) return 0;
        throw error;
      }
      gap = last ?? { at: end, end };
      if (!last) this.free.push(gap);
      gap.end = this.memory.buffer.byteLength;
    }
    const at = gap.at;
    gap.at += size;
    this.taken.set(at, size);
    return at;
  }

  /** Room that holds zeros. @param {number} bytes */
  zeroed(bytes) {
    const at = this.alloc(bytes);
    new Uint8Array(this.memory.buffer).fill(0, at, at + bytes);
    return at;
  }

  /** Gives room back. @param {number} at */
  release(at) {
    this.free.push({ at, end: at + (this.taken.get(at) ?? 0) });
    this.taken.delete(at);
    this.free.sort((a, b) => a.at - b.at);
    this.free = this.free.reduce((/** @type {{at: number, end: number}[]} */ merged, gap) => {
      const before = merged.at(-1);
      if (before?.end === gap.at) before.end = gap.end;
      else merged.push(gap);
      return merged;
    }, []);
  }

  /** From Python's memory to the shared one. @param {number} at @param {number} pointer @param {number} bytes */
  write(at, pointer, bytes) {
    new Uint8Array(this.memory.buffer, at, bytes).set(this.heap().subarray(pointer, pointer + bytes));
  }

  /** From the shared memory to Python's. @param {number} at @param {number} pointer @param {number} bytes */
  read(at, pointer, bytes) {
    this.heap().set(new Uint8Array(this.memory.buffer, at, bytes), pointer);
  }

  /** Floats of scratch that the step at an address wants. @param {number} step */
  scratch(step) {
    return this.kernels.step_scratch(step);
  }

  /**
   * Plays steps [first, end). False where a worker went missing: what was played is spoilt, and from then on the
   * leader works alone.
   * @param {number} steps @param {number} starts @param {number} worth which steps are worth sharing
   * @param {number} arena @param {number} first @param {number} end
   * @param {number} scratch @param {number} stride floats from one thread's scratch to the next one's
   */
  play(steps, starts, worth, arena, first, end, scratch, stride) {
    if (this.threads === 1) {
      this.kernels.play(steps, starts, arena, first, end, scratch);
      return true;
    }
    const { kernels, team, threads } = this;
    if (!kernels.team_play(team, steps, starts, worth, arena, first, end, scratch, stride, threads)) return true;
    this.close();
    return false;
  }

  /** Sends the workers away. */
  close() {
    this.kernels.team_dismiss(this.team);
    for (const worker of this.workers.splice(0)) worker.terminate();
    this.threads = 1;
  }
}

/** @param {number} bytes */
function roundUp(bytes) {
  return Math.ceil(bytes / LINE) * LINE;
}

/** Shared memory that may grow as far as this browser lets it. */
function shareable() {
  for (const maximum of MOST_PAGES) {
    try {
      return new WebAssembly.Memory({ initial: 64, maximum, shared: true });
    } catch (error) {
      if (!(error instanceof RangeError) || maximum === MOST_PAGES.at(-1)) throw error;
    }
  }
  throw new RangeError("no shared memory");
}
