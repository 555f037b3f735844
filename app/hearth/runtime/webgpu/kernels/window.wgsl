// Reads the patch of a stored map around a window: zero where it lies outside.
// Expects element(at) and is renamed for each map that a kernel reads.
const CHANNELS = 1u; // #uniform
const HEIGHT = 8; // #uniform
const WIDTH = 8; // #uniform
const ROWS = 4u;
const COLUMNS = 4u;
const STEP_Y = 1; // #uniform
const STEP_X = 1; // #uniform

fn window(batch: u32, channel: u32, top: i32, left: i32, result: ptr<function, array<f32, ROWS * COLUMNS>>) {
    let base = (batch * CHANNELS + channel) * u32(HEIGHT * WIDTH);
    // #unroll
    for (var r = 0; r < ROWS; r++) {
        let y = top + r * STEP_Y;
        let row_inside = y >= 0 && y < HEIGHT;
        // #unroll
        for (var c = 0; c < COLUMNS; c++) {
            let x = left + c * STEP_X;
            let inside = row_inside && x >= 0 && x < WIDTH;
            let at = base + u32(select(0, y * WIDTH + x, inside));
            (*result)[r * COLUMNS + c] = select(0.0, element(at), inside);
        }
    }
}
