// A keyboard at the foot, lanes above it; keys light up while their note sounds.

const float LOWEST = 21.0, KEYS = 88.0;
const int LATEST = 20; // notes that are looked at: more do not sound together

float keyboard_top() { return -extent.y + 0.34; }

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

vec4 picture(vec2 at) {
  float lane = (at.x / extent.x * 0.5 + 0.5) * KEYS, key = LOWEST + floor(lane), across = fract(lane) - 0.5;
  float top = keyboard_top();
  float lane_width = 2.0 * extent.x / KEYS;
  vec2 sounding = pressed(key);
  vec4 colour = vec4(0.0);

  if (at.y > top) {
    // Lanes: a breath of light above keys that sound.
    float high = at.y - top;
    float beam = sounding.x * exp(-high * 2.2) * (0.55 + 0.45 * exp(-sounding.y * 5.0));
    colour = lit(heat(0.35), 0.5 * beam * (1.0 - smoothstep(0.2, 0.5, abs(across))));
    if (mod(key, 12.0) == 0.0) colour = over(colour, lit(deep, 0.5 * inside(abs((across + 0.5) * lane_width) - 0.0015)));
    colour = over(colour, lit(deep, (black(key) ? 0.05 : 0.13)));
    // Bars of the music, coming down.
    float second = ahead / (extent.y - top), here = high * second, reach = 0.006 * second;
    int low = 0, last = counts.z;
    while (low < last) { // to the first beat that is not below this point
      int middle = (low + last) / 2;
      if (beat(middle).x < here - reach) low = middle + 1;
      else last = middle;
    }
    if (low < counts.z && beat(low).y == 1.0) {
      colour = over(lit(light, 0.13 * inside(abs(beat(low).x - here) / second - 0.0025)), colour);
    }
    colour = over(lit(light, (0.25 + 0.5 * curve(LEVEL)) * glow(high, 0.008)), colour);
  } else {
    float down = (top - at.y) / 0.34; // 0 at the top of the keys
    bool short_key = black(key);
    float gap = inside((0.46 - abs(across)) * -lane_width);
    vec3 ivory = mix(vec3(0.5, 0.47, 0.42), body, 0.12) * 0.8, ebony = ground * 0.4;
    vec3 tint = short_key && down < 0.62 ? ebony : ivory * (1.0 - 0.25 * down);
    float played = sounding.x;
    tint = mix(tint, heat(0.35 + 0.3 * played), clamp(played * 1.5, 0.0, 0.92));
    tint += light * 0.08 * exp(-down * 9.0) * curve(LEVEL);
    colour = vec4(mix(ground * 0.6, tint, short_key && down > 0.62 ? 1.0 : gap), 1.0);
    colour.rgb *= mix(1.0, 0.55, smoothstep(0.06, 0.0, down));
  }
  return colour;
}
