// Batched matrix product C[b] = A[b]^T B[b], A stored as [K][M], B as [K][N], all rows in vectors of four.
// A workgroup makes a BLOCK_M x BLOCK_N tile, an invocation THREAD_M x THREAD_N of it, in vectors of four that lie
// apart, so that neighbours read neighbouring vectors. SPLIT groups of the workgroup share K.
// Expects `a`, `b`, `output`: arrays of vec4<Number>.
const M = 64u; // #uniform, a multiple of BLOCK_M
const N = 64u; // #uniform, a multiple of 4
const K = 16u; // #uniform, a multiple of BLOCK_K * SPLIT
const BLOCK_M = 64u;
const BLOCK_N = 64u;
const BLOCK_K = 16u;
const THREAD_M = 8u;
const THREAD_N = 8u;
const SPLIT = 1u;
const UNROLL = 4u;
const HALVES = false; // whether Number is f16; sums over BLOCK_K are halves then, those over all of K are not
const COLUMNS = BLOCK_N / THREAD_N;
const ROWS = BLOCK_M / THREAD_M;
const LANES = COLUMNS * ROWS;
const THREADS = LANES * SPLIT;
const DEPTH = BLOCK_K * SPLIT;
const A_V = BLOCK_M / 4u;
const B_V = BLOCK_N / 4u;
const A_SIZE = DEPTH * A_V;
const B_SIZE = DEPTH * B_V;
const A_TURNS = (A_SIZE + THREADS - 1u) / THREADS;
const B_TURNS = (B_SIZE + THREADS - 1u) / THREADS;
const THREAD_MV = THREAD_M / 4u;
const THREAD_NV = THREAD_N / 4u;
const SUMS = THREAD_M * THREAD_NV;
const ROOM = max(B_SIZE / LANES, 1u); // sums an invocation can hand over at once

alias Number = f32; // in memory

var<workgroup> tile_a: array<vec4<Number>, A_SIZE>;
var<workgroup> tile_b: array<vec4<Number>, max(B_SIZE, LANES)>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let n0 = group.x * B_V;
    let m0 = group.y * A_V;
    let part = lane / LANES;
    let column = lane % COLUMNS;
    let row = (lane % LANES) / COLUMNS;
    var sums: array<vec4<f32>, SUMS>;
    var next_a: array<vec4<Number>, A_TURNS>;
    var next_b: array<vec4<Number>, B_TURNS>;
    for (var first = 0u; first <= K; first += DEPTH) {
        if (first < K) {
            // #unroll
            for (var i = 0u; i < A_TURNS; i++) {
                let e = lane + i * THREADS;
                if (e < A_SIZE) {
                    next_a[i] = a[(group.z * K + first + e / A_V) * (M / 4u) + m0 + e % A_V];
                }
            }
            // #unroll
            for (var i = 0u; i < B_TURNS; i++) {
                let e = lane + i * THREADS;
                if (e < B_SIZE && n0 + e % B_V < N / 4u) {
                    next_b[i] = b[(group.z * K + first + e / B_V) * (N / 4u) + n0 + e % B_V];
                }
            }
        }
        if (first > 0u) {
            // #if HALVES
            var near: array<vec4<f16>, SUMS>;
            // #unroll
            for (var s = 0u; s < SUMS; s++) {
                near[s] = vec4<f16>(0.0); // some compilers zero it before the loop only
            }
            // #end
            for (var step = 0u; step < BLOCK_K / UNROLL; step++) {
                let a_at = (part * BLOCK_K + step * UNROLL) * A_V + row;
                let b_at = (part * BLOCK_K + step * UNROLL) * B_V + column;
                // #unroll
                for (var u = 0u; u < UNROLL; u++) {
                    var left: array<vec4<Number>, THREAD_MV>;
                    var right: array<vec4<Number>, THREAD_NV>;
                    // #unroll
                    for (var i = 0u; i < THREAD_MV; i++) {
                        left[i] = tile_a[a_at + u * A_V + i * ROWS];
                    }
                    // #unroll
                    for (var j = 0u; j < THREAD_NV; j++) {
                        right[j] = tile_b[b_at + u * B_V + j * COLUMNS];
                    }
                    // #unroll
                    for (var i = 0u; i < THREAD_M; i++) {
                        // #unroll
                        for (var j = 0u; j < THREAD_NV; j++) {
                            // #if HALVES
                            near[i * THREAD_NV + j] = fma(vec4<f16>(left[i / 4][i % 4]), right[j], near[i * THREAD_NV + j]);
                            // #else
                            sums[i * THREAD_NV + j] = fma(vec4<f32>(left[i / 4][i % 4]), right[j], sums[i * THREAD_NV + j]);
                            // #end
                        }
                    }
                }
            }
            // #if HALVES
            // #unroll
            for (var s = 0u; s < SUMS; s++) {
                sums[s] += vec4<f32>(near[s]);
            }
            // #end
        }
        workgroupBarrier();
        if (first < K) {
            // #unroll
            for (var i = 0u; i < A_TURNS; i++) {
                if (lane + i * THREADS < A_SIZE) {
                    tile_a[lane + i * THREADS] = next_a[i];
                }
            }
            // #unroll
            for (var i = 0u; i < B_TURNS; i++) {
                if (lane + i * THREADS < B_SIZE) {
                    tile_b[lane + i * THREADS] = next_b[i];
                }
            }
        }
        workgroupBarrier();
    }
    // #if SPLIT > 1
    let own = lane % LANES;
    for (var p = 1u; p < SPLIT; p++) {
        // #unroll
        for (var s = 0u; s < SUMS; s += ROOM) {
            if (part == p) {
                // #unroll
                for (var i = s; i < min(s + ROOM, SUMS); i++) {
                    tile_b[own + (i - s) * LANES] = vec4<Number>(sums[i]);
                }
            }
            workgroupBarrier();
            if (part == 0u) {
                // #unroll
                for (var i = s; i < min(s + ROOM, SUMS); i++) {
                    sums[i] += vec4<f32>(tile_b[own + (i - s) * LANES]);
                }
            }
            workgroupBarrier();
        }
    }
    if (part > 0u) {
        return;
    }
    // #end
    // #unroll
    for (var j = 0u; j < THREAD_NV; j++) {
        let n = n0 + column + j * COLUMNS;
        if (n < N / 4u) {
            // #unroll
            for (var i = 0u; i < THREAD_M; i++) {
                let m = m0 * 4u + (row + (i / 4) * ROWS) * 4u + i % 4;
                output[(group.z * M + m) * (N / 4u) + n] = vec4<Number>(sums[i * THREAD_NV + j]);
            }
        }
    }
}
