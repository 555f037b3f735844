// What is held, what is sought, and what that is pulled to: the mask, and the sides that were decided for.
// Expects `mask` and `pulls`, to it: f32; `sides`: vec2<f32> a cell of CELL x CELL pixels, a side and how certain it is; `aims`: vec2<f32>, the
// pull, below zero where a pixel is known, and what it pulls to; `start`: f32, what known pixels keep and others begin with.
const WIDTH = 8u; // #uniform
const HEIGHT = 8u; // #uniform
const REACH = 4u; // #uniform
const COLUMNS = 2u; // #uniform, of cells
const ROWS = 2u; // #uniform
const CELL = 4u;
const ROW = 64u; // #uniform
const SURE = 0.95;
const UNSURE = 0.05;
const SURE_PULL = 0.1;
const SQUARINGS = 6u;
const SIDE_PULL = 0.3;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= WIDTH * HEIGHT) {
        return;
    }
    let x = at % WIDTH;
    let y = at / WIDTH;
    var lowest = mask[at];
    var highest = lowest;
    for (var row = max(y, REACH) - REACH; row <= min(y + REACH, HEIGHT - 1u); row++) {
        for (var column = max(x, REACH) - REACH; column <= min(x + REACH, WIDTH - 1u); column++) {
            let near = mask[row * WIDTH + column];
            lowest = min(lowest, near);
            highest = max(highest, near);
        }
    }
    var goal = mask[at];
    var sureness = 2.0 * goal - 1.0;
    for (var i = 0u; i < SQUARINGS; i++) {
        sureness *= sureness;
    }
    var pull = pulls[at] + SURE_PULL * sureness;
    let side = sides[min(y / CELL, ROWS - 1u) * COLUMNS + min(x / CELL, COLUMNS - 1u)];
    let more = SIDE_PULL * side.y * side.y * side.y;
    if (more > 0.0) {
        goal = (pull * goal + more * side.x) / (pull + more);
        pull += more;
    }
    let inside = lowest > SURE;
    let known = inside || highest < UNSURE;
    aims[at] = vec2<f32>(select(pull, -1.0, known), goal);
    start[at] = select(goal, select(0.0, 1.0, inside), known);
}
