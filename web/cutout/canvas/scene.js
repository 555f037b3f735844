/** Gives the shader what `scene.glsl` draws behind the subject. */

/**
 * @param {import("./gl.js").Program} _program  in use
 * @param {import("../messages.js").Look | null} _look
 */
export function setScene(_program, _look) {}
