// Convolution with stride 1 as an implicit matrix product over patches staged in workgroup memory.
// A workgroup makes BLOCK_C outputs of BLOCK_H x BLOCK_W pixels, an invocation THREAD_C outputs of THREAD_H x 4 pixels.
// SPLIT groups of the workgroup share the staged channels. While one chunk of channels is multiplied the next is fetched.
// Expects `weights`, `output`, place(y, x), fetch(batch, channel, place), finish(value, at); with POOL also `pooled`.
const CHANNELS = 16u; // #uniform
const OUTPUTS = 16u; // #uniform
const HEIGHT = 16u; // #uniform
const WIDTH = 16u; // #uniform
const KERNEL_H = 3u;
const KERNEL_W = 3u;
const DILATION_Y = 1u;
const DILATION_X = 1u;
const PAD_TOP = 1; // #uniform
const PAD_LEFT = 1; // #uniform
const BLOCK_C = 16u;
const BLOCK_H = 8u;
const BLOCK_W = 16u;
const THREAD_C = 4u;
const THREAD_H = 2u;
const CHUNK = 4u; // channels of a group in one turn
const SPLIT = 1u;
const FETCH_GROUPS = 1u; // each fetches every FETCH_GROUPS-th channel
const POOL = false; // also store the maximum of each 2x2 pixels
const HALVES = false; // whether Number is f16; the sums of a chunk are halves then, those of all chunks are not
const COLUMNS = BLOCK_W / 4u;
const ROWS = BLOCK_H / THREAD_H;
const LANES = COLUMNS * ROWS * (BLOCK_C / THREAD_C);
const THREADS = LANES * SPLIT;
const STAGED = CHUNK * SPLIT;
const PATCH_H = BLOCK_H + (KERNEL_H - 1u) * DILATION_Y;
const PATCH_W = BLOCK_W + (KERNEL_W - 1u) * DILATION_X;
const PATCH_V = (PATCH_W + 3u) / 4u;
const PATCH_SIZE = max(STAGED * PATCH_H * PATCH_V, LANES);
const ROOM = PATCH_SIZE / LANES; // sums an invocation can hand over at once
const SUMS = THREAD_C * THREAD_H;
const TAPS = KERNEL_H * KERNEL_W;
const WEIGHT_V = TAPS * BLOCK_C / 4u; // vectors a channel
const WEIGHT_SIZE = STAGED * WEIGHT_V;
const WEIGHT_TURNS = (WEIGHT_SIZE + THREADS - 1u) / THREADS;
const FETCHERS = THREADS / FETCH_GROUPS;
const FETCH_TURNS = (PATCH_H * PATCH_W + FETCHERS - 1u) / FETCHERS;
const FETCH_CHANNELS = STAGED / FETCH_GROUPS;
const THREAD_ROWS = THREAD_H + (KERNEL_H - 1u) * DILATION_Y;
const THREAD_V = (4u + (KERNEL_W - 1u) * DILATION_X + 3u) / 4u;
const BLOCKS = (OUTPUTS + BLOCK_C - 1u) / BLOCK_C;
const VECTORS = WIDTH % 4u == 0u; // whether rows are stored four pixels at a time

alias Number = f32; // that is multiplied
alias Result = f32; // in memory

