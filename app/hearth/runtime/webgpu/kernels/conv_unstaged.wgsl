// Convolution straight from memory, for small maps, few outputs, strides and groups.
// An invocation makes THREAD_C outputs of SIDE x SIDE pixels; SPLIT groups of the workgroup share the input channels, and
// their sums meet in workgroup memory.
// Expects `weights`, `output`, window(batch, channel, top, left, &values), finish(value, at); with POOL also `pooled`.
const CHANNELS = 16u; // #uniform, of a group
const OUTPUTS = 16u; // #uniform, in all
const GROUP_OUTPUTS = 16u; // #uniform
const HEIGHT = 16u; // #uniform, of the output
const WIDTH = 16u; // #uniform
const KERNEL_H = 3u;
const KERNEL_W = 3u;
const STRIDE_Y = 1u;
const STRIDE_X = 1u;
const PAD_TOP = 1; // #uniform
const PAD_LEFT = 1; // #uniform
const SIDE = 2u;
const THREAD_C = 4u;
const PIXELS = 32u; // invocations side by side
const SPLIT = 4u;
const UNROLL = 1u;
const POOL = false; // also store the maximum of each 2x2 pixels
const TAPS = KERNEL_H * KERNEL_W;
const PATCH_H = (SIDE - 1u) * STRIDE_Y + KERNEL_H;
const PATCH_W = (SIDE - 1u) * STRIDE_X + KERNEL_W;
const BLOCKS_X = (WIDTH + SIDE - 1u) / SIDE;
const BLOCKS_Y = (HEIGHT + SIDE - 1u) / SIDE;
const PLACES = BLOCKS_X * BLOCKS_Y;
const SLICE = (CHANNELS + SPLIT - 1u) / SPLIT;
const VECTORS = (THREAD_C + 3u) / 4u;
const SUMS = VECTORS * SIDE * SIDE;
const OUTPUT_BLOCKS = (OUTPUTS + THREAD_C - 1u) / THREAD_C;

alias Result = f32; // in memory
// #if THREAD_C > 1
alias Sum = vec4<f32>;
// #else
alias Sum = f32;
// #end
// #if SPLIT > 1
var<workgroup> partial: array<Sum, SPLIT * PIXELS * SUMS>;
// #end

