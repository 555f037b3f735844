/** Holds `hearth.d.ts` against the module that it describes; only the type checker reads this. */

import * as module from "../hearth.js";

/** @type {typeof import("./hearth.d.ts")} */
export const described = module;
