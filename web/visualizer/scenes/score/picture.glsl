// A disc that turns with time: the angle is when, the distance from the middle is how high. It is read on top. Around its
// rim stands how loud it was and will be, a bar a moment.

const float INNER = 0.26, OUTER = 0.78, RIM = 0.835;
const float LOW_NOTE = 33.0, HIGH_NOTE = 93.0;
const float BARS_A_TURN = 200.0;
const float BACK = 6.0, AHEAD = 4.2; // seconds that are in sight

vec4 rim(float far, float when, float radians, float room) {
  float moment = turn_time / BARS_A_TURN, ago = when / radians;
  float middle = (floor((time - ago) / moment) + 0.5) * moment;
  float since = time - middle;
  float away = abs(when - since * radians) * far - 0.3 * moment * radians * far;
  float there = smoothstep(room, room * 0.8, abs(since)) * smoothstep(BACK, BACK - 0.6, since) * smoothstep(AHEAD, AHEAD - 0.6, -since);
  float level = curve(LEVEL, since), bass = curve(BASS, since);
  float high = 0.008 + 0.13 * level * there;
  float bar = inside(away) * inside(far - RIM - high) * inside(RIM - far) * step(0.0, middle) * step(middle, duration);
  vec3 tint = mix(mix(body, light, clamp((far - RIM) / 0.13, 0.0, 1.0)), spark, 0.8 * exp(-abs(since) * 5.0));
  float played = since > 0.0 ? 0.55 + 0.25 * exp(-since) : 0.4;
  return lit(tint, bar * there * (played + 0.3 * bass + 0.6 * exp(-abs(since) * 6.0)));
}

vec4 picture(vec2 at) {
  float far = length(at);
  float when = atan(at.x, at.y); // 0 on top, clockwise positive
  float radians = 2.0 * PI / turn_time;
  float room = 0.44 * turn_time;
  float on_disc = inside(far - OUTER - 0.035) * (1.0 - inside(far - INNER + 0.03));

  // The disc: grooves, and spokes where bars and beats lie.
  vec4 colour = lit(mix(deep, body, 0.2), 0.36 * exp(-max(far - OUTER, 0.0) * 4.0) * (0.4 + 0.6 * curve(LOUD)));
  float groove = 0.5 + 0.5 * cos((far - INNER) / (OUTER - INNER) * (HIGH_NOTE - LOW_NOTE) / 12.0 * 2.0 * PI);
  colour = over(lit(deep, on_disc * (0.2 + 0.12 * pow(groove, 12.0))), colour);
  colour = over(lit(body, 0.5 * inside(abs(far - OUTER - 0.035) - 0.0016)), colour);
  if (far > RIM - 0.01) colour = over(rim(far, when, radians, room), colour);
  for (int i = 0; i < counts.z; i++) {
    vec4 b = beat(i);
    float spoke = -b.x * radians; // later is still to come: to the left
    if (abs(b.x) > room) continue;
    float away = abs(when - spoke) * far, fade = smoothstep(room, room * 0.8, abs(b.x));
    colour = over(lit(mix(body, light, 0.3), on_disc * fade * (b.y == 1.0 ? 0.32 : 0.1) * inside(away - 0.0012)), colour);
  }

  // The comb on top, and the cover in the middle.
  float comb = inside(abs(at.x) - 0.0018) * step(0.0, at.y) * on_disc;
  float sheen = glow(at.x, 0.02) * step(0.0, at.y) * on_disc;
  colour = over(lit(light, comb * (0.55 + 0.4 * curve(LEVEL)) + sheen * (0.05 + 0.12 * curve(LEVEL))), colour);
  float hub = INNER - 0.055 + 0.012 * curve(PULSE);
  vec2 inner = turned(time * 0.25 * motion) * at / hub;
  vec4 middle = cover_ratio > 0.0 ? cover(inner) : vec4(mix(deep, body, 0.35 + 0.25 * inner.y) * (0.7 + 0.3 * cos(length(inner) * 40.0)), 1.0);
  colour = over(middle * inside(far - hub), colour);
  return over(lit(heat(0.4 + 0.4 * curve(PULSE)), 0.85 * inside(abs(far - hub) - 0.004)), colour);
}
