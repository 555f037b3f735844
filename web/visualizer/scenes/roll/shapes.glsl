// One note: a rounded bar of glass over its key, as long as it lasts.

const float AROUND = 0.03; // room for its halo

Shape shape(int index) {
  vec4 n = note(index);
  float top = -extent.y + 0.34, height = extent.y - top, lane = 2.0 * extent.x / 88.0;
  float start = max(top + n.x / ahead * height, top), end = top + n.y / ahead * height;
  Shape s;
  s.turn = 0.0;
  if (n.y < 0.0 || n.x > ahead + 0.1) {
    s.halves = vec2(0.0);
    return s;
  }
  float x = -extent.x + (n.z - 21.0 + 0.5) * lane;
  float edge = max(lane * 0.5, 0.018);
  s.halves = vec2(edge * 0.92 + AROUND, max((end - start) * 0.5, 0.006) + AROUND);
  s.centre = vec2(x, (start + end) * 0.5);
  float sounding = step(n.x, 0.0);
  float struck = sounding * exp(n.x * 4.0);
  float pitch = clamp((n.z - 30.0) / 66.0, 0.0, 1.0);
  vec3 colour = mix(mix(body, light, pitch), spark, 0.55 * struck) * (0.55 + 0.55 * n.w + sounding * 0.5 + struck * 0.9);
  float near = 1.0 - smoothstep(0.75, 1.0, (start - top) / height);
  s.tint = vec4(colour, near);
  return s;
}

vec4 shade(vec2 at, vec2 halves, vec4 tint) {
  vec2 place = at * halves, room = halves - AROUND;
  float corner = min(min(room.x, room.y), 0.016);
  vec2 side = abs(place) - room + corner;
  float away = length(max(side, 0.0)) + min(max(side.x, side.y), 0.0) - corner;
  float filled = inside(away);
  float rim = glow(away + 0.002, 0.003), sheen = smoothstep(0.7, -1.0, place.y / room.y); // brighter at its beginning
  float halo = 0.34 * exp(-max(away, 0.0) * 110.0) * smoothstep(AROUND, AROUND * 0.5, away) * (1.0 - filled);
  float bright = filled * (0.42 + 0.38 * sheen + 0.75 * rim) + halo;
  return vec4(tint.rgb * bright, max(filled * 0.94, halo * mix(1.0, 0.3, dark))) * tint.a;
}
