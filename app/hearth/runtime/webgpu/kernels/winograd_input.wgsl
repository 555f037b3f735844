// Winograd F(4x4, 3x3), input: V = B^T d B of every 6x6 patch. A dilated convolution is taken as DILATION^2 maps of its
// own, each with every DILATION-th row and column.
// Layout of the result: [36][channel][tile], tiles rounded up to a multiple of 4.
// Expects `output` and window(batch, channel, top, left, &values).
const CHANNELS = 16u; // #uniform
const DILATION = 1u; // #uniform
const TILES_Y = 4u; // #uniform
const TILES_X = 4u; // #uniform
const PAD_TOP = 1; // #uniform
const PAD_LEFT = 1; // #uniform
const BATCHES = 1u; // #uniform
const ROW = 64u; // #uniform
const MAP_TILES = TILES_Y * TILES_X;
const TILES = MAP_TILES * DILATION * DILATION * BATCHES;
const STORED_TILES = (TILES + 3u) / 4u * 4u;

alias Number = f32; // in memory

fn transform(a: f32, b: f32, c: f32, d: f32, e: f32, f: f32) -> array<f32, 6> {
    return array<f32, 6>(
    fma(4.0, a, fma(-5.0, c, e)),
    fma(-4.0, b + c, d + e),
    fma(4.0, b - c, e - d),
    fma(2.0, d - b, e - c),
    fma(2.0, b - d, e - c),
    fma(4.0, b, fma(-5.0, d, f)));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    let tile = at % STORED_TILES;
    let channel = at / STORED_TILES;
    if (channel >= CHANNELS) {
        return;
    }
    let place = min(tile, TILES - 1u);
    let inner = place % MAP_TILES;
    let phase = (place / MAP_TILES) % (DILATION * DILATION);
    let batch = place / (MAP_TILES * DILATION * DILATION);
    let top = i32((inner / TILES_X) * 4u * DILATION + phase / DILATION) - PAD_TOP;
    let left = i32((inner % TILES_X) * 4u * DILATION + phase % DILATION) - PAD_LEFT;
    var values: array<f32, 36>;
    window(batch, channel, top, left, &values);
    var columns: array<array<f32, 6>, 6>;
    // #unroll
    for (var c = 0u; c < 6u; c++) {
        columns[c] = transform(values[c], values[6 + c], values[12 + c], values[18 + c], values[24 + c], values[30 + c]);
    }
    // #unroll
    for (var r = 0u; r < 6u; r++) {
        let row = transform(columns[0][r], columns[1][r], columns[2][r], columns[3][r], columns[4][r], columns[5][r]);
        // #unroll
        for (var c = 0u; c < 6u; c++) {
            output[(r * 6u + c) * CHANNELS * STORED_TILES + at] = Number(row[c]);
        }
    }
}
