// Alpha at the size of a screen as Pillow brings it there: means of blocks, as `Image.reduce` makes them, then means of
// whole ones of these by its filter BOX, along x and then y, rounded each time; four bytes an invocation.
// Expects `whole`: four alphas in 4 bytes; `output`: the same.
const WIDTH = 8u; // #uniform
const HEIGHT = 8u; // #uniform
const SCREEN_WIDTH = 4u; // #uniform
const SCREEN_HEIGHT = 4u; // #uniform
const BLOCK_WIDTH = 1u; // #uniform
const BLOCK_HEIGHT = 1u; // #uniform
const ROW = 64u; // #uniform

// The first block whose middle lies in the part `at` of `parts` that share `length` pixels.
fn first(at: u32, parts: u32, block: u32, length: u32) -> u32 {
    return min((2u * at * length + block * parts) / (2u * block * parts), (length + block - 1u) / block);
}

fn mean(sum: u32, count: u32) -> u32 {
    return (2u * sum + count) / (2u * count);
}

fn block_at(column: u32, row: u32) -> u32 {
    let right = min((column + 1u) * BLOCK_WIDTH, WIDTH);
    let bottom = min((row + 1u) * BLOCK_HEIGHT, HEIGHT);
    var sum = 0u;
    for (var y = row * BLOCK_HEIGHT; y < bottom; y++) {
        for (var x = column * BLOCK_WIDTH; x < right; x++) {
            let at = y * WIDTH + x;
            sum += (whole[at / 4u] >> (8u * (at % 4u))) & 255u;
        }
    }
    return mean(sum, (right - column * BLOCK_WIDTH) * (bottom - row * BLOCK_HEIGHT));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let word = id.x + id.y * ROW;
    if (word * 4u >= SCREEN_WIDTH * SCREEN_HEIGHT) {
        return;
    }
    var found = 0u;
    for (var i = 0u; i < 4u; i++) {
        let at = min(word * 4u + i, SCREEN_WIDTH * SCREEN_HEIGHT - 1u);
        let x = at % SCREEN_WIDTH;
        let y = at / SCREEN_WIDTH;
        let left = first(x, SCREEN_WIDTH, BLOCK_WIDTH, WIDTH);
        let right = first(x + 1u, SCREEN_WIDTH, BLOCK_WIDTH, WIDTH);
        let top = first(y, SCREEN_HEIGHT, BLOCK_HEIGHT, HEIGHT);
        let bottom = first(y + 1u, SCREEN_HEIGHT, BLOCK_HEIGHT, HEIGHT);
        var sum = 0u;
        for (var row = top; row < bottom; row++) {
            var line = 0u;
            for (var column = left; column < right; column++) {
                line += block_at(column, row);
            }
            sum += mean(line, right - left);
        }
        found |= mean(sum, bottom - top) << (8u * i);
    }
    output[word] = found;
}
