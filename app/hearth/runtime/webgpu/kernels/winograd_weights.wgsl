// Winograd F(4x4, 3x3), weights: U = G g G^T of every 3x3 kernel, once for a model.
// Layout of the result: [36][input channel][output channel].
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015; points 0, 1, -1, 2, -2.
// Expects element(at) over [output][input][3][3] and `output`.
const CHANNELS = 16u; // #uniform
const OUTPUTS = 16u; // #uniform
const ROW = 256u; // #uniform

alias Number = f32; // in memory

fn spread(a: f32, b: f32, c: f32) -> array<f32, 6> {
    let even = a + c;
    let far = a + 4.0 * c;
    return array<f32, 6>(0.25 * a, (even + b) / -6.0, (b - even) / 6.0, (far + 2.0 * b) / 24.0, (far - 2.0 * b) / 24.0, c);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= CHANNELS * OUTPUTS) {
        return;
    }
    let source = ((at % OUTPUTS) * CHANNELS + at / OUTPUTS) * 9u;
    let left = spread(element(source), element(source + 3u), element(source + 6u));
    let middle = spread(element(source + 1u), element(source + 4u), element(source + 7u));
    let right = spread(element(source + 2u), element(source + 5u), element(source + 8u));
    // #unroll
    for (var i = 0u; i < 6u; i++) {
        let row = spread(left[i], middle[i], right[i]);
        // #unroll
        for (var j = 0u; j < 6u; j++) {
            output[(i * 6u + j) * CHANNELS * OUTPUTS + at] = Number(row[j]);
        }
    }
}
