// The letters are a stencil: what is behind shines through them, echoes of them leave with the beats.

// A reading of the wave that is calm enough to bend letters with.
float calm_wave(float y) {
  float sum = 0.0;
  for (int i = -3; i <= 3; i++) sum += wave(y * 0.35 + float(i) * 0.012);
  return sum / 7.0;
}

float letters(vec2 at, float size_now, float bend) {
  vec2 place = at / size_now + vec2(bend, 0.0);
  return any(greaterThan(abs(place), extent)) ? 0.0 : words(place).a;
}

vec4 picture(vec2 at) {
  float bend = bending * 0.05 * calm_wave(at.y) * curve(LEVEL);
  // Rows of the spectrum behind, seen through blinds.
  float blinds = 44.0, line = (at.y / extent.y * 0.5 + 0.5) * blinds;
  float x = (floor(line) + 0.5) / blinds;
  float level = band(x * 0.95), reach = level * level * extent.x * 0.98;
  float slat = smoothstep(0.5, 0.38, abs(fract(line) - 0.5));
  float ends = inside(abs(at.x) - reach);
  vec4 colour = lit(mix(deep, body, 0.25 + 0.3 * level), 0.36 * slat * ends * (0.3 + 0.7 * abs(at.x) / extent.x));
  colour = over(colour, lit(deep, 0.5 * exp(-length(at) * 1.1) * (0.4 + 0.6 * curve(LOUD))));

  // Echoes, from the furthest to the nearest.
  for (int i = 0; i < counts.z; i++) {
    vec4 b = beat(i);
    float age = -b.x;
    if (age < 0.0) break;
    if (age > 1.6) continue;
    float grown = 1.0 + age * 0.5;
    float strength = echoes * exp(-age * 2.4) * smoothstep(0.0, 0.08, age) * (b.y == 1.0 ? 0.6 : 0.28);
    float inner = letters(at, grown, bend), rim = inner * (1.0 - letters(at, grown * 1.012, bend)) + (1.0 - inner) * letters(at, grown * 0.988, bend);
    colour = over(lit(mix(light, body, min(age, 1.0)), strength * (0.85 * rim + 0.1 * inner)), colour);
  }

  // The letters, filled with what sounds.
  float size_now = 1.0 + 0.022 * curve(PULSE) + 0.03 * curve(BASS);
  float filled = letters(at, size_now, bend);
  float across = abs(at.x) / extent.x;
  float height = at.y / extent.y;
  float flow = 0.5 + 0.5 * noise(vec2(at.x * 1.4, at.y * 1.4 - time * 0.35 * motion));
  float heard = band(clamp(across, 0.0, 1.0));
  vec3 tint = mix(mix(light, body, clamp(0.5 - height, 0.0, 1.0)), spark, clamp(heard * 0.75 + 0.35 * flow * curve(LEVEL) + 0.4 * curve(PULSE), 0.0, 1.0));
  tint = mix(tint, tint * (0.7 + 0.5 * flow), 0.5);
  float halo = letters(at + vec2(0.004, -0.008), size_now * 1.02, bend);
  colour = over(lit(body, 0.35 * halo * (0.3 + 0.7 * curve(LEVEL))), colour);
  return over(vec4(tint * filled * (0.8 + 0.3 * curve(ENERGY)), filled), colour);
}
