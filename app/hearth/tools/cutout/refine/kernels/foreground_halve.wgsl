// Means of two by two; an odd last row or column counts twice.
// Expects `picture` and `output`: vec4<f32>.
const WIDTH = 8u; // #uniform, of the picture
const HEIGHT = 8u; // #uniform
const ROW = 64u; // #uniform

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    let columns = (WIDTH + 1u) / 2u;
    if (at >= columns * ((HEIGHT + 1u) / 2u)) {
        return;
    }
    let left = at % columns * 2u;
    let right = min(left + 1u, WIDTH - 1u);
    let above = at / columns * 2u * WIDTH;
    let below = min(at / columns * 2u + 1u, HEIGHT - 1u) * WIDTH;
    output[at] = 0.25 * (picture[above + left] + picture[below + left] + picture[above + right] + picture[below + right]);
}
