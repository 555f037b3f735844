// Transposed convolution, gathered: each output element sums the inputs whose windows reach it.
// Expects `weights`, `bias` as element functions, `output`, element(at), finish(value, at).
const CHANNELS = 1u; // #uniform, of a group
const ALL_CHANNELS = 1u; // #uniform
const OUTPUTS = 1u; // #uniform, in all
const GROUP_OUTPUTS = 1u; // #uniform
const IN_HEIGHT = 8; // #uniform
const IN_WIDTH = 8; // #uniform
const HEIGHT = 16u; // #uniform
const WIDTH = 16u; // #uniform
const KERNEL_H = 2; // #uniform
const KERNEL_W = 2; // #uniform
const STRIDE_Y = 2; // #uniform
const STRIDE_X = 2; // #uniform
const DILATION_Y = 1; // #uniform
const DILATION_X = 1; // #uniform
const PAD_TOP = 0; // #uniform
const PAD_LEFT = 0; // #uniform
const COUNT = 256u; // #uniform
const ROW = 256u; // #uniform

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= COUNT) {
        return;
    }
    let x = i32(at % WIDTH) + PAD_LEFT;
    let y = i32((at / WIDTH) % HEIGHT) + PAD_TOP;
    let channel = (at / (WIDTH * HEIGHT)) % OUTPUTS;
    let batch = at / (WIDTH * HEIGHT * OUTPUTS);
    let first = (channel / GROUP_OUTPUTS) * CHANNELS;
    var sum = bias(channel);
    for (var ky = 0; ky < KERNEL_H; ky++) {
        let from_y = y - ky * DILATION_Y;
        if (from_y < 0 || from_y % STRIDE_Y != 0 || from_y / STRIDE_Y >= IN_HEIGHT) {
            continue;
        }
        for (var kx = 0; kx < KERNEL_W; kx++) {
            let from_x = x - kx * DILATION_X;
            if (from_x < 0 || from_x % STRIDE_X != 0 || from_x / STRIDE_X >= IN_WIDTH) {
                continue;
            }
            let source = u32((from_y / STRIDE_Y) * IN_WIDTH + from_x / STRIDE_X);
            let tap = u32(ky * KERNEL_W + kx);
            for (var c = 0u; c < CHANNELS; c++) {
                let value = element((batch * ALL_CHANNELS + first + c) * u32(IN_HEIGHT * IN_WIDTH) + source);
                let weight = weights(((first + c) * GROUP_OUTPUTS + channel % GROUP_OUTPUTS) * u32(KERNEL_H * KERNEL_W) + tap);
                sum = fma(value, weight, sum);
            }
        }
    }
    output[at] = finish(sum, at);
}
