// Reads a patch of a map enlarged twice (bilinear, half-pixel centres) from the map itself: zero outside.
// The patch starts at odd coordinates and has an even number of rows and columns, so the pattern of weights is fixed:
// row r of the patch lies between rows r/2 and r/2 + 1 of the small map, nearer to the one that r's parity tells.
// Expects element(at) and is renamed for each map that a kernel reads.
const CHANNELS = 1u; // #uniform
const HEIGHT = 8; // #uniform, of the enlarged map
const WIDTH = 8; // #uniform
const ROWS = 4u;
const COLUMNS = 4u;
const LOW_HEIGHT = HEIGHT / 2;
const LOW_WIDTH = WIDTH / 2;
const LOW_ROWS = ROWS / 2u + 1u;
const LOW_COLUMNS = COLUMNS / 2u + 1u;

fn window(batch: u32, channel: u32, top: i32, left: i32, result: ptr<function, array<f32, ROWS * COLUMNS>>) {
    var low: array<f32, LOW_ROWS * LOW_COLUMNS>;
    let base = i32(batch * CHANNELS + channel) * (LOW_HEIGHT * LOW_WIDTH);
    let low_top = (top + 1) / 2 - 1;
    let low_left = (left + 1) / 2 - 1;
    // #unroll
    for (var r = 0; r < LOW_ROWS; r++) {
        let row = base + clamp(low_top + r, 0, LOW_HEIGHT - 1) * LOW_WIDTH;
        // #unroll
        for (var c = 0; c < LOW_COLUMNS; c++) {
            low[r * LOW_COLUMNS + c] = element(u32(row + clamp(low_left + c, 0, LOW_WIDTH - 1)));
        }
    }
    var wide: array<f32, LOW_ROWS * COLUMNS>;
    // #unroll
    for (var r = 0; r < LOW_ROWS; r++) {
        // #unroll
        for (var c = 0; c < COLUMNS; c++) {
            wide[r * COLUMNS + c] = mix(low[r * LOW_COLUMNS + c / 2], low[r * LOW_COLUMNS + c / 2 + 1], 0.25 + 0.5 * (c % 2));
        }
    }
    // #unroll
    for (var r = 0; r < ROWS; r++) {
        let row_inside = top + r >= 0 && top + r < HEIGHT;
        // #unroll
        for (var c = 0; c < COLUMNS; c++) {
            let inside = row_inside && left + c >= 0 && left + c < WIDTH;
            let value = mix(wide[(r / 2) * COLUMNS + c], wide[(r / 2 + 1) * COLUMNS + c], 0.25 + 0.5 * (r % 2));
            (*result)[r * COLUMNS + c] = select(0.0, value, inside);
        }
    }
}
