// A small copy of a photo: every pixel the mean over the area that it covers, pixels on the rim by their part.
// Expects `pixels`: RGBA in 4 bytes; `output`: vec4<f32>, colours of 0..1.
const WIDTH = 8u; // #uniform, of the photo
const HEIGHT = 8u; // #uniform
const SMALL_WIDTH = 4u; // #uniform
const SMALL_HEIGHT = 4u; // #uniform
const ROW = 64u; // #uniform
const TRANSPARENT = false; // the photo is seen before grey

// How much of the place `at` part number `part` covers, of `parts` that share `length` places.
fn covered(at: u32, part: u32, parts: u32, length: u32) -> f32 {
    let low = max(part * length, at * parts);
    let high = min((part + 1u) * length, (at + 1u) * parts);
    return f32(high - low);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= SMALL_WIDTH * SMALL_HEIGHT) {
        return;
    }
    let x = at % SMALL_WIDTH;
    let y = at / SMALL_WIDTH;
    var sum = vec3<f32>();
    let last_row = ((y + 1u) * HEIGHT - 1u) / SMALL_HEIGHT;
    let last_column = ((x + 1u) * WIDTH - 1u) / SMALL_WIDTH;
    for (var row = y * HEIGHT / SMALL_HEIGHT; row <= last_row; row++) {
        var line = vec3<f32>();
        for (var column = x * WIDTH / SMALL_WIDTH; column <= last_column; column++) {
            let pixel = unpack4x8unorm(pixels[row * WIDTH + column]);
            var colour = pixel.rgb;
            // #if TRANSPARENT
            colour = mix(vec3<f32>(128.0 / 255.0), colour, pixel.a);
            // #end
            line = fma(colour, vec3<f32>(covered(column, x, SMALL_WIDTH, WIDTH)), line);
        }
        sum = fma(line, vec3<f32>(covered(row, y, SMALL_HEIGHT, HEIGHT)), sum);
    }
    output[at] = vec4<f32>(sum / (f32(WIDTH) * f32(HEIGHT)), 1.0);
}
