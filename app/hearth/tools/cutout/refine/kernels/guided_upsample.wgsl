// Alpha at full size from functions of colour at every pixel of the small copy, interpolated bilinearly: four bytes an
// invocation. He, Sun, "Fast Guided Filter", 2015.
// Expects `functions`: vec4<f32>; `pixels`: RGBA in 4 bytes; `output`: four alphas in 4 bytes.
const WIDTH = 8u; // #uniform
const HEIGHT = 8u; // #uniform
const SMALL_WIDTH = 4u; // #uniform
const SMALL_HEIGHT = 4u; // #uniform
const ROW = 64u; // #uniform

// The two places around part `at` of `length` among `small`, and how near it is to the second.
fn between(at: u32, small: u32, length: u32) -> vec3<f32> {
    // Twice the place times the length is a whole number: (2 at + 1) small - length.
    let twice = clamp(i32((2u * at + 1u) * small) - i32(length), 0, i32(2u * length * (small - 1u)));
    let first = twice / i32(2u * length);
    return vec3<f32>(f32(first), f32(min(first + 1, i32(small) - 1)), f32(twice - first * i32(2u * length)) / f32(2u * length));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let word = id.x + id.y * ROW;
    var found = 0u;
    if (word * 4u >= WIDTH * HEIGHT) {
        return;
    }
    for (var i = 0u; i < 4u; i++) {
        let at = min(word * 4u + i, WIDTH * HEIGHT - 1u);
        let across = between(at % WIDTH, SMALL_WIDTH, WIDTH);
        let down = between(at / WIDTH, SMALL_HEIGHT, HEIGHT);
        let above = u32(down.x) * SMALL_WIDTH;
        let below = u32(down.y) * SMALL_WIDTH;
        let upper = mix(functions[above + u32(across.x)], functions[above + u32(across.y)], across.z);
        let lower = mix(functions[below + u32(across.x)], functions[below + u32(across.y)], across.z);
        let pixel = vec4<f32>(unpack4x8unorm(pixels[at]).xyz, 1.0) * 255.0;
        found |= u32(clamp(dot(mix(upper, lower, down.z), pixel) + 0.5, 0.0, 255.0)) << (8u * i);
    }
    output[word] = found;
}
