// What the matting Laplacian needs of every window of 3x3, once: the Cholesky factor of its colours' covariance, its
// diagonal inverted, and its mean.
// Levin, Lischinski, Weiss, "A Closed-Form Solution to Natural Image Matting", 2008.
// Expects `picture`: vec4<f32>; `output`: three vec4<f32> a pixel, of the window around it; of those on the rim zeros.
const WIDTH = 8u; // #uniform
const HEIGHT = 8u; // #uniform
const ROW = 64u; // #uniform
const EPS = 0.000001;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= WIDTH * HEIGHT) {
        return;
    }
    let x = at % WIDTH;
    let y = at / WIDTH;
    if (x == 0u || y == 0u || x + 1u >= WIDTH || y + 1u >= HEIGHT) {
        output[3u * at] = vec4<f32>();
        output[3u * at + 1u] = vec4<f32>();
        output[3u * at + 2u] = vec4<f32>();
        return;
    }
    var mean = vec3<f32>();
    for (var i = 0u; i < 9u; i++) {
        mean += picture[at + (i / 3u) * WIDTH + i % 3u - WIDTH - 1u].rgb;
    }
    mean /= 9.0;
    var near = vec3<f32>(EPS); // the diagonal
    var far = vec3<f32>(); // red and green, red and blue, green and blue
    for (var i = 0u; i < 9u; i++) {
        let rest = picture[at + (i / 3u) * WIDTH + i % 3u - WIDTH - 1u].rgb - mean;
        near = fma(rest, rest, near);
        far = fma(rest.xxy, rest.yzz, far);
    }
    // Flat windows are nearly singular: an inverse written out would not even be positive.
    let over_red = inverseSqrt(near.x);
    let green_red = far.x * over_red;
    let blue_red = far.y * over_red;
    let over_green = inverseSqrt(max(near.y - EPS - green_red * green_red, 0.0) + EPS);
    let blue_green = (far.z - blue_red * green_red) * over_green;
    let over_blue = inverseSqrt(max(near.z - EPS - blue_red * blue_red - blue_green * blue_green, 0.0) + EPS);
    output[3u * at] = vec4<f32>(over_red, green_red, blue_red, over_green);
    output[3u * at + 1u] = vec4<f32>(blue_green, over_blue, 0.0, 0.0);
    output[3u * at + 2u] = vec4<f32>(mean, 1.0);
}
