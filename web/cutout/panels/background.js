/** @type {import("./all.js").Panel | null} */
export const background = null;
