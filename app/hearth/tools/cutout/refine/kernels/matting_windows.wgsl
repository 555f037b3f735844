// What the matting Laplacian needs of every window of 3x3, once: the inverse of its colours' covariance and its mean.
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
    let xx = near.y * near.z - far.z * far.z;
    let xy = far.y * far.z - far.x * near.z;
    let xz = far.x * far.z - far.y * near.y;
    let yy = near.x * near.z - far.y * far.y;
    let yz = far.x * far.y - near.x * far.z;
    let zz = near.x * near.y - far.x * far.x;
    let scale = 1.0 / (near.x * xx + far.x * xy + far.y * xz);
    output[3u * at] = vec4<f32>(xx, xy, xz, yy) * scale;
    output[3u * at + 1u] = vec4<f32>(yz * scale, zz * scale, 0.0, 0.0);
    output[3u * at + 2u] = vec4<f32>(mean, 1.0);
}
