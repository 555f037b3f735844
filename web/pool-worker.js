/** One thread of a pool: works until it is dismissed. */

self.addEventListener("message", ({ data: { module, memory, team, member, stack } }) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = /** @type {any} */ (exports);
  kernels.__stack_pointer.value = stack;
  kernels.team_member(team, member);
});
