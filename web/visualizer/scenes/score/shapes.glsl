// One note: an arc of the disc. What `shade` needs to know travels as the tint: radius, half of the arc in radians,
// how far from the rim of sight it is and how it rings (as whole and part), its strength.

const float FIRST_RING = 0.29, LAST_RING = 0.78, FROM_NOTE = 33.0, TO_NOTE = 93.0;

float place_of(float pitch) { return clamp((pitch - FROM_NOTE) / (TO_NOTE - FROM_NOTE), 0.0, 1.0); }

Shape shape(int index) {
  vec4 n = note(index);
  Shape s;
  s.centre = vec2(9.0);
  s.halves = vec2(0.0);
  s.turn = 0.0;
  s.tint = vec4(0.0);
  float room = 0.44 * turn_time, radians = 2.0 * PI / turn_time;
  float begin = max(n.x, -room), end = min(n.y, room);
  if (end < -room || begin > room) return s;
  float radius = mix(FIRST_RING, LAST_RING, place_of(n.z)), half_arc = max(end - begin, 0.02) * radians * 0.5;
  float ringing = n.x <= 0.0 ? (n.y > 0.0 ? 1.0 : exp(n.y * 3.0)) : 0.0;
  float seen_now = smoothstep(room, room * 0.75, min(abs(n.x), abs(n.y)));
  float struck = 0.75 * ringing * exp(min(n.x, 0.0) * 1.5);
  float middle = -(begin + end) * 0.5 * radians; // clockwise from the top
  float low = radius * cos(half_arc), wide = half_arc < PI * 0.5 ? radius * sin(half_arc) : radius, pad = 0.06;
  float out_there = (radius + low) * 0.5;
  s.centre = vec2(sin(middle), cos(middle)) * out_there;
  s.halves = vec2(wide + pad, (radius - low) * 0.5 + pad);
  s.turn = -middle;
  s.tint = vec4(radius, half_arc, floor(seen_now * 63.0) + min(struck, 0.99), floor(ringing * 63.0) + min(n.w, 0.99));
  return s;
}

vec4 shade(vec2 at, vec2 halves, vec4 tint) {
  float radius = tint.x, half_arc = tint.y;
  float seen_now = floor(tint.z) / 63.0, struck = fract(tint.z), ringing = floor(tint.w) / 63.0, strength = fract(tint.w);
  vec2 from = at * halves + vec2(0.0, radius * (1.0 + cos(half_arc)) * 0.5); // the disc's middle is 0
  float off = max(abs(atan(from.x, from.y)) - half_arc, 0.0), far = length(from);
  float away = length(vec2(off * far, far - radius)) - (0.0095 + 0.0015 * curve(LEVEL)) * (0.55 + 0.6 * strength);
  vec3 own = mix(mix(body, light, clamp((radius - FIRST_RING) / (LAST_RING - FIRST_RING), 0.0, 1.0)), spark, struck);
  float solid = inside(away) * seen_now;
  float around = exp(-max(away, 0.0) * 60.0) * seen_now * (1.0 - inside(away - 0.045)) ;
  around *= smoothstep(0.05, 0.02, away);
  float amount = solid * (0.6 + 0.5 * strength + 0.7 * ringing) + around * (0.12 + 0.55 * ringing * strength);
  return vec4(own * amount, max(solid, around * mix(1.0, 0.3, dark)));
}