@compute @workgroup_size(PIXELS * SPLIT)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let batch = group.z;
    let block = group.y;
    let part = lane / PIXELS;
    let place = group.x * PIXELS + lane % PIXELS;
    let active_place = select(0u, place, place < PLACES);
    let x = (active_place % BLOCKS_X) * SIDE;
    let y = (active_place / BLOCKS_X) * SIDE;
    let top = i32(y * STRIDE_Y) - PAD_TOP;
    let left = i32(x * STRIDE_X) - PAD_LEFT;
    let first = (block * THREAD_C / GROUP_OUTPUTS) * CHANNELS;
    var sums: array<Sum, SUMS>;
    var values: array<f32, PATCH_H * PATCH_W>;
    for (var channel = part * SLICE; channel < min((part + 1u) * SLICE, CHANNELS); channel += UNROLL) {
        // #unroll
        for (var u = 0u; u < UNROLL; u++) {
            window(batch, first + channel + u, top, left, &values);
            let base = ((block * CHANNELS + channel + u) * TAPS) * VECTORS;
            // #unroll
            for (var ky = 0u; ky < KERNEL_H; ky++) {
                // #unroll
                for (var kx = 0u; kx < KERNEL_W; kx++) {
                    // #unroll
                    for (var v = 0u; v < VECTORS; v++) {
                        let weight = Sum(weights[base + (ky * KERNEL_W + kx) * VECTORS + v]);
                        // #unroll
                        for (var i = 0u; i < SIDE; i++) {
                            // #unroll
                            for (var j = 0u; j < SIDE; j++) {
                                sums[(v * SIDE + i) * SIDE + j] = fma(Sum(values[(i * STRIDE_Y + ky) * PATCH_W + j * STRIDE_X + kx]), weight, sums[(v * SIDE + i) * SIDE + j]);
                            }
                        }
                    }
                }
            }
        }
    }
    // #if SPLIT > 1
    let column = lane % PIXELS;
    // #unroll
    for (var s = 0u; s < SUMS; s++) {
        partial[(part * SUMS + s) * PIXELS + column] = sums[s];
    }
    workgroupBarrier();
    for (var s = part; s < SUMS; s += SPLIT) {
        var sum = partial[s * PIXELS + column];
        for (var p = 1u; p < SPLIT; p++) {
            sum += partial[(p * SUMS + s) * PIXELS + column];
        }
        if (place < PLACES) {
            sum = emit(sum, batch, block, s / (SIDE * SIDE), y + (s / SIDE) % SIDE, x + s % SIDE);
        }
        // #if POOL
        partial[s * PIXELS + column] = sum;
        // #end
    }
    // #if POOL
    workgroupBarrier();
    for (var v = part; v < VECTORS; v += SPLIT) {
        if (place < PLACES) {
            let at = v * 4u * PIXELS + column;
            let upper = max(partial[at], partial[at + PIXELS]);
            let lower = max(partial[at + 2u * PIXELS], partial[at + 3u * PIXELS]);
            emit_pooled(max(upper, lower), batch, block, v, y / 2u, x / 2u);
        }
    }
    // #end
    // #else
    if (place >= PLACES) {
        return;
    }
    // #unroll
    for (var v = 0u; v < VECTORS; v++) {
        // #unroll
        for (var i = 0u; i < SIDE; i++) {
            // #unroll
            for (var j = 0u; j < SIDE; j++) {
                sums[(v * SIDE + i) * SIDE + j] = emit(sums[(v * SIDE + i) * SIDE + j], batch, block, v, y + i, x + j);
            }
        }
        // #if POOL
        emit_pooled(max(max(sums[v * 4], sums[v * 4 + 1]), max(sums[v * 4 + 2], sums[v * 4 + 3])), batch, block, v, y / 2u, x / 2u);
        // #end
    }
    // #end
}

// Adds the biases, applies the epilogue and stores one pixel of up to four outputs.
fn emit(sum: Sum, batch: u32, block: u32, vector: u32, y: u32, x: u32) -> Sum {
    var result = sum;
    if (y < HEIGHT && x < WIDTH) {
        // #if THREAD_C > 1
        let channel = block * THREAD_C + vector * 4u;
        result += Sum(weights[OUTPUT_BLOCKS * CHANNELS * TAPS * VECTORS + channel / 4u]);
        // #unroll
        for (var c = 0u; c < 4u; c++) {
            if (channel + c < OUTPUTS) {
                let at = ((batch * OUTPUTS + channel + c) * HEIGHT + y) * WIDTH + x;
                result[c] = finish(result[c], at);
                output[at] = Result(result[c]);
            }
        }
        // #else
        let at = ((batch * OUTPUTS + block) * HEIGHT + y) * WIDTH + x;
        result = finish(result + f32(weights[OUTPUT_BLOCKS * CHANNELS * TAPS + block]), at);
        output[at] = Result(result);
        // #end
    }
    return result;
}

// #if POOL
fn emit_pooled(highest: Sum, batch: u32, block: u32, vector: u32, y: u32, x: u32) {
    // #if THREAD_C > 1
    let channel = block * THREAD_C + vector * 4u;
    // #unroll
    for (var c = 0u; c < 4u; c++) {
        if (channel + c < OUTPUTS) {
            pooled[((batch * OUTPUTS + channel + c) * BLOCKS_Y + y) * BLOCKS_X + x] = Result(highest[c]);
        }
    }
    // #else
    pooled[((batch * OUTPUTS + block) * BLOCKS_Y + y) * BLOCKS_X + x] = Result(highest);
    // #end
}
// #end
