// The dark that the sparks fly into: a core that breathes with the bass, and shells that the strong onsets leave.

vec4 picture(vec2 at) {
  float far = length(at);
  float core = 0.1 + 0.07 * curve(BASS);
  vec4 colour = lit(mix(deep, body, 0.4), 0.3 * exp(-far * 1.9) * (0.3 + 0.7 * curve(LOUD)));
  colour = over(colour, lit(heat(0.35 + 0.4 * curve(LEVEL)), 0.7 * glow(far, core) * (0.25 + 0.75 * curve(LEVEL))));
  float ripple = noise(at * 3.0 + vec2(0.0, time * 0.2 * motion));
  for (int i = 0; i < counts.y; i++) {
    vec4 o = onset(i);
    float age = -o.x;
    if (age < 0.0) break;
    if (age > 1.8 || o.y < 0.5) continue;
    float shell = 0.08 + force * 0.95 * (1.0 - exp(-age * 1.5));
    float strength = o.y * exp(-age * 3.0) * smoothstep(0.0, 0.06, age);
    colour = over(colour, lit(light, 0.16 * strength * glow(far - shell + ripple * 0.03, 0.012)));
  }
  return colour;
}
