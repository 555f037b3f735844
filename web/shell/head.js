/**
 * The head of a flat model file (`hearth/runtime/model_file.py`): 8 bytes of magic, 8 with the header's length, the header.
 * It tells which kernels the network needs, long before the weights have come.
 */

const BEFORE = 16;

/**
 * The head, if it has come whole by now.
 * @param {Uint8Array<ArrayBuffer>} bytes  of the file's beginning @param {number} loaded  so many of them are there
 */
export function headOf(bytes, loaded) {
  if (loaded < BEFORE) return null;
  const end = BEFORE + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(8, true));
  return loaded >= end ? bytes.slice(0, end) : null;
}
