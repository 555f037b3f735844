/**
 * An address that a worker can be started from. Browsers start none from another site, but one of our own may load such a
 * script: that site has to allow it (`Access-Control-Allow-Origin`).
 * @param {URL} address  of a module
 */
export function sameOrigin(address) {
  if (address.origin === self.origin) return address;
  return URL.createObjectURL(new Blob([`import ${JSON.stringify(address.href)};`], { type: "text/javascript" }));
}
