// A picture with alpha as its fourth number.
// Expects `picture`: vec4<f32>; `alpha`: f32, whose haze is cleared and which is clipped to 0..1; `output`: vec4<f32>.
const COUNT = 64u; // #uniform
const ROW = 64u; // #uniform
const HAZE = 0.01;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at < COUNT) {
        output[at] = vec4<f32>(picture[at].rgb, clamp((alpha[at] - HAZE) / (1.0 - 2.0 * HAZE), 0.0, 1.0));
    }
}
