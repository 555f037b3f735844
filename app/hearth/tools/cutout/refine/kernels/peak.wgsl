// The largest red, green or blue of a picture, by one workgroup.
// Expects `pixels`: RGB in 4 bytes; `output`: f32.
const COUNT = 64u; // #uniform
const ROW = 1u; // #uniform, of no use for one workgroup
const THREADS = 256u;

var<workgroup> highest: array<u32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) lane: u32) {
    var own = 0u;
    for (var i = lane; i < COUNT; i += THREADS) {
        let pixel = pixels[i];
        own = max(own, max(pixel & 255u, max((pixel >> 8u) & 255u, (pixel >> 16u) & 255u)));
    }
    highest[lane] = own;
    workgroupBarrier();
    for (var step = THREADS / 2u; step > 0u; step /= 2u) {
        if (lane < step) {
            highest[lane] = max(highest[lane], highest[lane + step]);
        }
        workgroupBarrier();
    }
    if (lane == 0u) {
        output[0] = f32(highest[0]);
    }
}
