// Means over cells of CELL x CELL pixels, by which areas in doubt are told apart.
// Expects `picture`: vec4<f32>; `mask` and `alpha`, whose haze is cleared and which is clipped to 0..1: f32;
// `output`: two vec4<f32> a cell: colour and mask; alpha, its square, alpha as it is.
const WIDTH = 8u; // #uniform
const COLUMNS = 2u; // #uniform, of cells
const COUNT = 4u; // #uniform, of cells
const CELL = 4u;
const ROW = 64u; // #uniform
const HAZE = 0.01;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= COUNT) {
        return;
    }
    var colour = vec4<f32>();
    var found = vec4<f32>();
    for (var i = 0u; i < CELL * CELL; i++) {
        let place = (at / COLUMNS * CELL + i / CELL) * WIDTH + at % COLUMNS * CELL + i % CELL;
        let clear = clamp((alpha[place] - HAZE) / (1.0 - 2.0 * HAZE), 0.0, 1.0);
        colour += vec4<f32>(picture[place].rgb, mask[place]);
        found += vec4<f32>(clear, clear * clear, alpha[place], 0.0);
    }
    output[2u * at] = colour / f32(CELL * CELL);
    output[2u * at + 1u] = found / f32(CELL * CELL);
}
