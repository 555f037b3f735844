// The mean of the functions of nine windows, the border's repeated.
// Expects `functions` and `output`: vec4<f32>.
const WIDTH = 8u; // #uniform
const HEIGHT = 8u; // #uniform
const ROW = 64u; // #uniform

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= WIDTH * HEIGHT) {
        return;
    }
    let x = i32(at % WIDTH);
    let y = i32(at / WIDTH);
    var sum = vec4<f32>();
    for (var i = 0; i < 9; i++) {
        let row = clamp(y + i / 3 - 1, 0, i32(HEIGHT) - 1);
        let column = clamp(x + i % 3 - 1, 0, i32(WIDTH) - 1);
        sum += functions[u32(row) * WIDTH + u32(column)];
    }
    output[at] = sum / 9.0;
}
