// Sheets of silk between two readings of the wave; the deeper ones follow the low end of the spectrum.

// The wave without its grain: readings around a place, weighted as a hill; 0.1 s over the whole width.
float soft_wave(float x) {
  float sum = 0.0;
  for (int i = -3; i <= 3; i++) sum += wave(x * 0.5 + float(i) * 0.0065) * float(4 - abs(i));
  return sum / 16.0;
}

// Height of an edge of the silk; `k` counts edges from the back.
float edge(float x, float k) {
  float part = (k + 0.5) / (strands + 1.0);
  float still = cos(clamp(x, -1.0, 1.0) * PI * 0.5);
  float drift = noise(vec2(x * 0.9 + k * 0.35, time * 0.16 * motion + k * 1.7));
  float heard = soft_wave(x * (0.75 + 0.25 * part) + (part - 0.5) * 0.22) * (0.25 + 0.75 * curve(LEVEL));
  float breath = band(0.05 + 0.8 * part, 0.02) * noise(vec2(x * 1.6 - k * 0.9, time * 0.5 * motion - k));
  return (part - 0.5) * 0.62 + still * (heard * 0.95 + breath * 0.3) + drift * sway * (0.12 + 0.34 * still);
}

vec4 picture(vec2 at) {
  float x = at.x / extent.x;
  vec4 colour = lit(mix(deep, body, 0.3), 0.32 * exp(-abs(at.y) * 2.6) * (0.25 + 0.75 * curve(LOUD)));
  float reach = 2.0 / min(size.x, size.y);
  float low = edge(x, 0.0);
  for (float k = 0.0; k < 9.0; k++) {
    if (k >= floor(strands)) break;
    float high = edge(x, k + 1.0);
    float part = (k + 0.5) / strands;
    float top = max(low, high), foot = min(low, high);
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
    float steep = dFdx(high) / dFdx(at.x);
    float away = abs(at.y - high) / sqrt(1.0 + steep * steep);
    float spark_now = 0.45 + 0.55 * band(part * 0.9);
    colour = over(lit(heat(0.45 + 0.5 * part), (0.75 * inside(away - 0.0022) + 0.3 * exp(-away * 60.0)) * spark_now), colour);
    low = high;
  }
  return colour;
}
