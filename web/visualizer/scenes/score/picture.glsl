// A disc that turns with time: the angle is when, the distance from the middle is how high. It is read on top.

const float INNER = 0.26, OUTER = 0.93;
const float LOW_NOTE = 28.0, HIGH_NOTE = 100.0;

float ring_of(float pitch) { return mix(INNER, OUTER, clamp((pitch - LOW_NOTE) / (HIGH_NOTE - LOW_NOTE), 0.0, 1.0)); }

// Distance to an arc of notes, from `start` to `end` in radians around the middle, at a radius.
float arc_away(vec2 polar, float start, float end, float radius) {
  float off = max(max(start - polar.x, polar.x - end), 0.0);
  return length(vec2(off * polar.y, polar.y - radius));
}

vec4 picture(vec2 at) {
  float far = length(at);
  float when = atan(at.x, at.y); // 0 on top, clockwise positive
  float radians = 2.0 * PI / turn_time;
  float room = 0.44 * turn_time, thick = 0.0075 + 0.001 * curve(LEVEL);
  vec2 polar = vec2(when, far);
  float on_disc = inside(far - OUTER - 0.04) * (1.0 - inside(far - INNER + 0.03));

  // The disc: grooves, and spokes where bars and beats lie.
  vec4 colour = lit(deep, 0.3 * exp(-max(far - OUTER, 0.0) * 5.0) * (0.4 + 0.6 * curve(LOUD)));
  float groove = 0.5 + 0.5 * cos((far - INNER) / (OUTER - INNER) * (HIGH_NOTE - LOW_NOTE) / 12.0 * 2.0 * PI);
  colour = over(lit(deep, on_disc * (0.2 + 0.12 * pow(groove, 12.0))), colour);
  for (int i = 0; i < counts.z; i++) {
    vec4 b = beat(i);
    float spoke = -b.x * radians; // later is still to come: to the left
    if (abs(b.x) > room) continue;
    float away = abs(when - spoke) * far, fade = smoothstep(room, room * 0.8, abs(b.x));
    colour = over(lit(mix(body, light, 0.3), on_disc * fade * (b.y == 1.0 ? 0.32 : 0.1) * inside(away - 0.0012)), colour);
  }

  // Notes.
  float bright = 0.0;
  vec3 tint = vec3(0.0);
  float shape_now = 0.0;
  for (int i = 0; i < counts.x; i++) {
    vec4 n = note(i);
    if (n.x > room) break;
    if (n.y < -room) continue;
    float radius = ring_of(n.z);
    if (abs(far - radius) > 0.07) continue;
    float begin = max(n.x, -room), finish = min(n.y, room);
    float away = arc_away(polar, -finish * radians, -begin * radians, radius) - thick * (0.55 + 0.6 * n.w);
    float fade = smoothstep(room, room * 0.75, min(abs(n.x), abs(n.y)));
    float ringing = n.x <= 0.0 ? (n.y > 0.0 ? 1.0 : exp(n.y * 3.0)) : 0.0;
    float pitch = (n.z - LOW_NOTE) / (HIGH_NOTE - LOW_NOTE);
    vec3 own = mix(mix(body, light, clamp(pitch, 0.0, 1.0)), spark, 0.75 * ringing * exp(min(n.x, 0.0) * 1.5));
    float solid = inside(away) * fade;
    float around = exp(-max(away, 0.0) * 46.0) * fade;
    float amount = solid * (0.6 + 0.5 * n.w + 0.7 * ringing) + around * (0.12 + 0.55 * ringing * n.w);
    tint += own * amount;
    bright += amount;
    shape_now = max(shape_now, max(solid, around * mix(1.0, 0.3, dark)));
    // Where it is struck, a ring of light leaves.
    if (n.x <= 0.0 && n.x > -1.2) {
      float grown = length(at - vec2(0.0, radius)) - 0.02 + n.x * 0.22;
      tint += own * n.w * 0.4 * exp(n.x * 4.0) * glow(grown, 0.006);
    }
  }
  colour = over(vec4(tint, clamp(shape_now, 0.0, 1.0)), colour);

  // The comb on top, and the cover in the middle.
  float comb = inside(abs(at.x) - 0.0018) * step(0.0, at.y) * on_disc;
  colour = over(lit(light, comb * (0.55 + 0.4 * curve(LEVEL))), colour);
  float hub = INNER - 0.055 + 0.012 * curve(PULSE);
  vec2 inner = turned(time * 0.25 * motion) * at / hub;
  vec4 middle = cover_ratio > 0.0 ? cover(inner) : vec4(mix(deep, body, 0.35 + 0.25 * inner.y) * (0.7 + 0.3 * cos(length(inner) * 40.0)), 1.0);
  colour = over(middle * inside(far - hub), colour);
  return over(lit(heat(0.4 + 0.4 * curve(PULSE)), 0.85 * inside(abs(far - hub) - 0.004)), colour);
}
