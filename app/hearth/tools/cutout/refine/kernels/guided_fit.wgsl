// Alpha as a linear function of colour in the window of 3x3 around every pixel, the border's pixels repeated.
// He, Sun, Tang, "Guided Image Filtering", 2010.
// Expects `picture`, `alpha`, whose haze is cleared and which is clipped to 0..1; `output`: vec4<f32>, slopes and offset.
const WIDTH = 8u; // #uniform
const HEIGHT = 8u; // #uniform
const ROW = 64u; // #uniform
const EPS = 0.0001;
const HAZE = 0.01;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= WIDTH * HEIGHT) {
        return;
    }
    let x = i32(at % WIDTH);
    let y = i32(at / WIDTH);
    var values: array<vec4<f32>, 9>;
    var mean = vec4<f32>();
    for (var i = 0; i < 9; i++) {
        let row = clamp(y + i / 3 - 1, 0, i32(HEIGHT) - 1);
        let column = clamp(x + i % 3 - 1, 0, i32(WIDTH) - 1);
        let place = u32(row) * WIDTH + u32(column);
        values[i] = vec4<f32>(picture[place].rgb, clamp((alpha[place] - HAZE) / (1.0 - 2.0 * HAZE), 0.0, 1.0));
        mean += values[i];
    }
    mean /= 9.0;
    var near = vec3<f32>(9.0 * EPS);
    var far = vec3<f32>();
    var joint = vec3<f32>();
    for (var i = 0; i < 9; i++) {
        let rest = values[i] - mean;
        near = fma(rest.xyz, rest.xyz, near);
        far = fma(rest.xxy, rest.yzz, far);
        joint = fma(rest.xyz, vec3<f32>(rest.w), joint);
    }
    let first = vec3<f32>(near.y * near.z - far.z * far.z, far.y * far.z - far.x * near.z, far.x * far.z - far.y * near.y);
    let second = vec3<f32>(first.y, near.x * near.z - far.y * far.y, far.x * far.y - near.x * far.z);
    let third = vec3<f32>(first.z, second.z, near.x * near.y - far.x * far.x);
    let slopes = vec3<f32>(dot(first, joint), dot(second, joint), dot(third, joint)) / dot(first, vec3<f32>(near.x, far.xy));
    output[at] = vec4<f32>(slopes, mean.w - dot(slopes, mean.xyz));
}
