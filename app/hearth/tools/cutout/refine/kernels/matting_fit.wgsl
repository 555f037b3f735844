// A map as a linear function of colour in every window of 3x3: what the matting Laplacian takes away from it.
// Expects `picture`, `windows` as `matting_windows.wgsl` makes them, `plane`: f32; `output`: vec4<f32> a window,
// three slopes and the mean.
const WIDTH = 8u; // #uniform
const COUNT = 64u; // #uniform
const ROW = 64u; // #uniform

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= COUNT) {
        return;
    }
    let mean = windows[3u * at + 2u];
    if (mean.w == 0.0) {
        output[at] = vec4<f32>();
        return;
    }
    var sum = 0.0;
    var product = vec3<f32>();
    for (var i = 0u; i < 9u; i++) {
        let place = at + (i / 3u) * WIDTH + i % 3u - WIDTH - 1u;
        let value = plane[place];
        sum += value;
        product = fma(picture[place].rgb - mean.rgb, vec3<f32>(value), product);
    }
    let a = windows[3u * at];
    let b = windows[3u * at + 1u];
    let first = product.r * a.x;
    let second = (product.g - a.y * first) * a.w;
    let blue = (product.b - a.z * first - b.x * second) * b.y * b.y;
    let green = (second - b.x * blue) * a.w;
    output[at] = vec4<f32>((first - a.z * blue - a.y * green) * a.x, green, blue, sum / 9.0);
}
