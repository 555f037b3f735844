// One axis of Pillow's resizing in 8 bits: weights are whole numbers of 22 bits after the point, sums are rounded to bytes.
// Expects `pixels` and `output`: RGBA in 4 bytes, of which alpha is left out; `starts`: the first pixel that counts for
// each place along the axis; `weights`: TAPS for each place, zeros where fewer count.
const WIDTH = 4u; // #uniform, of the output
const HEIGHT = 8u; // #uniform, of the output
const LENGTH = 8u; // #uniform, of the input along the axis
const TAPS = 13u; // #uniform
const STEP = 1u; // #uniform, from pixel to pixel along the axis
const ACROSS = 8u; // #uniform, from line to line
const ALONG_X = 1u; // #uniform, 1 for the axis x, 0 for y
const ROW = 64u; // #uniform

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= WIDTH * HEIGHT) {
        return;
    }
    let x = at % WIDTH;
    let y = at / WIDTH;
    let place = select(y, x, ALONG_X == 1u);
    let line = select(x, y, ALONG_X == 1u) * ACROSS;
    let start = u32(starts[place]);
    var sum = vec3<i32>(1 << 21u);
    for (var tap = 0u; tap < TAPS; tap++) {
        let pixel = pixels[line + min(start + tap, LENGTH - 1u) * STEP];
        let colour = vec3<i32>(vec3<u32>(pixel, pixel >> 8u, pixel >> 16u) & vec3<u32>(255u));
        sum += colour * weights[place * TAPS + tap];
    }
    let byte = vec3<u32>(clamp(sum >> vec3<u32>(22u), vec3<i32>(0), vec3<i32>(255)));
    output[at] = byte.x | (byte.y << 8u) | (byte.z << 16u);
}
