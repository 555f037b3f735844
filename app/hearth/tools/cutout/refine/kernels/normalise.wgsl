// Pixels as a network expects them: (pixel / scale - mean) / std, one plane a colour.
// Expects `pixels`: RGB in 4 bytes; `output`: f32, (3, height, width); with PEAK also `peak`: the largest value, by which
// all are divided.
const COUNT = 64u; // #uniform, of pixels
const ROW = 64u; // #uniform
const PEAK = false; // else 255 divides
const MEAN_R = 0.0;
const MEAN_G = 0.0;
const MEAN_B = 0.0;
const STD_R = 1.0;
const STD_G = 1.0;
const STD_B = 1.0;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= COUNT) {
        return;
    }
    // #if PEAK
    let scale = max(peak[0], 1e-6);
    // #else
    let scale = 255.0;
    // #end
    let pixel = pixels[at];
    output[at] = (f32(pixel & 255u) / scale - MEAN_R) / STD_R;
    output[COUNT + at] = (f32((pixel >> 8u) & 255u) / scale - MEAN_G) / STD_G;
    output[2u * COUNT + at] = (f32((pixel >> 16u) & 255u) / scale - MEAN_B) / STD_B;
}
