// The cutout at the size of a screen, straight RGBA in 4 bytes, with the subject's own colours. Photo and alpha are brought
// there as by Pillow: means of blocks, as `Image.reduce` makes them, then means of whole ones of these by its filter BOX,
// along x and then y, rounded each time. Colours are cleaned as `Colours.clean` does it.
// Expects `pixels`: RGBA in 4 bytes; `whole`: four alphas in 4 bytes; `subject`, `background`: vec4<f32>, colours of 0..1.
const WIDTH = 8u; // #uniform
const HEIGHT = 8u; // #uniform
const SMALL_WIDTH = 4u; // #uniform
const SMALL_HEIGHT = 4u; // #uniform
const SCREEN_WIDTH = 4u; // #uniform
const SCREEN_HEIGHT = 4u; // #uniform
const BLOCK_WIDTH = 1u; // #uniform
const BLOCK_HEIGHT = 1u; // #uniform
const ROW = 64u; // #uniform

// The first block whose middle lies in the part `at` of `parts` that share `length` pixels.
fn first(at: u32, parts: u32, block: u32, length: u32) -> u32 {
    return min((2u * at * length + block * parts) / (2u * block * parts), (length + block - 1u) / block);
}

fn mean(sum: vec4<u32>, count: u32) -> vec4<u32> {
    return (2u * sum + vec4<u32>(count)) / vec4<u32>(2u * count);
}

// Colour and alpha.
fn block_at(column: u32, row: u32) -> vec4<u32> {
    let right = min((column + 1u) * BLOCK_WIDTH, WIDTH);
    let bottom = min((row + 1u) * BLOCK_HEIGHT, HEIGHT);
    var sum = vec4<u32>();
    for (var y = row * BLOCK_HEIGHT; y < bottom; y++) {
        for (var x = column * BLOCK_WIDTH; x < right; x++) {
            let at = y * WIDTH + x;
            let colour = (vec3<u32>(pixels[at]) >> vec3<u32>(0u, 8u, 16u)) & vec3<u32>(255u);
            sum += vec4<u32>(colour, (whole[at / 4u] >> (8u * (at % 4u))) & 255u);
        }
    }
    return mean(sum, (right - column * BLOCK_WIDTH) * (bottom - row * BLOCK_HEIGHT));
}

// The two places around part `at` of `length` among `small`, and how near it is to the second.
fn between(at: u32, small: u32, length: u32) -> vec3<f32> {
    let twice = clamp(i32((2u * at + 1u) * small) - i32(length), 0, i32(2u * length * (small - 1u)));
    let first = twice / i32(2u * length);
    return vec3<f32>(f32(first), f32(min(first + 1, i32(small) - 1)), f32(twice - first * i32(2u * length)) / f32(2u * length));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= SCREEN_WIDTH * SCREEN_HEIGHT) {
        return;
    }
    let x = at % SCREEN_WIDTH;
    let y = at / SCREEN_WIDTH;
    let left = first(x, SCREEN_WIDTH, BLOCK_WIDTH, WIDTH);
    let right = first(x + 1u, SCREEN_WIDTH, BLOCK_WIDTH, WIDTH);
    let top = first(y, SCREEN_HEIGHT, BLOCK_HEIGHT, HEIGHT);
    let bottom = first(y + 1u, SCREEN_HEIGHT, BLOCK_HEIGHT, HEIGHT);
    var sum = vec4<u32>();
    for (var row = top; row < bottom; row++) {
        var line = vec4<u32>();
        for (var column = left; column < right; column++) {
            line += block_at(column, row);
        }
        sum += mean(line, right - left);
    }
    let found = mean(sum, bottom - top);
    if (found.w == 0u) {
        output[at] = 0u;
        return;
    }
    var colour = found.xyz;
    if (found.w < 255u) {
        let across = between(x, SMALL_WIDTH, SCREEN_WIDTH);
        let down = between(y, SMALL_HEIGHT, SCREEN_HEIGHT);
        let above = u32(down.x) * SMALL_WIDTH;
        let below = u32(down.y) * SMALL_WIDTH;
        let l = u32(across.x);
        let r = u32(across.y);
        let f = 255.0 * mix(mix(subject[above + l], subject[above + r], across.z), mix(subject[below + l], subject[below + r], across.z), down.z).xyz;
        let b = 255.0 * mix(mix(background[above + l], background[above + r], across.z), mix(background[below + l], background[below + r], across.z), down.z).xyz;
        let a = f32(found.w) / 255.0;
        let clean = f + a * (vec3<f32>(colour) - a * f - (1.0 - a) * b);
        colour = vec3<u32>(clamp(clean + 0.5, vec3<f32>(), vec3<f32>(255.0)));
    }
    output[at] = colour.x | (colour.y << 8u) | (colour.z << 16u) | (found.w << 24u);
}
