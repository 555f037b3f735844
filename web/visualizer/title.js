/**
 * The words on the picture: the title and who made it, with the cover beside them.
 *
 * @typedef {import("./settings.js").Settings} Settings
 */

const SERIF = '"Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Georgia, "TeX Gyre Pagella", "Liberation Serif", serif';
const SANS = '-apple-system, "Segoe UI", Roboto, Inter, Cantarell, Ubuntu, "Liberation Sans", system-ui, sans-serif';

/**
 * A picture of `width` x `height` pixels with the words where they stand.
 * @param {Settings} settings @param {import("./programs.js").Scene} scene  where it draws the title by itself, that stands in
 *     the middle, as large as fits
 * @param {number} width @param {number} height @param {boolean} dark  whether the ground is
 */
export function writeWords({ title, artist, cover }, { shows, words_at }, width, height, dark) {
  const canvas = new OffscreenCanvas(width, height);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = dark ? "#fffaf2" : "#1d1210";
  if (shows.includes("title")) large(context, title || "Untitled", artist, width, height);
  else if (title || artist || cover) small(context, title, artist, shows.includes("cover") ? null : cover, width, height, words_at === "top");
  return canvas;
}

/** @param {OffscreenCanvasRenderingContext2D} context @param {string} title @param {string} artist @param {number} width @param {number} height */
function large(context, title, artist, width, height) {
  const room = width * 0.84;
  const lines = balanced(context, title, room, Math.min(width, height), height * 0.5);
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  const block = lines.rows.length * lines.size * 1.08;
  let y = height / 2 - block / 2 + lines.size * 0.82;
  context.font = `600 ${lines.size}px ${SERIF}`;
  for (const row of lines.rows) {
    context.fillText(row, width / 2, y, room);
    y += lines.size * 1.08;
  }
  context.font = `500 ${Math.max(8, lines.size * 0.24)}px ${SANS}`;
  context.globalAlpha = 0.85;
  context.fillText(artist, width / 2, y - lines.size * 0.45, room);
}

/**
 * The rows and the size of letters, in pixels, that fill the room best.
 * @param {OffscreenCanvasRenderingContext2D} context @param {string} text @param {number} room @param {number} shortest @param {number} tallest
 */
function balanced(context, text, room, shortest, tallest) {
  const parts = text.split(/\s+/).filter(Boolean);
  let best = { rows: [text], size: 1 };
  for (let count = 1; count <= Math.min(parts.length, 5); count++) {
    const rows = split(parts, count);
    context.font = `600 100px ${SERIF}`;
    const widest = Math.max(...rows.map((row) => context.measureText(row).width), 1);
    const size = Math.min((room / widest) * 100, shortest * 0.24, tallest / (count * 1.08));
    if (size > best.size * 1.02) best = { rows, size };
  }
  return best;
}

/** Parts in rows whose lengths differ little. @param {string[]} parts @param {number} count */
function split(parts, count) {
  const total = parts.join(" ").length;
  /** @type {string[]} */
  const rows = [];
  let row = "";
  for (const [index, part] of parts.entries()) {
    const left = parts.length - index;
    const longer = row ? `${row} ${part}` : part;
    const full = longer.length - part.length / 2 > total / count;
    if (row && rows.length < count - 1 && (full || left <= count - 1 - rows.length)) {
      rows.push(row);
      row = part;
    } else row = longer;
  }
  return [...rows, row];
}

/** @param {OffscreenCanvasRenderingContext2D} context @param {string} title @param {string} artist @param {ImageBitmap | null} cover @param {number} width @param {number} height @param {boolean} top */
function small(context, title, artist, cover, width, height, top) {
  const unit = Math.min(width, height) / 100;
  const margin = 6 * unit;
  const side = cover ? 13 * unit : 0;
  const left = margin + (cover ? side + 3 * unit : 0);
  const room = width - left - margin;
  const bottom = top ? margin + (side || 9 * unit) : height - margin;
  if (cover) {
    context.save();
    context.beginPath();
    context.roundRect(margin, bottom - side, side, side, 1.6 * unit);
    context.clip();
    const scale = side / Math.min(cover.width, cover.height);
    const [w, h] = [cover.width * scale, cover.height * scale];
    context.drawImage(cover, margin + (side - w) / 2, bottom - side + (side - h) / 2, w, h);
    context.restore();
  }
  context.textBaseline = "alphabetic";
  const middle = cover ? bottom - side / 2 : bottom - (artist ? 4 * unit : 0);
  context.font = `600 ${5.2 * unit}px ${SERIF}`;
  context.fillText(title, left, artist ? middle - 0.2 * unit : middle + (cover ? 1.8 * unit : 0), room);
  context.globalAlpha = 0.75;
  context.font = `500 ${3.1 * unit}px ${SANS}`;
  context.fillText(artist, left, title ? middle + 4.2 * unit : middle + 1 * unit, room);
}
