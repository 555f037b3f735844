// Sparks that crackle out of the fire with each onset and ride the hot air.

const int HANDFUL = 60;

Shape shape(int index) {
  Shape s;
  s.centre = vec2(9.0);
  s.halves = vec2(0.0);
  s.turn = 0.0;
  s.tint = vec4(0.0);
  int last = counts.y - 1;
  while (last >= 0 && onset(last).x > 0.0) last--;
  int owner = last - index / HANDFUL;
  if (owner < 0) return s;
  vec4 o = onset(owner);
  float age = -o.x;
  uint own = scramble(uint(o.z) * 613u + uint(index % HANDFUL) + 31337u);
  vec3 dice = chances(own);
  float life = 0.8 + 2.6 * dice.y;
  if (age > life || dice.z > 0.3 + 0.7 * o.y) return s;
  float left = 1.0 - age / life;
  float speed = 0.35 + 0.75 * chance(own ^ 0x9e37u) * (0.5 + o.y);
  float risen = speed * (1.0 - exp(-age * 0.9)) / 0.9 * 1.25;
  float sway = noise(vec2(age * 1.4 + dice.x * 40.0, dice.y * 9.0)) * 0.22 * age;
  float x = (dice.x - 0.5) * 1.1 * min(extent.x, 1.25) * (0.7 + 0.2 * age) + sway + wind * 0.35 * risen * risen;
  s.centre = vec2(x, -extent.y + 0.12 + risen);
  float thick = (0.004 + 0.004 * dice.y) * (0.5 + 0.5 * left);
  s.halves = vec2(thick, thick * (1.4 + 1.6 * exp(-age * 2.0)));
  float flicker = 0.7 + 0.3 * noise(vec2(age * 9.0, dice.z * 50.0));
  s.tint = vec4(heat(clamp(left * 1.1, 0.0, 1.0)) * (0.5 + o.y) * left * flicker * smoothstep(0.0, 0.05, age), 1.0);
  return s;
}

vec4 shade(vec2 at, vec2 halves, vec4 tint) {
  float away = dot(at, at);
  float amount = exp(-away * 3.5) * smoothstep(1.0, 0.75, away);
  return vec4(tint.rgb * amount, amount * tint.a);
}
