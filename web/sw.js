/**
 * Keeps the page and its runtime on the device, one cache a version, and answers from there. Adds the site's headers, so
 * that a host which sends none gets the policy and the isolation too. Takes photos and songs that other apps share.
 *
 * Models are not its business: the page stores them by itself.
 */

const LIST = new URL("./precache.json", self.location.href); // its name changes with every version of the site
const ROOT = new URL("./", self.location.href);
const PREFIX = `hearth-site ${ROOT.pathname} `;
const CURRENT = PREFIX + LIST.pathname;
const SHARED = `hearth-shared ${ROOT.pathname}`;
const TOGETHER = 4; // files fetched at a time
const FRESH = /** @type {const} */ ({ cache: "reload" });

/** @typedef {{url: string, bytes: number, sha256: string}} Listed */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("message", (event) => {
  if (event.data === "activate") worker.skipWaiting();
});
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== ROOT.origin || !url.pathname.startsWith(ROOT.pathname)) return;
  if (request.method === "POST" && url.pathname === `${ROOT.pathname}share`) event.respondWith(takeShared(request));
  else if (request.method === "GET") event.respondWith(answer(request, url));
});

async function install() {
  const response = await fetch(LIST);
  const { files, headers } = await response.json();
  const cache = await caches.open(CURRENT);
  const queue = [...files];
  const next = async () => {
    for (let file = queue.shift(); file; file = queue.shift()) await store(cache, file, headers);
  };
  await Promise.all(Array.from({ length: TOGETHER }, next));
}

/**
 * Stores one file, from an older version's cache where it is the same, else over the network; whole, or not at all.
 * @param {Cache} cache @param {Listed} file @param {Record<string, string>} headers
 */
async function store(cache, file, headers) {
  const url = new URL(file.url, ROOT).href;
  if (await cache.match(url)) return;
  const kept = await caches.match(url);
  const body =
    (await checked(kept, file)) ?? (await checked(await fetch(url), file)) ?? (await checked(await fetch(url, FRESH), file));
  if (!body) throw new Error(`${file.url} is not the file that this version was built with`);
  await cache.put(url, new Response(body.data, { headers: { ...headers, "content-type": body.type } }));
}

/**
 * @param {Response | undefined} response @param {Listed} file
 * @returns {Promise<{data: ArrayBuffer, type: string} | null>}  null where it is missing or another file
 */
async function checked(response, file) {
  if (!response?.ok) return null;
  const data = await response.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (hex !== file.sha256) return null;
  return { data, type: response.headers.get("content-type") ?? "application/octet-stream" };
}

async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CURRENT).map((name) => caches.delete(name)));
  // Not waited for: Firefox waits for every worker of the page, and threads asleep answer nobody; all fetches would wait too.
  worker.clients.claim();
}

/** @param {Request} request @param {URL} url */
async function answer(request, url) {
  const stored = await (request.mode === "navigate" ? findPage(url) : find(request));
  return stored ?? fetch(request);
}

/** What is stored; `caches.open` would bring back a cache that the person has deleted. @param {RequestInfo | URL} request */
const find = (request) => caches.match(request, { cacheName: CURRENT });

/**
 * A page, also where its address has a query, or lacks the suffix as some hosts have it.
 * @param {URL} url
 */
async function findPage({ pathname }) {
  const page = new URL(pathname === `${ROOT.pathname}index.html` ? ROOT.pathname : pathname, ROOT);
  return (await find(page)) ?? find(`${page.href}.html`);
}

/**
 * Keeps the files that another app shares until the page of their tool takes them.
 * @param {Request} request
 */
async function takeShared(request) {
  const outcome = await keepShared(request).then(
    (page) => ({ page, query: "?shared" }),
    () => ({ page: "", query: "?shared=failed" }), // no room, or no form: the page opens all the same, and says so
  );
  return Response.redirect(new URL(outcome.page + outcome.query, ROOT).href, 303);
}

/** @param {Request} request @returns {Promise<string>} the page for them */
async function keepShared(request) {
  const form = await request.formData();
  const cache = await caches.open(SHARED);
  let page = "";
  for (const [index, file] of form.getAll("files").entries()) {
    if (!(file instanceof File) || !file.size) continue;
    if (/^(audio|video)\//.test(file.type)) page = "visualizer.html";
    const headers = { "content-type": file.type, "x-name": encodeURIComponent(file.name) };
    await cache.put(new URL(`shared/${Date.now()}-${index}`, ROOT), new Response(file, { headers }));
  }
  return page;
}
