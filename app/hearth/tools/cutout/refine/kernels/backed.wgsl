// Where colours hardly tell the sides apart, alpha becomes the mask's, or that of the side that was decided for.
// Expects `mask`: f32; `sides`: vec2<f32> a cell of CELL x CELL pixels, a side and how certain it is; `shares`: f32 a cell,
// how much of alpha is to be the mask's; `alpha`: f32, whose haze is not yet cleared.
const WIDTH = 8u; // #uniform
const HEIGHT = 8u; // #uniform
const COLUMNS = 2u; // #uniform, of cells
const ROWS = 2u; // #uniform
const CELL = 4u;
const ROW = 64u; // #uniform
const HAZE = 0.01;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= WIDTH * HEIGHT) {
        return;
    }
    let x = at % WIDTH;
    let y = at / WIDTH;
    // Bilinearly between the middles of cells, held at the border.
    let across = clamp((f32(x) + 0.5) / f32(CELL) - 0.5, 0.0, f32(COLUMNS - 1u));
    let down = clamp((f32(y) + 0.5) / f32(CELL) - 0.5, 0.0, f32(ROWS - 1u));
    let left = u32(across);
    let top = u32(down) * COLUMNS;
    let right = min(left + 1u, COLUMNS - 1u);
    let bottom = min(u32(down) + 1u, ROWS - 1u) * COLUMNS;
    let above = mix(shares[top + left], shares[top + right], fract(across));
    let below = mix(shares[bottom + left], shares[bottom + right], fract(across));
    let share = mix(above, below, fract(down));
    if (share > 0.0) {
        let side = sides[min(y / CELL, ROWS - 1u) * COLUMNS + min(x / CELL, COLUMNS - 1u)];
        let word = mix(mask[at], side.x, side.y);
        let clear = clamp((alpha[at] - HAZE) / (1.0 - 2.0 * HAZE), 0.0, 1.0);
        alpha[at] = HAZE + (1.0 - 2.0 * HAZE) * mix(clear, word, share);
    }
}
