// The letters are vessels that the spectrum fills; behind them it stands as strings of light, and echoes leave with the beats.

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

// Strings that hang across the middle and swing out as far as their band sounds.
vec4 strings(vec2 at) {
  float spacing = 0.036, lane = at.x / spacing, x = (floor(lane) + 0.5) * spacing;
  float across = abs(x) / extent.x;
  float level = band(pow(across, 0.8) * 0.95);
  float reach = 0.03 + (0.25 + 0.75 * (1.0 - across * across)) * level * level * extent.y * 0.95;
  float away = abs(fract(lane) - 0.5) * spacing, far = abs(at.y) / reach;
  float along = smoothstep(1.0, 0.55, far) * (0.35 + 0.65 * min(far * 1.6, 1.0));
  vec4 colour = lit(mix(deep, body, 0.25), 0.42 * exp(-length(at / extent) * 2.2) * (0.3 + 0.7 * curve(LOUD)));
  colour = over(lit(mix(body, light, 0.55 * far), 0.75 * level * along * glow(away, 0.0022)), colour);
  vec2 tip = vec2(away, abs(at.y) - reach * 0.8);
  return over(lit(mix(light, spark, level), level * level * glow(length(tip), 0.0055)), colour);
}

vec4 picture(vec2 at) {
  float bend = bending * 0.05 * calm_wave(at.y) * curve(LEVEL);
  vec4 colour = strings(at);

  // Echoes, from the furthest to the nearest.
  for (int i = beat_from(-1.6); i < counts.z; i++) {
    vec4 b = beat(i);
    float age = -b.x;
    if (age < 0.0) break;
    float grown = 1.0 + age * 0.5;
    float strength = echoes * exp(-age * 2.4) * smoothstep(0.0, 0.08, age) * (b.y == 1.0 ? 0.6 : 0.28);
    float inner = letters(at, grown, bend), rim = inner * (1.0 - letters(at, grown * 1.012, bend)) + (1.0 - inner) * letters(at, grown * 0.988, bend);
    colour = over(lit(mix(light, body, min(age, 1.0)), strength * (0.85 * rim + 0.1 * inner)), colour);
  }

  // The letters, filled as high as their part of the spectrum sounds.
  float size_now = 1.0 + 0.022 * curve(PULSE) + 0.03 * curve(BASS);
  float filled = letters(at, size_now, bend);
  float halo = letters(at + vec2(0.004, -0.008), size_now * 1.02, bend);
  colour = over(lit(body, 0.3 * halo * (0.3 + 0.7 * curve(LEVEL))), colour);
  if (filled == 0.0) return colour;
  float level = band(clamp(abs(at.x) / extent.x, 0.0, 1.0));
  float flow = noise(vec2(at.x * 2.2 + 0.4 * time * motion, at.y * 1.8 - time * 0.5 * motion));
  float surface = -0.2 + 0.46 * level + 0.045 * flow + 0.03 * sin(at.x * 9.0 + time * 2.1 * motion);
  float wet = smoothstep(0.03, -0.03, at.y - surface), skin = glow(at.y - surface, 0.012) * level;
  vec3 empty = mix(body, light, 0.35 + 0.4 * clamp(at.y * 2.0 + 0.5, 0.0, 1.0)) * 0.62;
  vec3 full = mix(light, spark, clamp(0.25 + 0.5 * (at.y - surface + 0.4) + 0.25 * flow + 0.35 * curve(PULSE), 0.0, 1.0));
  vec3 tint = mix(empty, full, wet) + spark * skin * 0.7;
  return over(vec4(tint * filled * (0.78 + 0.22 * curve(ENERGY)), filled), colour);
}
