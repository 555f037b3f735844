// Runs inside the page itself: chooses a photo of `bench/plan.json` several times, notes when each state of the view
// arrives from the worker, and hands all of it over, to `__result` too where the server takes it. `?size=12 MP` says which.

/** @typedef {{at: number, id: string, state?: string, stages?: [string, number][], bytes?: number, preview?: boolean}} Note */

const notes = /** @type {Note[]} */ ([]);
const starts = /** @type {number[]} */ ([]);
const bench = { size: new URL(location.href).searchParams.get("size") ?? "", engine: "", starts, notes, done: false };
Object.assign(window, { hearthBench: bench });

const Plain = Worker;
window.Worker = class extends Plain {
  /** @param {[string | URL, WorkerOptions?]} given */
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      const at = performance.now();
      if (data.type === "view") {
        bench.engine = data.view.engine.key ?? bench.engine;
        for (const { id, state, stages } of data.view.photos) {
          notes.push({ at, id, state, stages: stages.map(({ title, fraction }) => [title.key, fraction]) });
        }
      } else if (data.type === "cutout") {
        notes.push({ at, id: data.id, bytes: data.file.size });
      } else if (data.type === "picture" && data.kind === "after") {
        notes.push({ at, id: data.id, preview: true });
      }
    });
  }
};

/** How photo `number` ended, once it has. @param {number} number */
function ended(number) {
  const id = [...new Set(notes.map((note) => note.id))][number];
  const last = notes.findLast((note) => note.id === id && note.state);
  return id && ["done", "failed", "stopped"].includes(last?.state ?? "") ? last?.state : undefined;
}

const pause = (/** @type {number} */ ms) => new Promise((after) => setTimeout(after, ms));

async function run() {
  const plan = await (await fetch("./bench/plan.json")).json();
  const photo = await (await fetch(`./bench/${plan.photos[bench.size]}`)).blob();
  const input = /** @type {HTMLInputElement} */ (document.querySelector("#file"));
  for (let number = 0; number < plan.runs; number++) {
    const chosen = new DataTransfer();
    chosen.items.add(new File([photo], `${number}.jpg`, { type: "image/jpeg" }));
    starts.push(performance.now());
    input.files = chosen.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    while (!ended(number)) await pause(50);
    if (ended(number) !== "done") break;
    await pause(1000);
  }
  bench.done = true;
  await fetch("./__result", { method: "POST", body: JSON.stringify(bench) }).catch(() => null);
}

addEventListener("load", () => setTimeout(run, 500));
