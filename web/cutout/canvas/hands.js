/**
 * Pointers and keys on the canvas: what moves the photo, what compares, what paints. Mouse, pen, touch and keyboard.
 *
 * @typedef {{x: number, y: number}} Spot  in pixels of the canvas
 *
 * @typedef {object} Doing  What hands can do; the stage does it.
 * @property {() => "move" | "brush"} tool
 * @property {() => boolean} canPan
 * @property {(du: number, dv: number) => void} pan
 * @property {(factor: number, spot: Spot) => void} zoom
 * @property {(spot: Spot) => void} jump  between all of the photo and its single pixels
 * @property {(kind: "in" | "out" | "fit" | "pixels") => void} zoomTo
 * @property {(spot: Spot) => void} compare
 * @property {(spot: Spot, pressure: number) => void} begin  a stroke
 * @property {(spots: (Spot & {pressure: number})[]) => void} go  on with it
 * @property {(kept: boolean) => void} end
 * @property {(spot: Spot | null) => void} hover  the brush lies there; null where no pointer is
 * @property {(du: number, dv: number) => Spot} moveBrush  by keys
 * @property {(factor: number) => void} resizeBrush
 * @property {() => void} undo
 * @property {() => void} redo
 */

const FROM_WHEEL = 0.002; // of a scroll's pixels, in powers of e
const ARROW = 40; // pixels on the screen that a key moves the photo
const PAINTS = ["Enter", " "];
const DRAG = 4; // pixels on the screen, from where on a press is meant to move something

