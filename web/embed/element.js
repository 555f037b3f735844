/**
 * `<hearth-cutout>`: a place to drop a photo, which becomes its cutout there.
 *
 * Attributes: `model`, `src` (a photo to begin with), `format`, `quality` and `type` as in `Options.output`. Events: `progress` with
 * `{key, current, total}`, `done` with `{blob, url}`, `error` with `{error}` as their detail. A slot `result` may hold what
 * to show instead of the cutout. Parts to style: `drop`, `label`, `progress`, `error`, `result`.
 */

import { say } from "../shell/words.js";

const STYLE = `
  :host { display: grid; justify-items: start; gap: 12px; font: 1rem/1.5 system-ui, sans-serif; }
  :host([hidden]) { display: none; }
  [part=drop] { position: relative; display: grid; place-content: center; justify-items: center; gap: 8px; width: 100%;
    box-sizing: border-box; min-height: 200px; padding: 20px; border: 2px dashed color-mix(in srgb, currentcolor 55%, transparent);
    border-radius: 16px; text-align: center; cursor: pointer; }
  [part=drop]:hover, [part=drop].over { background: color-mix(in srgb, currentcolor 6%, transparent); }
  [part=error] { margin: 0; }
  [part=error]::before { content: "⚠ " / ""; }
  [part=drop]:focus-within, [part=drop].over { outline: 3px solid currentcolor; outline-offset: 3px; }
  input { position: absolute; width: 1px; height: 1px; opacity: 0; }
  progress { width: min(280px, 80%); }
  img { max-width: 100%; border-radius: 8px; background: repeating-conic-gradient(#ddd 0 25%, #fff 0 50%) 0 0 / 20px 20px; }
  [hidden] { display: none !important; }
`;

/** @typedef {(source: import("./source.js").Source, options: import("../hearth.js").Options) => Promise<Blob>} RemoveBackground */

/** @param {RemoveBackground} removeBackground  @returns {CustomElementConstructor} */
export function elementFor(removeBackground) {
  return class HearthCutout extends HTMLElement {
    static observedAttributes = ["src"];
    #root = this.attachShadow({ mode: "open" });
    #label = part("span", "label");
    #input = document.createElement("input");
    #progress = /** @type {HTMLProgressElement} */ (part("progress", "progress"));
    #error = part("p", "error");
    #image = /** @type {HTMLImageElement} */ (part("img", "result"));
    #running = new AbortController();
    #url = "";

    constructor() {
      super();
      const sheet = new CSSStyleSheet(); // no style element: a strict policy may forbid those
      sheet.replaceSync(STYLE);
      this.#root.adoptedStyleSheets = [sheet];
      this.#input.type = "file";
      this.#input.accept = "image/*";
      this.#label.textContent = say("embed.drop");
      this.#progress.max = 1;
      this.#progress.ariaLabel = say("work.progress");
      this.#error.role = "alert";
      this.#image.alt = say("embed.result");
      const drop = part("label", "drop");
      drop.append(this.#label, this.#input, this.#progress, this.#error);
      const slot = document.createElement("slot");
      slot.name = "result";
      slot.append(this.#image);
      this.#root.append(drop, slot);
      this.#progress.hidden = this.#error.hidden = this.#image.hidden = true;
      this.#input.addEventListener("change", () => {
        if (this.#input.files?.length) this.cut(this.#input.files[0]);
        this.#input.value = "";
      });
      for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
        drop.addEventListener(kind, (event) => {
          event.preventDefault();
          drop.classList.toggle("over", kind === "dragenter" || kind === "dragover");
        });
      }
      drop.addEventListener("drop", (event) => {
        if (event.dataTransfer?.files.length) this.cut(event.dataTransfer.files[0]);
      });
    }

    disconnectedCallback() {
      this.#running.abort();
      URL.revokeObjectURL(this.#url);
    }

    /** @param {string} _ @param {string | null} before @param {string | null} now */
    attributeChangedCallback(_, before, now) {
      if (now && now !== before) this.cut(now);
    }

    /** Cuts out a photo; what runs is stopped. @param {import("./source.js").Source} source */
    async cut(source) {
      this.#running.abort();
      const running = (this.#running = new AbortController());
      this.#progress.removeAttribute("value");
      this.#progress.hidden = false;
      this.#error.hidden = true;
      /** @type {import("../hearth.js").Options} */
      const options = {
        signal: running.signal,
        progress: (key, current, total) => {
          if (total) this.#progress.value = current / total;
          this.#tell("progress", { key, current, total });
        },
        output: {},
      };
      const [model, format, quality, type] = ["model", "format", "quality", "type"].map((name) => this.getAttribute(name) ?? undefined);
      Object.assign(options, model && { model });
      options.output = /** @type {any} */ ({ ...(format && { format }), ...(quality && { quality: Number(quality) }), ...(type && { type }) });
      try {
        const blob = await removeBackground(source, options);
        URL.revokeObjectURL(this.#url);
        this.#url = URL.createObjectURL(blob);
        this.#image.src = this.#url;
        this.#image.hidden = false;
        this.#tell("done", { blob, url: this.#url });
      } catch (error) {
        if (running.signal.aborted) return;
        this.#error.textContent = error instanceof Error ? error.message : String(error);
        this.#error.hidden = false;
        this.#tell("error", { error });
      } finally {
        if (running === this.#running) this.#progress.hidden = true;
      }
    }

    /** @param {string} type @param {object} detail */
    #tell(type, detail) {
      this.dispatchEvent(new CustomEvent(type, { detail }));
    }
  };
}

/** @param {string} tag @param {string} name */
function part(tag, name) {
  const element = document.createElement(tag);
  element.part.add(name);
  return element;
}
