/**
 * Gives files to the other tool's page, through the cache in which the service worker keeps what other apps share.
 */

const SHARED = "hearth-shared";
const SOUND = /\.(mp3|m4a|m4b|aac|ogg|oga|opus|flac|wav|wave|aiff?|mp4|m4v|mov|webm|mkv|weba|mka)$/i;
const PICTURE = /\.(avif|bmp|gif|hei[cf]|ico|jfif|jpe?g|jp2|jxl|mpo|pcx|png|p[bgpn]m|psd|qoi|tga|tiff?|webp)$/i;

/** Whether a file is a song, or a video whose sound may be one. @param {File} file */
export const isSound = (file) => (file.type ? /^(audio|video)\/|^application\/ogg/.test(file.type) : SOUND.test(file.name));

/** @param {File} file */
export const isPicture = (file) => (file.type ? file.type.startsWith("image/") : PICTURE.test(file.name));

/** The cache's name; sites that share an origin stay apart. */
export const sharedCache = () => `${SHARED} ${new URL("./", location.href).pathname}`;

/**
 * Keeps the files and opens the page that takes them.
 * @param {File[]} files @param {URL} page
 */
export async function handOver(files, page) {
  const outcome = await keep(files).then(
    () => "?shared",
    () => "?shared=failed", // no room, or storage is forbidden: the page opens all the same, and says so
  );
  location.assign(new URL(outcome, page));
}

/** @param {File[]} files */
async function keep(files) {
  const cache = await caches.open(sharedCache());
  for (const [index, file] of files.entries()) {
    const headers = { "content-type": file.type, "x-name": encodeURIComponent(file.name) };
    await cache.put(new URL(`shared/${Date.now()}-${index}`, location.href), new Response(file, { headers }));
  }
}
