// One Jacobi step on the colours of subject and background that explain a picture: each pixel's two by least squares, the
// neighbours' held. Germer, Uelwer, Conrad, Harmeling, "Fast Multi-Level Foreground Estimation", 2020.
// Expects `picture`: vec4<f32>, colour and alpha; `subject`, `background`: vec4<f32>, as they were, WIDE pixels a row;
// `better_subject`, `better_background`: vec4<f32>.
const WIDTH = 8u; // #uniform
const HEIGHT = 8u; // #uniform
const WIDE = 8u; // #uniform
const HALVED = 0u; // #uniform, 1 where `subject` and `background` are half as large
const ROW = 64u; // #uniform
const SMOOTHNESS = 0.00001;
const STEEPNESS = 1.0;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= WIDTH * HEIGHT) {
        return;
    }
    let x = at % WIDTH;
    let y = at / WIDTH;
    let own = picture[at];
    let a = own.w;
    let b = 1.0 - a;
    var for_subject = a * own.rgb;
    var for_background = b * own.rgb;
    var total = 1e-12;
    for (var i = 0u; i < 4u; i++) {
        let column = x + select(0u, 1u, i == 1u) - select(0u, 1u, i == 0u);
        let row = y + select(0u, 1u, i == 3u) - select(0u, 1u, i == 2u);
        if (column < WIDTH && row < HEIGHT) {
            let weight = SMOOTHNESS + STEEPNESS * abs(a - picture[row * WIDTH + column].w);
            let place = (row >> HALVED) * WIDE + (column >> HALVED);
            total += weight;
            for_subject += weight * subject[place].rgb;
            for_background += weight * background[place].rgb;
        }
    }
    // The 2x2 matrix [[a a + total, a b], [a b, b b + total]], inverted.
    let scale = 1.0 / (total * (a * a + b * b + total));
    let first = (b * b + total) * scale;
    let second = (a * a + total) * scale;
    let mixed = -a * b * scale;
    better_subject[at] = vec4<f32>(clamp(first * for_subject + mixed * for_background, vec3<f32>(), vec3<f32>(1.0)), 1.0);
    better_background[at] = vec4<f32>(clamp(mixed * for_subject + second * for_background, vec3<f32>(), vec3<f32>(1.0)), 1.0);
}
