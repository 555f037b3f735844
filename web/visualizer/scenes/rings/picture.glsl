// Bars of the spectrum around a disc, mirrored left and right, low notes at the foot; older moments ripple outwards.

const float DISC = 0.36;

vec4 disc(vec2 at, float radius) {
  float away = length(at) - radius;
  vec2 spun = turned(-time * 0.12 * motion) * at / radius;
  vec4 inner;
  if (cover_ratio > 0.0) {
    inner = cover(at / radius);
  } else {
    float grooves = 0.5 + 0.5 * sin(length(at) / radius * 90.0);
    float shine = pow(abs(dot(normalize(spun + 1e-5), vec2(0.8, 0.6))), 12.0);
    vec3 colour = mix(deep, body, 0.25 + 0.5 * length(spun) * length(spun)) * (0.55 + 0.12 * grooves) + light * shine * 0.25;
    float label = inside(length(at) - radius * 0.34);
    colour = mix(colour, mix(body, light, 0.35 + 0.5 * curve(PULSE)), label);
    colour *= 1.0 - 0.8 * inside(length(at) - radius * 0.045);
    inner = vec4(colour, 1.0);
  }
  vec4 rim = lit(heat(0.5 + 0.5 * curve(PULSE)), 0.9 * inside(abs(away) - 0.006));
  return over(rim, inner * inside(away));
}

vec4 picture(vec2 at) {
  float swell = 1.0 + 0.14 * curve(BASS) + 0.03 * curve(PULSE);
  float radius = DISC * swell;
  float far = length(at);
  float angle = atan(abs(at.x), -at.y) / PI; // 0 at the foot, 1 on top
  float cell = floor(angle * bars) / bars, inner = fract(angle * bars) - 0.5;
  float x = pow(cell + 0.5 / bars, 1.25);

  // The bars.
  float level = band(x);
  level *= 0.5 + 0.5 * level;
  float root = radius + 0.035, reach = 0.03 + 0.56 * level * (0.75 + 0.25 * curve(ENERGY));
  float arc = inner / bars * PI * far; // distance along the circle from the bar's middle
  float broad = 0.34 / bars * PI * root;
  vec2 side = vec2(abs(arc) - broad * 0.55, max(root - far, far - root - reach));
  float away = length(max(side, 0.0)) + min(max(side.x, side.y), 0.0) - broad * 0.35;
  float along = clamp((far - root) / max(reach, 1e-3), 0.0, 1.0);
  vec4 colour = lit(heat(0.15 + 0.75 * along * level + 0.2 * level), (0.8 + 0.7 * level * along) * inside(away));
  colour = over(colour, lit(body, 0.22 * glow(max(away, 0.0), 0.03) * level));

  // Echoes: where the bars reached, moving away.
  for (int i = 1; i <= 5; i++) {
    float ago = float(i) * 0.16;
    float was = band(x, ago);
    float line = root + 0.09 + ago * 0.75 + 0.42 * was * was;
    float strength = trails * was * exp(-ago * 2.4) * 0.8;
    colour = over(colour, lit(mix(body, deep, ago), strength * inside(abs(far - line) - 0.0035)));
  }

  // Rings that leave with the beats.
  for (int i = 0; i < counts.z; i++) {
    vec4 b = beat(i);
    float age = -b.x;
    if (age < 0.0 || age > 2.2) continue;
    float line = radius + 0.04 + age * 0.75;
    float strength = exp(-age * 2.0) * (b.y == 1.0 ? 0.55 : 0.26);
    colour = over(colour, lit(light, strength * glow(far - line, b.y == 1.0 ? 0.012 : 0.006) * smoothstep(0.0, 0.1, age)));
  }

  // Light behind it all.
  float aura = exp(-max(far - radius, 0.0) * 3.2) * (0.1 + 0.3 * curve(LEVEL) + 0.18 * curve(FLASH));
  colour = over(colour, lit(mix(deep, body, 0.5), aura));
  return over(disc(at, radius), colour);
}
