/** @type {import("./all.js").Panel | null} */
export const save = null;
