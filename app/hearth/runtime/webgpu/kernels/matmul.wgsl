// Batched matrix product of any size. A workgroup makes a TILE x TILE part of one product, an invocation 4x4 of it.
// Expects `output`, left(batch, m, k), right(batch, k, n), finish(value, at).
const M = 32u; // #uniform
const N = 32u; // #uniform
const K = 32u; // #uniform
const TILE = 32u;
const DEPTH = 16u;
const SIDE = TILE / 4u;
const THREADS = SIDE * SIDE;
const TURNS = TILE * DEPTH / THREADS;

var<workgroup> rows: array<f32, TILE * DEPTH>;
var<workgroup> columns: array<f32, TILE * DEPTH>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let m0 = group.y * TILE;
    let n0 = group.x * TILE;
    let row = lane / SIDE;
    let column = lane % SIDE;
    var sums: array<vec4<f32>, 4>;
    for (var first = 0u; first < K; first += DEPTH) {
        for (var i = 0u; i < TURNS; i++) {
            let e = lane + i * THREADS;
            let m = m0 + e / DEPTH;
            let k = first + e % DEPTH;
            let inside = m < M && k < K;
            rows[(e % DEPTH) * TILE + e / DEPTH] = select(0.0, left(group.z, select(0u, m, inside), select(0u, k, inside)), inside);
        }
        for (var i = 0u; i < TURNS; i++) {
            let e = lane + i * THREADS;
            let n = n0 + e % TILE;
            let k = first + e / TILE;
            let inside = n < N && k < K;
            columns[e] = select(0.0, right(group.z, select(0u, k, inside), select(0u, n, inside)), inside);
        }
        workgroupBarrier();
        for (var k = 0u; k < DEPTH; k++) {
            let at = k * TILE + column * 4u;
            let factor = vec4<f32>(columns[at], columns[at + 1u], columns[at + 2u], columns[at + 3u]);
            // #unroll
            for (var i = 0u; i < 4u; i++) {
                sums[i] = fma(vec4<f32>(rows[k * TILE + row * 4u + i]), factor, sums[i]);
            }
        }
        workgroupBarrier();
    }
    // #unroll
    for (var i = 0u; i < 4u; i++) {
        // #unroll
        for (var j = 0u; j < 4u; j++) {
            let m = m0 + row * 4u + i;
            let n = n0 + column * 4u + j;
            if (m < M && n < N) {
                let at = (group.z * M + m) * N + n;
                output[at] = finish(sums[i][j], at);
            }
        }
    }
}
