// Weights of a convolution for its kernels, once for a model: [block of outputs][channel and tap][output of the block],
// then the biases; zeros fill the last block up.
// Expects element(at) over [output][channel and tap], bias(at) and `output`.
const OUTPUTS = 16u; // #uniform
const INNER = 9u; // #uniform, channels of a group times taps
const BLOCK = 4u; // #uniform
const COUNT = 160u; // #uniform, with the biases
const ROW = 192u; // #uniform
const BODY = (OUTPUTS + BLOCK - 1u) / BLOCK * BLOCK * INNER;

alias Number = f32; // in memory

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let at = id.x + id.y * ROW;
    if (at >= COUNT) {
        return;
    }
    var value = 0.0;
    if (at < BODY) {
        let channel = at / (BLOCK * INNER) * BLOCK + at % BLOCK;
        if (channel < OUTPUTS) {
            value = element(channel * INNER + (at / BLOCK) % INNER);
        }
    } else if (at - BODY < OUTPUTS) {
        value = bias(at - BODY);
    }
    output[at] = Number(value);
}
