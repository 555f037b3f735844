/**
 * Counts the bytes that `fetch` brings. A counted response is a copy for which the browser keeps no compiled code, so
 * this is for a first visit only.
 *
 * @param {(loaded: number) => void} report
 * @returns {() => void}  ends the counting
 */
export function countBytes(report) {
  const plain = self.fetch;
  let loaded = 0;
  self.fetch = async (input, init) => {
    const response = await plain(input, init);
    if (!response.body || !response.ok) return response;
    const counter = new TransformStream({
      transform(chunk, controller) {
        loaded += chunk.length;
        report(loaded);
        controller.enqueue(chunk);
      },
    });
    const { status, headers } = response;
    return new Response(response.body.pipeThrough(counter), { status, headers });
  };
  return () => {
    self.fetch = plain;
  };
}
