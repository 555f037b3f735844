// Batched product of few rows with a matrix: an invocation makes one element, SPLIT groups of the workgroup share K.
// Expects `output`, left(batch, m, k), right(batch, k, n), finish(value, at).
const M = 1u; // #uniform
const N = 32u; // #uniform
const K = 32u; // #uniform
const COLUMNS = 8u; // invocations side by side: a whole piece of a row at once, as memory comes
const SPLIT = 32u;

var<workgroup> partial: array<f32, COLUMNS * SPLIT>;

@compute @workgroup_size(COLUMNS * SPLIT)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let n = group.x * COLUMNS + lane % COLUMNS;
    let part = lane / COLUMNS;
    var sum = 0.0;
    if (n < N) {
        for (var k = part; k < K; k += SPLIT) {
            sum = fma(left(group.z, group.y, k), right(group.z, k, n), sum);
        }
    }
    partial[lane] = sum;
    workgroupBarrier();
    if (part > 0u || n >= N) {
        return;
    }
    for (var p = 1u; p < SPLIT; p++) {
        sum += partial[lane + p * COLUMNS];
    }
    let at = (group.z * M + group.y) * N + n;
    output[at] = finish(sum, at);
}
