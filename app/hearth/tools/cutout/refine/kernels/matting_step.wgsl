// One step of conjugate gradients: along the direction as far as it pays, and the sum for the next direction.
// Expects `direction`, `product`, `diagonal`; `residuals` and `curvatures`: sums of workgroups; `alpha` and `residual` to
// be changed, `sums` to be written.
const COUNT = 64u; // #uniform
const ROW = 256u; // #uniform
const GROUPS = 1u; // #uniform

var<workgroup> partial: array<vec2<f32>, 256>;

fn added(lane: u32) {
    workgroupBarrier();
    for (var step = 128u; step > 0u; step /= 2u) {
        if (lane < step) {
            partial[lane] += partial[lane + step];
        }
        workgroupBarrier();
    }
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    var own = vec2<f32>();
    for (var i = lane; i < GROUPS; i += 256u) {
        own += vec2<f32>(residuals[i], curvatures[i]);
    }
    partial[lane] = own;
    added(lane);
    let whole = partial[0];
    workgroupBarrier();
    let far = select(0.0, whole.x / whole.y, whole.y > 0.0);
    let at = id.x + id.y * ROW;
    var term = 0.0;
    if (at < COUNT) {
        alpha[at] = fma(far, direction[at], alpha[at]);
        let rest = fma(-far, product[at], residual[at]);
        residual[at] = rest;
        term = rest * rest / diagonal[at];
    }
    partial[lane] = vec2<f32>(term, 0.0);
    added(lane);
    if (lane == 0u) {
        sums[group.x + group.y * (ROW / 256u)] = partial[0].x;
    }
}
