// The next direction of conjugate gradients; with FIRST the first one.
// Expects `residual`, `diagonal`, `now`: sums of workgroups; `direction` to be changed; without FIRST also `before`.
const COUNT = 64u; // #uniform
const ROW = 256u; // #uniform
const GROUPS = 1u; // #uniform
const FIRST = false;

var<workgroup> partial: array<vec2<f32>, 256>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let at = id.x + id.y * ROW;
    // #if FIRST
    if (at < COUNT) {
        direction[at] = residual[at] / diagonal[at];
    }
    // #else
    var own = vec2<f32>();
    for (var i = lane; i < GROUPS; i += 256u) {
        own += vec2<f32>(now[i], before[i]);
    }
    partial[lane] = own;
    workgroupBarrier();
    for (var step = 128u; step > 0u; step /= 2u) {
        if (lane < step) {
            partial[lane] += partial[lane + step];
        }
        workgroupBarrier();
    }
    let whole = partial[0];
    let kept = select(0.0, whole.x / whole.y, whole.y > 0.0);
    if (at < COUNT) {
        direction[at] = fma(kept, direction[at], residual[at] / diagonal[at]);
    }
    // #end
}
