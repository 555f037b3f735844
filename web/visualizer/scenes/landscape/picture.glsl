// Rows of hills from the nearest to the furthest; the first one that reaches up to a point hides all behind it.

const float APART = 0.12; // seconds between two rows
const int HILLS = 36;
const float HORIZON = 0.16;

float slope_at(float x) { return smoothstep(wide_valley * 0.4, wide_valley + 0.5, abs(x)); }

// A row rises out of the ground as it comes in under the eye.
float hill(float x, float ago, float row_number) {
  float away = abs(x), slope = slope_at(x);
  float level = band(pow(clamp((away - wide_valley * 0.5) / 2.2, 0.0, 1.0), 0.8) * 0.92, ago);
  float rough = 0.5 + 0.3 * sin(x * 7.3 + row_number * 1.7) + 0.2 * sin(x * 13.1 - row_number * 2.9);
  float risen = smoothstep(0.0, 5.0 * APART, ago);
  return risen * relief * (slope * (level * level * 0.95 + 0.16 * rough) + level * 0.1 * (1.0 - slope));
}

vec4 sky(vec2 at) {
  float high = at.y - HORIZON;
  vec4 colour = lit(mix(deep, body, exp(-high * 3.0)), 0.62 * exp(-max(high, 0.0) * 2.3) * (0.45 + 0.55 * curve(LOUD)));
  vec2 cell = floor(at * 38.0);
  vec2 star = (chances(uint(int(cell.x) + 500) * 3001u + uint(int(cell.y) + 500)).xy - 0.5) * 0.8;
  float shine = chance(ivec2(cell) + 9000);
  float twinkle = 0.5 + 0.5 * sin(time * (1.0 + 3.0 * shine) * motion + shine * 90.0);
  float dot_size = length(fract(at * 38.0) - 0.5 - star) / 38.0;
  colour = over(colour, lit(spark, step(0.92, shine) * dark * (0.35 + 0.5 * twinkle * curve(TREBLE)) * glow(dot_size, 0.0013) * smoothstep(0.1, 0.5, high)));
  // The sun, in bands.
  float radius = 0.36 + 0.05 * curve(BASS) + 0.012 * curve(PULSE);
  vec2 from = at - vec2(0.0, HORIZON + 0.25);
  float away = length(from) - radius;
  float low = clamp(0.5 - from.y / radius * 0.5, 0.0, 1.0);
  float slit = low > 0.42 ? smoothstep(0.0, 0.06, abs(fract(low * 11.0 - time * 0.1 * motion) - 0.5) - 0.42 * (low - 0.42)) : 1.0;
  vec3 tint = mix(spark, mix(light, body, smoothstep(0.3, 1.0, low)), smoothstep(0.0, 0.5, low));
  float disc = inside(away) * slit;
  colour = over(vec4(tint * disc * (0.75 + 0.3 * curve(ENERGY)), disc), colour);
  return over(colour, lit(light, 0.32 * exp(-max(away, 0.0) * 5.5) * (0.35 + 0.65 * curve(LEVEL)) * (1.0 - disc)));
}

vec4 picture(vec2 at) {
  if (at.y > HORIZON + relief * 0.6) return sky(at);
  float beat_now = floor(time / APART), passed_row = time / APART - beat_now;
  for (int i = 0; i < HILLS; i++) {
    float place = float(i) + passed_row, ago = place * APART;
    float depth = 1.0 + place * 0.16; // the eye is at 0
    float foot = HORIZON - (HORIZON + 1.05) / depth;
    float x = at.x * depth, slope = slope_at(x);
    if (at.y > foot + relief * mix(0.1, 1.11, slope) / depth + 0.02) continue; // no hill is so high here
    float row_number = beat_now - float(i);
    float top = foot + hill(x, ago, row_number) / depth;
    if (at.y > top + 0.02) continue;
    float rise = (hill(x + 0.02, ago, row_number) - (top - foot) * depth) / 0.02;
    float away = (at.y - top) / sqrt(1.0 + rise * rise);
    float far = float(i) / float(HILLS), appear = smoothstep(0.0, 2.0, place);
    float fog = (1.0 - far) * (1.0 - far);
    float height = clamp((top - foot) * depth, 0.0, 1.0);
    vec4 ridge = lit(heat(clamp(0.12 + height * 1.15, 0.0, 1.0)), (0.85 * inside(abs(away) - 0.0016) + 0.28 * glow(away, 0.007)) * fog * appear * (0.45 + 0.9 * height));
    if (at.y > top) {
      if (inside(abs(away) - 0.0016) > 0.5) return ridge;
      continue;
    }
    float under = (top - at.y) * depth;
    vec3 rock = mix(ground, mix(deep, body, height * 0.5), (0.55 * exp(-under * 4.5) + 0.06) * (0.35 + 0.65 * fog) * (0.3 + 0.7 * appear));
    vec3 haze = mix(deep, body, 0.45) * (0.2 + 0.35 * curve(LOUD));
    return over(ridge, vec4(mix(rock, haze, far * far * 0.8), 1.0));
  }
  return sky(at);
}
