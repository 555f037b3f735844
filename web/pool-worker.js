/** One thread of a pool: works until it is dismissed. One that is given room rehearses the kernels first. */

self.addEventListener("message", ({ data: { module, memory, team, member, stack, room } }) => {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = /** @type {any} */ (exports);
  kernels.__stack_pointer.value = stack;
  if (room) kernels.rehearse(team, room);
  kernels.team_member(team, member);
});
