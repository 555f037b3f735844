// Sheets of silk between two readings of the wave; the deeper ones follow the low end of the spectrum.

const float HEM = 0.09; // how far its light reaches

// Height of an edge of the silk; `k` counts edges from the back.
float edge(float x, float k, float still) {
  float part = (k + 0.5) / (strands + 1.0);
  float slow = time * 0.4 * motion;
  float drift = 0.55 * sin(x * 2.3 + k * 1.9 + slow) + 0.45 * sin(x * 3.9 - k * 2.7 - slow * 1.3 + seed * 9.0);
  float heard = soft_wave(0.5 * (x * (0.75 + 0.25 * part) + (part - 0.5) * 0.22)) * (0.25 + 0.75 * curve(LEVEL));
  float breath = band(0.05 + 0.8 * part, 0.02) * sin(x * 4.6 - k * 2.2 + slow * 2.9);
  return (part - 0.5) * 0.62 + still * (heard * 0.95 + breath * 0.3) + drift * sway * (0.12 + 0.34 * still);
}

vec4 picture(vec2 at) {
  float x = at.x / extent.x, still = cos(x * PI * 0.5);
  vec4 colour = lit(mix(deep, body, 0.3), 0.32 * exp(-abs(at.y) * 2.6) * (0.25 + 0.75 * curve(LOUD)));
  float reach = 2.0 / min(size.x, size.y);
  float low = edge(x, 0.0, still);
  for (float k = 0.0; k < 9.0; k++) {
    if (k >= floor(strands)) break;
    float high = edge(x, k + 1.0, still);
    float part = (k + 0.5) / strands;
    float top = max(low, high), foot = min(low, high);
    float steep = min(abs(dFdx(high) / dFdx(at.x)), 12.0);
    if (at.y < foot - HEM || at.y > top + HEM) { // nothing of it is seen here
      low = high;
      continue;
    }
    float within = smoothstep(-reach, reach, at.y - foot) * smoothstep(-reach, reach, top - at.y);
    float across = clamp((at.y - low) / (high - low + sign(high - low + 1e-6) * 1e-3), 0.0, 1.0);
    // Silk shines where it turns: thin where its edges meet.
    float turn = exp(-(top - foot) * 9.0);
    float fold = 0.5 + 0.5 * sin(across * PI * 2.0 + x * 4.0 + k + time * 0.3 * motion);
    vec3 tint = heat(clamp(0.12 + 0.62 * part + 0.2 * turn, 0.0, 1.0));
    float bright = 0.32 + 0.3 * fold * fold + 0.75 * turn * (0.4 + 0.6 * curve(LEVEL));
    float thick = within * mix(0.34, 0.72, turn);
    colour = over(vec4(tint * bright * thick, thick * mix(1.0, 0.8, dark)), colour);
    // The hem.
    float away = abs(at.y - high) / sqrt(1.0 + steep * steep);
    float spark_now = 0.45 + 0.55 * band(part * 0.9);
    colour = over(lit(heat(0.45 + 0.5 * part), (0.75 * inside(away - 0.0022) + 0.3 * exp(-away * 60.0) * smoothstep(HEM, 0.03, abs(at.y - high))) * spark_now), colour);
    low = high;
  }
  return colour;
}
