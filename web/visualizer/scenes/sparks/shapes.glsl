// A spark belongs to an onset and flies by its age alone; the last ones are dust that drifts all the time.

const int HANDFUL = 120;
const int DUST = 1200; // of all
const float TRAIL = 0.085; // seconds of its path that a spark shows

Shape nothing() {
  Shape s;
  s.centre = vec2(9.0);
  s.halves = vec2(0.0);
  s.turn = 0.0;
  s.tint = vec4(0.0);
  return s;
}

// A direction in space, evenly over the sphere.
vec3 direction(vec3 dice) {
  float z = dice.x * 2.0 - 1.0, angle = dice.y * 2.0 * PI;
  return vec3(sqrt(1.0 - z * z) * vec2(cos(angle), sin(angle)), z);
}

Shape dust(int index) {
  Shape s = nothing();
  vec3 dice = chances(uint(index) + 70000u);
  float depth = 0.4 + 1.6 * chance(uint(index) + 90000u);
  vec2 place = dice.xy * 2.0 - 1.0 + vec2(0.012, 0.02) * (dice.z - 0.3) * time * motion / depth;
  s.centre = (fract(place * 0.5 + 0.5) * 2.0 - 1.0) * (extent + 0.05);
  float level = band(dice.z);
  // Most are fine; a few are near, large and out of focus.
  float blur = chance(uint(index) + 50000u) > 0.94 ? 4.5 : 1.0;
  s.halves = vec2(0.0025 + 0.0035 * level) * (1.4 / depth) * blur;
  s.tint = vec4(mix(body, light, dice.z) * (0.12 + 1.1 * level * level) / mix(1.0, blur, 0.8), 1.0);
  return s;
}

Shape shape(int index) {
  if (index < DUST) return dust(index);
  int spark_index = index - DUST, owner = spark_index / HANDFUL;
  Shape s = nothing();
  // The youngest onset first, so that those who fly are never crowded out.
  int last = counts.y - 1;
  while (last >= 0 && onset(last).x > 0.0) last--;
  owner = last - owner;
  if (owner < 0) return s;
  vec4 o = onset(owner);
  float age = -o.x;
  uint own = scramble(uint(o.z) * 977u + uint(spark_index % HANDFUL));
  vec3 dice = chances(own);
  float life = 0.7 + 2.4 * dice.z * dice.z;
  if (age > life) return s;
  float left = 1.0 - age / life;
  vec3 heading = direction(dice);
  float speed = force * (0.7 + 1.9 * o.y) * (0.25 + 0.75 * chance(own ^ 0x5bd1u));
  float flown = speed * (1.0 - exp(-age * 2.1)) / 2.1, was = speed * (1.0 - exp(-max(age - TRAIL, 0.0) * 2.1)) / 2.1;
  float spin = swirl * age * (0.5 + 0.4 * heading.z) * (mod(o.z, 2.0) * 2.0 - 1.0);
  vec3 now = vec3(turned(spin) * heading.xy, heading.z) * (0.09 + flown);
  vec3 before = vec3(turned(spin - swirl * TRAIL * 0.4) * heading.xy, heading.z) * (0.09 + was);
  now.y -= 0.05 * age * age;
  before.y -= 0.05 * (age - TRAIL) * (age - TRAIL);
  float near = 1.0 / (1.6 - now.z);
  vec2 seen = now.xy * near * 1.6, seen_before = before.xy / (1.6 - before.z) * 1.6;
  vec2 path = seen - seen_before;
  float run = length(path);
  s.centre = (seen + seen_before) * 0.5;
  float thick = (0.0032 + 0.003 * o.y) * near * 1.6;
  s.halves = vec2(run * 0.5 + thick * 2.0, thick * 2.0);
  s.turn = run > 1e-5 ? atan(path.y, path.x) : 0.0;
  s.tint = vec4(heat(clamp(left * 1.1 + 0.1 * dice.x, 0.0, 1.0)) * (0.35 + 1.5 * o.y) * left * smoothstep(0.0, 0.04, age), 1.0);
  return s;
}

vec4 shade(vec2 at, vec2 halves, vec4 tint) {
  vec2 place = at * halves;
  float away = length(vec2(max(abs(place.x) - halves.x + halves.y, 0.0), place.y)) / halves.y;
  float tail = mix(0.04, 1.0, pow(at.x * 0.5 + 0.5, 1.6));
  float amount = exp(-away * away * 5.0) * tail * smoothstep(1.0, 0.8, away);
  return vec4(tint.rgb * amount, amount * tint.a);
}
