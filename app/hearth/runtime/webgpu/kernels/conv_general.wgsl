// Convolution with a kernel of any size: an invocation makes THREAD_C outputs of one pixel, SPLIT groups of the workgroup
// share the taps of all channels.
// Expects `weights`, `output`, element(at), finish(value, at).
const CHANNELS = 1u; // #uniform, of a group
const ALL_CHANNELS = 1u; // #uniform
const OUTPUTS = 4u; // #uniform, in all
const GROUP_OUTPUTS = 4u; // #uniform
const IN_HEIGHT = 1; // #uniform
const IN_WIDTH = 8; // #uniform
const HEIGHT = 1u; // #uniform, of the output
const WIDTH = 8u; // #uniform
const KERNEL_H = 1u; // #uniform
const KERNEL_W = 3u; // #uniform
const STRIDE_Y = 1; // #uniform
const STRIDE_X = 1; // #uniform
const DILATION_Y = 1; // #uniform
const DILATION_X = 1; // #uniform
const PAD_TOP = 0; // #uniform
const PAD_LEFT = 1; // #uniform
const THREAD_C = 4u;
const PIXELS = 32u;
const SPLIT = 4u;
const TAPS = KERNEL_H * KERNEL_W;
const STEPS = CHANNELS * KERNEL_H; // rows of taps, shared by the SPLIT groups together with columns
const VECTORS = (THREAD_C + 3u) / 4u;
const OUTPUT_BLOCKS = (OUTPUTS + THREAD_C - 1u) / THREAD_C;
const BY_COLUMN = STEPS < SPLIT; // whether the groups share the columns of the kernel instead of its rows

alias Result = f32; // in memory
// #if THREAD_C > 1
alias Sum = vec4<f32>;
// #else
alias Sum = f32;
// #end
// #if SPLIT > 1
var<workgroup> partial: array<Sum, (SPLIT - 1u) * PIXELS * VECTORS>;
// #end

@compute @workgroup_size(PIXELS * SPLIT)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let batch = group.z;
    let block = group.y;
    let part = lane / PIXELS;
    let place = group.x * PIXELS + lane % PIXELS;
    let x = place % WIDTH;
    let y = place / WIDTH;
    let top = i32(y) * STRIDE_Y - PAD_TOP;
    let left = i32(x) * STRIDE_X - PAD_LEFT;
    let first = batch * ALL_CHANNELS + (block * THREAD_C / GROUP_OUTPUTS) * CHANNELS;
    let row_start = select(part, 0u, BY_COLUMN);
    let row_step = select(SPLIT, 1u, BY_COLUMN);
    let column_start = select(0u, part, BY_COLUMN);
    let column_step = select(1u, SPLIT, BY_COLUMN);
    var sums: array<Sum, VECTORS>;
    for (var step = row_start; step < STEPS; step += row_step) {
        let channel = step / KERNEL_H;
        let ky = step % KERNEL_H;
        let source_y = top + i32(ky) * DILATION_Y;
        if (source_y < 0 || source_y >= IN_HEIGHT || place >= HEIGHT * WIDTH) {
            continue;
        }
        let base = ((first + channel) * u32(IN_HEIGHT) + u32(source_y)) * u32(IN_WIDTH);
        let kernel_at = (block * CHANNELS + channel) * TAPS + ky * KERNEL_W;
        for (var kx = column_start; kx < KERNEL_W; kx += column_step) {
            let source_x = left + i32(kx) * DILATION_X;
            let inside = source_x >= 0 && source_x < IN_WIDTH;
            let value = select(0.0, element(base + u32(select(0, source_x, inside))), inside);
            // #unroll
            for (var v = 0u; v < VECTORS; v++) {
                sums[v] = fma(Sum(value), Sum(weights[(kernel_at + kx) * VECTORS + v]), sums[v]);
            }
        }
    }
    // #if SPLIT > 1
    let column = lane % PIXELS;
    if (part > 0u) {
        // #unroll
        for (var v = 0u; v < VECTORS; v++) {
            partial[((part - 1u) * VECTORS + v) * PIXELS + column] = sums[v];
        }
    }
    workgroupBarrier();
    if (part > 0u) {
        return;
    }
    for (var p = 0u; p < SPLIT - 1u; p++) {
        // #unroll
        for (var v = 0u; v < VECTORS; v++) {
            sums[v] += partial[(p * VECTORS + v) * PIXELS + column];
        }
    }
    // #end
    if (place >= HEIGHT * WIDTH) {
        return;
    }
    // #unroll
    for (var c = 0u; c < THREAD_C; c++) {
        let channel = block * THREAD_C + c;
        if (channel < OUTPUTS) {
            let at = (batch * OUTPUTS + channel) * HEIGHT * WIDTH + place;
            // #if THREAD_C > 1
            let bias = f32(weights[OUTPUT_BLOCKS * CHANNELS * TAPS * VECTORS + channel / 4u][c % 4]);
            output[at] = Result(finish(sums[c / 4][c % 4] + bias, at));
            // #else
            output[at] = Result(finish(sums[0] + f32(weights[OUTPUT_BLOCKS * CHANNELS * TAPS + channel]), at));
            // #end
        }
    }
}
