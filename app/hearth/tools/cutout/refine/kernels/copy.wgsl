// Expects `source` and `output`: f32.
const COUNT = 64u; // #uniform
const ROW = 64u; // #uniform

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at < COUNT) {
        output[at] = source[at];
    }
}
