/**
 * Writes ZIP archives whose files are stored as they are: pictures are compressed already. Format: PKWARE, APPNOTE.TXT
 * 6.3.10; names in UTF-8, ZIP64 where a size, a place or a number of files needs it.
 *
 * @typedef {{name: string, blob: Blob, modified: Date}} Entry
 * @typedef {Uint8Array<ArrayBuffer> | Blob} Part
 */

const MAX16 = 0xffff;
const MAX32 = 0xffffffff;
const UTF8 = 1 << 11; // flag: the name is in UTF-8
const MADE_BY = (3 << 8) | 63; // Unix, by version 6.3: names made elsewhere are taken for another alphabet by some readers
const MODE = 0o100644 << 16; // a plain file
const PLAIN = 20; // version that a reader needs
const ZIP64 = 45;

/**
 * The pieces of an archive, in order. A file's own bytes are its blob: whoever writes the pieces never holds more than one
 * in memory, and `new Blob` of them holds none.
 * @param {AsyncIterable<Entry> | Iterable<Entry>} entries
 * @param {number} [limit]  from which on ZIP64 is used; the format's own, but for tests
 * @returns {AsyncGenerator<Part>}
 */
export async function* zip(entries, limit = MAX32) {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const directory = [];
  const taken = new Set();
  let offset = 0;
  for await (const { name, blob, modified } of entries) {
    const file = { name: new TextEncoder().encode(unique(name, taken)), size: blob.size, crc: await crc32(blob), offset, ...stamp(modified) };
    const header = localHeader(file, limit);
    yield header;
    yield blob;
    offset += header.length + blob.size;
    directory.push(centralHeader(file, limit));
  }
  for (const header of directory) yield header;
  yield ending(directory.length, directory.reduce((sum, { length }) => sum + length, 0), offset, limit);
}

/**
 * A name that no earlier one has: `cat.png`, `cat-2.png`. Case does not count: folders of some systems know none.
 * @param {string} name @param {Set<string>} taken
 */
export function unique(name, taken) {
  const dot = name.lastIndexOf(".") > name.lastIndexOf("/") + 1 ? name.lastIndexOf(".") : name.length;
  let found = name;
  for (let number = 2; taken.has(found.toLowerCase()); number++) found = `${name.slice(0, dot)}-${number}${name.slice(dot)}`;
  taken.add(found.toLowerCase());
  return found;
}

/** @typedef {{name: Uint8Array<ArrayBuffer>, size: number, crc: number, offset: number, date: number, time: number}} Header */

/** @param {Header} file @param {number} limit */
function localHeader({ name, size, crc, date, time }, limit) {
  const large = size >= limit;
  const extra = large ? fields([[2, 1], [2, 16], [8, size], [8, size]]) : new Uint8Array();
  const shown = large ? MAX32 : size;
  const fixed = fields([
    [4, 0x04034b50], [2, large ? ZIP64 : PLAIN], [2, UTF8], [2, 0], [2, time], [2, date], [4, crc],
    [4, shown], [4, shown], [2, name.length], [2, extra.length],
  ]);
  return joined(fixed, name, extra);
}

/** @param {Header} file @param {number} limit */
function centralHeader({ name, size, crc, offset, date, time }, limit) {
  const large = size >= limit;
  const far = offset >= limit;
  const values = [...(large ? [size, size] : []), ...(far ? [offset] : [])];
  const extra = values.length ? fields([[2, 1], [2, 8 * values.length], ...values.map((value) => /** @type {[number, number]} */ ([8, value]))]) : new Uint8Array();
  const shown = large ? MAX32 : size;
  const fixed = fields([
    [4, 0x02014b50], [2, MADE_BY], [2, values.length ? ZIP64 : PLAIN], [2, UTF8], [2, 0], [2, time], [2, date], [4, crc],
    [4, shown], [4, shown], [2, name.length], [2, extra.length], [2, 0], [2, 0], [2, 0], [4, MODE], [4, far ? MAX32 : offset],
  ]);
  return joined(fixed, name, extra);
}

/** @param {number} count @param {number} size  of the directory @param {number} offset  of it @param {number} limit */
function ending(count, size, offset, limit) {
  const large = count >= Math.min(MAX16, limit) || size >= limit || offset >= limit;
  const long = large
    ? fields([
        [4, 0x06064b50], [8, 44], [2, ZIP64], [2, ZIP64], [4, 0], [4, 0], [8, count], [8, count], [8, size], [8, offset],
        [4, 0x07064b50], [4, 0], [8, offset + size], [4, 1],
      ])
    : new Uint8Array();
  const number = large ? MAX16 : count;
  const short = fields([
    [4, 0x06054b50], [2, 0], [2, 0], [2, number], [2, number], [4, large ? MAX32 : size], [4, large ? MAX32 : offset], [2, 0],
  ]);
  return joined(long, short);
}

/**
 * Numbers in little-endian order.
 * @param {[bytes: number, value: number][]} list
 */
function fields(list) {
  const view = new DataView(new ArrayBuffer(list.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of list) {
    if (bytes === 2) view.setUint16(at, value, true);
    else if (bytes === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

/** @param {Uint8Array<ArrayBuffer>[]} parts */
function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A moment as MS-DOS writes it, to two seconds, from 1980 on. @param {Date} moment */
function stamp(moment) {
  const year = Math.min(Math.max(moment.getFullYear() - 1980, 0), 127);
  return {
    date: (year << 9) | ((moment.getMonth() + 1) << 5) | moment.getDate(),
    time: (moment.getHours() << 11) | (moment.getMinutes() << 5) | (moment.getSeconds() >> 1),
  };
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 of what a blob holds, read piece by piece. @param {Blob} blob */
async function crc32(blob) {
  let crc = 0xffffffff;
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return (crc ^ 0xffffffff) >>> 0;
    for (let at = 0; at < value.length; at++) crc = TABLE[(crc ^ value[at]) & 0xff] ^ (crc >>> 8);
  }
}
