// A recurrent layer over all its steps: one workgroup for a direction and a batch, which keeps the state to itself.
// Expects `gates` [direction][step][batch][gate][unit]: the inputs' share and the biases; `weights` [direction][unit of
// the state][gate][unit]; first_h(at), first_c(at), late(at); `output` [step][direction][batch][unit], `last_h` and
// `last_c` [direction][batch][unit]; the activations squash(x), bend(x), unfold(x).
const HIDDEN = 16u;
const GATES = 4u; // 1: RNN; 3: GRU (update, reset, new); 4: LSTM (input, output, forget, new)
const LATE = false; // GRU: the reset works on the state's product with the weights instead of on the state
const STEPS = 2u; // #uniform
const BATCH = 1u; // #uniform
const DIRECTIONS = 1u; // #uniform
const BACKWARD = 0u; // #uniform, the first direction that runs from the end
const THREADS = 64u;
const ROWS = GATES * HIDDEN;
const STATE_ROWS = select(ROWS, 2u * HIDDEN, GATES == 3u && !LATE); // those that multiply the state as it is

var<workgroup> h: array<f32, HIDDEN>;
var<workgroup> sums: array<f32, ROWS>;
// #if GATES == 4
var<workgroup> c: array<f32, HIDDEN>;
// #end
// #if GATES == 3 && !LATE
var<workgroup> kept: array<f32, HIDDEN>;
// #end

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let direction = group.y;
    let own = (direction * BATCH + group.x) * HIDDEN;
    let matrix = direction * HIDDEN * ROWS;
    for (var j = lane; j < HIDDEN; j += THREADS) {
        h[j] = first_h(own + j);
        // #if GATES == 4
        c[j] = first_c(own + j);
        // #end
    }
    workgroupBarrier();
    for (var s = 0u; s < STEPS; s++) {
        let t = select(s, STEPS - 1u - s, direction >= BACKWARD);
        let given = ((direction * STEPS + t) * BATCH + group.x) * ROWS;
        for (var r = lane; r < STATE_ROWS; r += THREADS) {
            var sum = 0.0;
            for (var k = 0u; k < HIDDEN; k++) {
                sum = fma(weights[matrix + k * ROWS + r], h[k], sum);
            }
            sums[r] = sum;
        }
        workgroupBarrier();
        // #if GATES == 3 && !LATE
        for (var j = lane; j < HIDDEN; j += THREADS) {
            kept[j] = squash(gates[given + HIDDEN + j] + sums[HIDDEN + j]) * h[j];
        }
        workgroupBarrier();
        for (var j = lane; j < HIDDEN; j += THREADS) {
            var sum = 0.0;
            for (var k = 0u; k < HIDDEN; k++) {
                sum = fma(weights[matrix + k * ROWS + 2u * HIDDEN + j], kept[k], sum);
            }
            sums[2u * HIDDEN + j] = sum;
        }
        workgroupBarrier();
        // #end
        for (var j = lane; j < HIDDEN; j += THREADS) {
            let first = gates[given + j] + sums[j];
            // #if GATES == 1
            h[j] = squash(first);
            // #end
            // #if GATES == 3
            let update = squash(first);
            // #if LATE
            let reset = squash(gates[given + HIDDEN + j] + sums[HIDDEN + j]);
            let fresh = bend(gates[given + 2u * HIDDEN + j] + reset * (sums[2u * HIDDEN + j] + late(direction * 2u * ROWS + ROWS + 2u * HIDDEN + j)));
            // #else
            let fresh = bend(gates[given + 2u * HIDDEN + j] + sums[2u * HIDDEN + j]);
            // #end
            h[j] = mix(fresh, h[j], update);
            // #end
            // #if GATES == 4
            let out = squash(gates[given + HIDDEN + j] + sums[HIDDEN + j]);
            let forget = squash(gates[given + 2u * HIDDEN + j] + sums[2u * HIDDEN + j]);
            let fresh = bend(gates[given + 3u * HIDDEN + j] + sums[3u * HIDDEN + j]);
            c[j] = fma(forget, c[j], squash(first) * fresh);
            h[j] = out * unfold(c[j]);
            // #end
            output[((t * DIRECTIONS + direction) * BATCH + group.x) * HIDDEN + j] = h[j];
        }
        workgroupBarrier();
    }
    for (var j = lane; j < HIDDEN; j += THREADS) {
        last_h[own + j] = h[j];
        // #if GATES == 4
        last_c[own + j] = c[j];
        // #end
    }
}
