// Winograd F(4x4, 3x3), output: Y = A^T M A of every tile, then bias and epilogue.
// Expects `products`, `bias`, `output`, finish(value, at); with POOL also `pooled`.
const OUTPUTS = 16u; // #uniform
const HEIGHT = 16u; // #uniform
const WIDTH = 16u; // #uniform
const DILATION = 1u; // #uniform
const TILES_Y = 4u; // #uniform
const TILES_X = 4u; // #uniform
const BATCHES = 1u; // #uniform
const ROW = 64u; // #uniform
const POOL = false; // also store the maximum of each 2x2 pixels
const MAP_TILES = TILES_Y * TILES_X;
const TILES = MAP_TILES * DILATION * DILATION * BATCHES;
const STORED_TILES = (TILES + 3u) / 4u * 4u;
const VECTORS = DILATION == 1u && WIDTH % 4u == 0u; // whether rows are stored four pixels at a time

alias Result = f32; // in memory

fn transform(a: f32, b: f32, c: f32, d: f32, e: f32, f: f32) -> vec4<f32> {
    let near = b + c;
    let far = d + e;
    let near_odd = b - c;
    let far_odd = d - e;
    return vec4<f32>(a + near + far, fma(2.0, far_odd, near_odd), fma(4.0, far, near), fma(8.0, far_odd, near_odd) + f);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    let tile = at % STORED_TILES;
    let channel = at / STORED_TILES;
    if (channel >= OUTPUTS || tile >= TILES) {
        return;
    }
    let inner = tile % MAP_TILES;
    let phase = (tile / MAP_TILES) % (DILATION * DILATION);
    let batch = tile / (MAP_TILES * DILATION * DILATION);
    let y = (inner / TILES_X) * 4u * DILATION + phase / DILATION;
    let x = (inner % TILES_X) * 4u * DILATION + phase % DILATION;
    var columns: array<vec4<f32>, 6>;
    // #unroll
    for (var c = 0u; c < 6u; c++) {
        columns[c] = transform(
        f32(products[(0u + c) * OUTPUTS * STORED_TILES + at]),
        f32(products[(6u + c) * OUTPUTS * STORED_TILES + at]),
        f32(products[(12u + c) * OUTPUTS * STORED_TILES + at]),
        f32(products[(18u + c) * OUTPUTS * STORED_TILES + at]),
        f32(products[(24u + c) * OUTPUTS * STORED_TILES + at]),
        f32(products[(30u + c) * OUTPUTS * STORED_TILES + at]));
    }
    let offset = vec4<f32>(bias[channel]);
    let base = ((batch * OUTPUTS + channel) * HEIGHT + y) * WIDTH + x;
    // #if POOL
    var rows: array<vec4<f32>, 4>;
    // #end
    // #unroll
    for (var r = 0u; r < 4u; r++) {
        if (y + r * DILATION < HEIGHT) {
            let row = transform(columns[0][r], columns[1][r], columns[2][r], columns[3][r], columns[4][r], columns[5][r]) + offset;
            // #if VECTORS
            let value = finish(row, base + r * WIDTH);
            output[(base + r * WIDTH) / 4u] = vec4<Result>(value);
            // #if POOL
            rows[r] = value;
            // #end
            // #else
            // #unroll
            for (var c = 0u; c < 4u; c++) {
                if (x + c * DILATION < WIDTH) {
                    let place = base + r * DILATION * WIDTH + c * DILATION;
                    let value = finish(row[c], place);
                    output[place] = Result(value);
                    // #if POOL
                    rows[r][c] = value;
                    // #end
                }
            }
            // #end
        }
    }
    // #if POOL
    // #unroll
    for (var r = 0u; r < 4u; r += 2u) {
        let high = max(rows[r], rows[r + 1]);
        let place = ((batch * OUTPUTS + channel) * (HEIGHT / 2u) + (y + r) / 2u) * (WIDTH / 2u) + x / 2u;
        if (y + r < HEIGHT) {
            pooled[place] = Result(max(high.x, high.y));
            if (x + 2u < WIDTH) {
                pooled[place + 1u] = Result(max(high.z, high.w));
            }
        }
    }
    // #end
}