var<workgroup> tile: array<vec4<Number>, PATCH_SIZE>;
var<workgroup> kernel: array<vec4<Number>, WEIGHT_SIZE>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let batch = group.z / BLOCKS;
    let block = group.z % BLOCKS;
    let x0 = group.x * BLOCK_W;
    let y0 = group.y * BLOCK_H;
    let part = lane / LANES;
    let own = lane % LANES;
    let column = own % COLUMNS;
    let row = (own / COLUMNS) % ROWS;
    let slice = own / (COLUMNS * ROWS);
    let fetcher = lane % FETCHERS;
    let fetch_group = lane / FETCHERS;
    var places: array<Place, FETCH_TURNS>;
    var slots: array<u32, FETCH_TURNS>;
    // #unroll
    for (var j = 0u; j < FETCH_TURNS; j++) {
        let r = (fetcher + j * FETCHERS) / PATCH_W;
        let c = (fetcher + j * FETCHERS) % PATCH_W;
        places[j] = place(i32(y0 + r) - PAD_TOP, i32(x0 + c) - PAD_LEFT);
        slots[j] = (fetch_group * PATCH_H + r) * PATCH_V * 4u + c;
    }
    var sums: array<vec4<f32>, SUMS>;
    var values: array<Number, FETCH_CHANNELS * FETCH_TURNS>;
    var factors: array<vec4<Number>, WEIGHT_TURNS>;
    for (var first = 0u; first <= CHANNELS; first += STAGED) {
        if (first < CHANNELS) {
            // #unroll
            for (var i = 0u; i < FETCH_CHANNELS; i++) {
                // #unroll
                for (var j = 0u; j < FETCH_TURNS; j++) {
                    values[i * FETCH_TURNS + j] = Number(fetch(batch, first + fetch_group + i * FETCH_GROUPS, places[j]));
                }
            }
            let source = (block * CHANNELS + first) * WEIGHT_V + lane;
            // #unroll
            for (var k = 0u; k < WEIGHT_TURNS; k++) {
                if (lane + k * THREADS < WEIGHT_SIZE) {
                    factors[k] = weights[source + k * THREADS];
                }
            }
        }
        if (first > 0u) {
            // #if HALVES
            var near: array<vec4<f16>, SUMS>;
            // #unroll
            for (var s = 0u; s < SUMS; s++) {
                near[s] = vec4<f16>(0.0); // some compilers zero it before the loop only
            }
            // #end
            for (var channel = 0u; channel < CHUNK; channel++) {
                let tile_at = ((part * CHUNK + channel) * PATCH_H + row * THREAD_H) * PATCH_V + column;
                let kernel_at = (part * CHUNK + channel) * WEIGHT_V + slice * (THREAD_C / 4u);
                var pixels: array<vec4<Number>, THREAD_ROWS * THREAD_V>;
                // #unroll
                for (var r = 0u; r < THREAD_ROWS; r++) {
                    // #unroll
                    for (var v = 0u; v < THREAD_V; v++) {
                        pixels[r * THREAD_V + v] = tile[tile_at + r * PATCH_V + v];
                    }
                }
                // #unroll
                for (var ky = 0u; ky < KERNEL_H; ky++) {
                    // #unroll
                    for (var kx = 0u; kx < KERNEL_W; kx++) {
                        var factor: array<vec4<Number>, THREAD_C / 4u>;
                        // #unroll
                        for (var q = 0u; q < THREAD_C / 4u; q++) {
                            factor[q] = kernel[kernel_at + (ky * KERNEL_W + kx) * (BLOCK_C / 4u) + q];
                        }
                        // #unroll
                        for (var y = 0u; y < THREAD_H; y++) {
                            let shifted = vec4<Number>(
                            pixels[(y + ky * DILATION_Y) * THREAD_V + (kx * DILATION_X + 0) / 4][(kx * DILATION_X + 0) % 4],
                            pixels[(y + ky * DILATION_Y) * THREAD_V + (kx * DILATION_X + 1) / 4][(kx * DILATION_X + 1) % 4],
                            pixels[(y + ky * DILATION_Y) * THREAD_V + (kx * DILATION_X + 2) / 4][(kx * DILATION_X + 2) % 4],
                            pixels[(y + ky * DILATION_Y) * THREAD_V + (kx * DILATION_X + 3) / 4][(kx * DILATION_X + 3) % 4]);
                            // #unroll
                            for (var c = 0u; c < THREAD_C; c++) {
                                // #if HALVES
                                near[c * THREAD_H + y] = fma(vec4<f16>(factor[c / 4][c % 4]), shifted, near[c * THREAD_H + y]);
                                // #else
                                sums[c * THREAD_H + y] = fma(vec4<f32>(factor[c / 4][c % 4]), shifted, sums[c * THREAD_H + y]);
                                // #end
                            }
                        }
                    }
                }
            }
            // #if HALVES
            // #unroll
            for (var s = 0u; s < SUMS; s++) {
                sums[s] += vec4<f32>(near[s]);
            }
            // #end
        }
        workgroupBarrier();
        if (first < CHANNELS) {
            // #unroll
            for (var i = 0u; i < FETCH_CHANNELS; i++) {
                // #unroll
                for (var j = 0u; j < FETCH_TURNS; j++) {
                    if (fetcher + j * FETCHERS < PATCH_H * PATCH_W) {
                        let slot = slots[j] + i * FETCH_GROUPS * PATCH_H * PATCH_V * 4u;
                        tile[slot / 4u][slot % 4u] = values[i * FETCH_TURNS + j];
                    }
                }
            }
            // #unroll
            for (var k = 0u; k < WEIGHT_TURNS; k++) {
                if (lane + k * THREADS < WEIGHT_SIZE) {
                    kernel[lane + k * THREADS] = factors[k];
                }
            }
        }
        workgroupBarrier();
    }
    // #if SPLIT > 1
    for (var p = 1u; p < SPLIT; p++) {
        // #unroll
        for (var s = 0u; s < SUMS; s += ROOM) {
            if (part == p) {
                // #unroll
                for (var i = s; i < min(s + ROOM, SUMS); i++) {
                    tile[own + (i - s) * LANES] = vec4<Number>(sums[i]);
                }
            }
            workgroupBarrier();
            if (part == 0u) {
                // #unroll
                for (var i = s; i < min(s + ROOM, SUMS); i++) {
                    sums[i] += vec4<f32>(tile[own + (i - s) * LANES]);
                }
            }
            workgroupBarrier();
        }
    }
    if (part > 0u) {
        return;
    }
    // #end
    let x = x0 + column * 4u;
    let y = y0 + row * THREAD_H;
    if (x >= WIDTH || y >= HEIGHT) {
        return;
    }
    // #unroll
    for (var c = 0u; c < THREAD_C; c++) {
        let channel = block * BLOCK_C + slice * THREAD_C + c;
        if (channel < OUTPUTS) {
            let bias = vec4<f32>(f32(weights[BLOCKS * CHANNELS * WEIGHT_V + channel / 4u][c % 4]));
            let base = ((batch * OUTPUTS + channel) * HEIGHT + y) * WIDTH + x;
            // #unroll
            for (var i = 0u; i < THREAD_H; i++) {
                if (y + i < HEIGHT) {
                    // #if VECTORS
                    sums[c * THREAD_H + i] = finish(sums[c * THREAD_H + i] + bias, base + i * WIDTH);
                    output[(base + i * WIDTH) / 4u] = vec4<Result>(sums[c * THREAD_H + i]);
                    // #else
                    let value = sums[c * THREAD_H + i] + bias;
                    // #unroll
                    for (var j = 0u; j < 4u; j++) {
                        if (x + j < WIDTH) {
                            output[base + i * WIDTH + j] = Result(finish(value[j], base + i * WIDTH + j));
                        }
                    }
                    // #end
                }
            }
            // #if POOL
            // #unroll
            for (var i = 0u; i < THREAD_H; i += 2u) {
                if (y + i < HEIGHT) {
                    let high = max(sums[c * THREAD_H + i], sums[c * THREAD_H + i + 1]);
                    pooled[(((batch * OUTPUTS + channel) * (HEIGHT / 2u) + (y + i) / 2u) * (WIDTH / 2u) + x / 2u) / 2u] = vec2<Result>(vec2<f32>(max(high.x, high.y), max(high.z, high.w)));
                }
            }
            // #end
        }
    }
}
