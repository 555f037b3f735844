// A workgroup reduces LENGTH elements that lie together to one.
// Expects `output`, value(at), finish(value, at), and of the reduction: START and combine(a, b).
const LENGTH = 256u; // #uniform
const COUNT = 1u; // #uniform, results
const ROW = 1u; // #uniform, workgroups along x
const THREADS = 64u;

var<workgroup> partial: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let at = group.x + group.y * ROW;
    var own = START;
    if (at < COUNT) {
        for (var i = lane; i < LENGTH; i += THREADS) {
            own = combine(own, value(at * LENGTH + i));
        }
    }
    partial[lane] = own;
    workgroupBarrier();
    for (var step = THREADS / 2u; step > 0u; step /= 2u) {
        if (lane < step) {
            partial[lane] = combine(partial[lane], partial[lane + step]);
        }
        workgroupBarrier();
    }
    if (lane == 0u && at < COUNT) {
        output[at] = finish(partial[0], at);
    }
}
