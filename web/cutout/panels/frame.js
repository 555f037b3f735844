/** @type {import("./all.js").Panel | null} */
export const frame = null;
