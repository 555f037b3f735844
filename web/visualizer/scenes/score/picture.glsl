// A disc that turns with time: the angle is when, the distance from the middle is how high. It is read on top.

const float INNER = 0.26, OUTER = 0.93;
const float LOW_NOTE = 28.0, HIGH_NOTE = 100.0;

vec4 picture(vec2 at) {
  float far = length(at);
  float when = atan(at.x, at.y); // 0 on top, clockwise positive
  float radians = 2.0 * PI / turn_time;
  float room = 0.44 * turn_time;
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

  // The comb on top, and the cover in the middle.
  float comb = inside(abs(at.x) - 0.0018) * step(0.0, at.y) * on_disc;
  colour = over(lit(light, comb * (0.55 + 0.4 * curve(LEVEL))), colour);
  float hub = INNER - 0.055 + 0.012 * curve(PULSE);
  vec2 inner = turned(time * 0.25 * motion) * at / hub;
  vec4 middle = cover_ratio > 0.0 ? cover(inner) : vec4(mix(deep, body, 0.35 + 0.25 * inner.y) * (0.7 + 0.3 * cos(length(inner) * 40.0)), 1.0);
  colour = over(middle * inside(far - hub), colour);
  return over(lit(heat(0.4 + 0.4 * curve(PULSE)), 0.85 * inside(abs(far - hub) - 0.004)), colour);
}