export class Hands {
  /** @param {HTMLCanvasElement} canvas @param {Doing} doing */
  constructor(canvas, doing) {
    this.canvas = canvas;
    this.doing = doing;
    /** @type {Map<number, Spot>} pointers that are down */
    this.down = new Map();
    /** @type {"none" | "pan" | "press" | "compare" | "paint" | "pinch"} */
    this.mode = "none";
    /** @type {Spot} where the pointer was pressed */
    this.pressed = { x: 0, y: 0 };
    this.space = false; // held down
    this.byKeys = false; // the brush was last moved by keys
    this.keyPaints = "";
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => this.#drag(event));
    for (const kind of /** @type {const} */ (["pointerup", "pointercancel"])) canvas.addEventListener(kind, (event) => this.#release(event));
    canvas.addEventListener("pointerleave", () => this.down.size || doing.hover(null));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("dblclick", (event) => doing.tool() === "move" && doing.jump(this.#spot(event)));
    canvas.addEventListener("contextmenu", (event) => doing.tool() === "brush" && event.preventDefault());
    canvas.addEventListener("blur", () => this.#keyUp(this.keyPaints));
    document.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("keyup", (event) => this.#keyUp(event.key));
    addEventListener("blur", () => (this.space = false));
  }

  /** @param {MouseEvent} event @returns {Spot} */
  #spot({ clientX, clientY }) {
    const { left, top, width } = this.canvas.getBoundingClientRect();
    const ratio = this.canvas.width / width;
    return { x: (clientX - left) * ratio, y: (clientY - top) * ratio };
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.pointerType === "mouse" && event.button > 1) return;
    const spot = this.#spot(event);
    this.canvas.setPointerCapture(event.pointerId);
    this.down.set(event.pointerId, spot);
    this.byKeys = false;
    if (this.down.size > 1) {
      if (this.mode === "paint") this.doing.end(false); // a second finger: the first one did not mean to paint
      this.mode = "pinch";
    } else if (event.button === 1 || this.space) {
      event.preventDefault();
      this.mode = "pan";
    } else if (this.doing.tool() === "brush") {
      this.mode = "paint";
      this.doing.hover(spot);
      this.doing.begin(spot, pressure(event));
    } else {
      this.mode = this.doing.canPan() ? "pan" : "press";
      this.pressed = spot;
    }
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    const spot = this.#spot(event);
    const before = this.down.get(event.pointerId);
    if (!before) {
      this.byKeys = false;
      return this.doing.hover(spot);
    }
    if (this.mode === "pinch") return this.#pinch(event.pointerId, before, spot);
    this.down.set(event.pointerId, spot);
    const far = Math.hypot(spot.x - this.pressed.x, spot.y - this.pressed.y);
    if (this.mode === "press" && far > DRAG * devicePixelRatio) this.mode = "compare";
    if (this.mode === "pan") this.doing.pan(spot.x - before.x, spot.y - before.y);
    else if (this.mode === "compare") this.doing.compare(spot);
    else if (this.mode === "paint") {
      const events = event.getCoalescedEvents?.() ?? [];
      this.doing.go((events.length ? events : [event]).map((one) => ({ ...this.#spot(one), pressure: pressure(one) })));
      this.doing.hover(spot);
    }
  }

  /** Two fingers move and zoom at once. @param {number} id @param {Spot} before @param {Spot} after */
  #pinch(id, before, after) {
    const other = [...this.down].find(([one]) => one !== id)?.[1];
    this.down.set(id, after);
    if (!other) return;
    const middle = { x: (after.x + other.x) / 2, y: (after.y + other.y) / 2 };
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(after.x - other.x, after.y - other.y);
    this.doing.pan((after.x - before.x) / 2, (after.y - before.y) / 2);
    if (was > 0 && is > 0) this.doing.zoom(is / was, middle);
  }

  /** @param {PointerEvent} event */
  #release(event) {
    if (!this.down.delete(event.pointerId)) return;
    if (this.mode === "paint") this.doing.end(event.type === "pointerup");
    if (this.mode !== "pinch" || this.down.size === 0) this.mode = "none";
    if (event.pointerType !== "mouse") this.doing.hover(null);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    const pixels = event.deltaY * [1, 16, 400][event.deltaMode];
    // A pinch on a touchpad comes as a wheel with the control key, in smaller steps.
    this.doing.zoom(Math.exp(-pixels * FROM_WHEEL * (event.ctrlKey ? 5 : 1)), this.#spot(event));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const { doing, canvas } = this;
    if (canvas.closest("[hidden]") || target.matches("input:not([type=range], [type=radio], [type=checkbox]), textarea, select")) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && ["z", "y"].includes(event.key.toLowerCase())) {
      event.preventDefault();
      if (event.key.toLowerCase() === "y" || event.shiftKey) doing.redo();
      else doing.undo();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target !== document.body && !target.closest("#bench")) return;
    /** @type {Record<string, () => void>} */
    const keys = {
      "+": () => doing.zoomTo("in"),
      "=": () => doing.zoomTo("in"),
      "-": () => doing.zoomTo("out"),
      "0": () => doing.zoomTo("fit"),
      "1": () => doing.zoomTo("pixels"),
      "[": () => doing.resizeBrush(1 / 1.2),
      "]": () => doing.resizeBrush(1.2),
    };
    const run = keys[event.key];
    if (run) {
      event.preventDefault();
      return run();
    }
    if (target === canvas || (target === document.body && canvas.matches(":hover"))) this.#onCanvas(event);
  }

  /** @param {KeyboardEvent} event */
  #onCanvas(event) {
    const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    const brush = this.doing.tool() === "brush" && event.target === this.canvas;
    if (PAINTS.includes(event.key)) {
      event.preventDefault();
      if (event.key === " " && !(brush && this.byKeys)) this.space = true;
      else if (brush && !event.repeat) {
        this.byKeys = true;
        this.keyPaints = event.key;
        this.doing.begin(this.doing.moveBrush(0, 0), 1);
      }
    } else if ((x || y) && brush) {
      event.preventDefault();
      this.byKeys = true;
      const step = event.shiftKey ? 10 : 1;
      const spot = this.doing.moveBrush(x * step, y * step);
      if (this.keyPaints) this.doing.go([{ ...spot, pressure: 1 }]);
    } else if ((x || y) && event.target === this.canvas) {
      event.preventDefault();
      this.doing.pan(-x * ARROW * devicePixelRatio, -y * ARROW * devicePixelRatio);
    }
  }

  /** @param {string} key */
  #keyUp(key) {
    if (key === " ") this.space = false;
    if (!key || key !== this.keyPaints) return;
    this.keyPaints = "";
    this.doing.end(true);
  }
}

/** 0 to 1; only a pen knows. @param {PointerEvent} event */
const pressure = (event) => (event.pointerType === "pen" && event.pressure > 0 ? event.pressure : 1);
