// One element an invocation.
// Expects `output` and value(at).
const COUNT = 64u; // #uniform
const ROW = 64u; // #uniform, invocations along x

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= COUNT) {
        return;
    }
    output[at] = value(at);
}
