// (L + pull) times a map where pixels are unknown, from the functions of `matting_fit.wgsl`, and a sum for each workgroup.
// FIRST: the residual that the map leaves, over the diagonal, and what conjugate gradients begin with.
// Expects `picture`, `windows`, `functions`, `plane`; `aims`: vec2<f32>, the pull, below zero where a pixel is known, and what
// it pulls to; `output`, `sums`; with FIRST also `diagonal` to be written.
const WIDTH = 8u; // #uniform
const HEIGHT = 8u; // #uniform
const ROW = 256u; // #uniform
const FIRST = false;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let at = id.x + id.y * ROW;
    var term = 0.0;
    if (at < WIDTH * HEIGHT) {
        let x = at % WIDTH;
        let y = at / WIDTH;
        let own = aims[at].x;
        let colour = picture[at].rgb;
        let value = plane[at];
        var product = 0.0;
        var steep = 1e-12;
        if (own >= 0.0) {
            for (var i = 0u; i < 9u; i++) {
                let row = y + i / 3u - 1u;
                let column = x + i % 3u - 1u;
                if (row < HEIGHT && column < WIDTH) {
                    let place = row * WIDTH + column;
                    let mean = windows[3u * place + 2u];
                    if (mean.w > 0.0) {
                        let fitted = functions[place];
                        let rest = colour - mean.rgb;
                        product += value - fitted.w - dot(fitted.xyz, rest);
                        // #if FIRST
                        let a = windows[3u * place];
                        let b = windows[3u * place + 1u];
                        let first = rest.r * a.x;
                        let second = (rest.g - a.y * first) * a.w;
                        let third = (rest.b - a.z * first - b.x * second) * b.y;
                        steep += 8.0 / 9.0 - first * first - second * second - third * third;
                        // #end
                    }
                }
            }
            // #if FIRST
            steep += own;
            product = own * (aims[at].y - value) - product;
            term = product * product / steep;
            // #else
            product += own * value;
            term = product * value;
            // #end
        }
        // #if FIRST
        diagonal[at] = steep;
        // #end
        output[at] = product;
    }
    partial[lane] = term;
    workgroupBarrier();
    for (var step = 128u; step > 0u; step /= 2u) {
        if (lane < step) {
            partial[lane] += partial[lane + step];
        }
        workgroupBarrier();
    }
    if (lane == 0u) {
        sums[group.x + group.y * (ROW / 256u)] = partial[0];
    }
}
