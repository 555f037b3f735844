// A keyboard at the foot, lanes above it; keys light up while their note sounds.

const float LOWEST = 21.0, KEYS = 88.0;
const float KEYS_HIGH = 0.34;
const int LATEST = 20; // notes that are looked at: more do not sound together

bool black(float key) {
  float place = mod(key, 12.0);
  return place == 1.0 || place == 3.0 || place == 6.0 || place == 8.0 || place == 10.0;
}

// How strongly a key sounds now, and how long ago it was struck.
vec2 pressed(float key) {
  vec2 found = vec2(0.0, 10.0);
  if (tone(max(key - 24.0, 0.0)) < 0.15) return found; // nothing sounds so high: most keys, soon told
  // Notes stand in the order in which they begin: the last one that has begun, and those before it.
  int low = 0, high = counts.x;
  while (low < high) {
    int middle = (low + high) / 2;
    if (note(middle).x > 0.0) high = middle;
    else low = middle + 1;
  }
  for (int i = low - 1; i >= max(low - LATEST, 0); i--) {
    vec4 n = note(i);
    if (n.z != key || n.y < -0.4) continue;
    float strength = n.w * (n.y > 0.0 ? 1.0 : exp(n.y * 9.0));
    if (strength > found.x) found = vec2(strength, -n.x);
  }
  return found;
}

vec4 lanes(float high, float key, float across, float lane_width, vec2 sounding, float tallest) {
  // Light that the strings give off: softly from whatever sounds, a beam from keys that are struck.
  float heard = tone(clamp(key - 24.0 + across, 0.0, 95.0));
  float soft = heard * heard * exp(-high * 3.2);
  float beam = sounding.x * exp(-high * 1.5) * (0.45 + 0.55 * exp(-sounding.y * 4.0)) * exp(-across * across * 9.0);
  vec4 colour = lit(mix(deep, body, 0.35), (0.16 + 0.5 * curve(LOUD)) * exp(-high * 1.9));
  colour = over(lit(mix(body, light, 0.3), 0.5 * soft), colour);
  colour = over(lit(mix(light, spark, 0.4), 0.85 * beam), colour);
  if (black(key)) colour.rgb *= 0.86;
  if (mod(key, 12.0) == 0.0) colour = over(lit(mix(deep, body, 0.4), 0.4 * inside(abs((across + 0.5) * lane_width) - 0.0012) * exp(-high * 0.8)), colour);

  // Beats coming down, bars brighter.
  float second = ahead / tallest, here = high * second;
  int next = beat_from(here);
  for (int i = max(next - 1, 0); i < min(next + 1, counts.z); i++) {
    float first = beat(i).y == 1.0 ? 1.0 : 0.0, away = abs(beat(i).x - here) / second;
    colour = over(lit(light, mix(0.05, 0.2, first) * inside(away - mix(0.001, 0.0018, first))), colour);
  }

  // Where they are struck: a line of light, and a flare over each key.
  float flare = sounding.x * exp(-sounding.y * 6.0);
  colour = over(lit(light, (0.35 + 0.6 * curve(LEVEL)) * glow(high, 0.006)), colour);
  return over(lit(spark, 1.3 * flare * glow(length(vec2(across * lane_width, high)), 0.03)), colour);
}

vec4 keyboard(float down, float key, float across, float lane_width, vec2 sounding) {
  bool short_key = black(key) && down < 0.62;
  float played = clamp(sounding.x * 1.6, 0.0, 1.0), edge = abs(across) * lane_width;
  vec3 tint;
  if (short_key) {
    float shine = smoothstep(0.5, 0.56, down) * 0.5 + 0.25 * smoothstep(0.3, 0.0, abs(across));
    tint = ground * 0.22 + mix(deep, light, 0.25) * shine * 0.14;
    tint *= smoothstep(0.5 * lane_width, 0.36 * lane_width, edge);
  } else {
    vec3 ivory = mix(vec3(0.62, 0.58, 0.52), light, 0.14) * mix(0.34, 0.78, smoothstep(0.0, 0.85, down));
    float seam = black(key) ? inside(edge - 0.0012) : (1.0 - inside(edge - lane_width * 0.5 + 0.0012)) * (black(key + sign(across)) ? 0.0 : 1.0);
    tint = ivory * (1.0 - 0.8 * seam) * (1.0 - 0.35 * smoothstep(0.93, 1.0, down));
  }
  // A struck key glows from the string down.
  tint = mix(tint, heat(0.3 + 0.4 * played) * mix(1.15, 0.6, down), played * (short_key ? 0.95 : 0.88));
  tint += mix(body, light, 0.5) * exp(-down * 7.0) * (0.12 + 0.4 * curve(LEVEL));
  return vec4(tint * smoothstep(0.0, 0.05, down + 0.02), 1.0);
}

vec4 picture(vec2 at) {
  float lane = (at.x / extent.x * 0.5 + 0.5) * KEYS, key = LOWEST + floor(lane), across = fract(lane) - 0.5;
  float lane_width = 2.0 * extent.x / KEYS, top = -extent.y + KEYS_HIGH;
  vec2 sounding = pressed(key);
  if (at.y > top) return lanes(at.y - top, key, across, lane_width, sounding, extent.y - top);
  return keyboard((top - at.y) / KEYS_HIGH, key, across, lane_width, sounding);
}
