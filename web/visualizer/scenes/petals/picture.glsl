// Layers of a flower, each folded into petals; a layer reads its own part of the spectrum.

vec4 picture(vec2 at) {
  float far = length(at), petals = floor(fold);
  float swell = 1.0 + 0.16 * curve(BASS) + 0.03 * curve(PULSE);
  vec4 colour = lit(mix(deep, body, 0.3), 0.5 * exp(-far * 1.3) * (0.35 + 0.65 * curve(LOUD)));
  for (float k = 0.0; k < 6.0; k++) {
    if (k >= floor(bloom_depth)) break;
    float part = k / floor(bloom_depth); // 0 for the outermost layer
    float layer = (1.05 - 0.78 * part) * swell;
    float spin = (time * 0.09 * motion * (mod(k, 2.0) * 2.0 - 1.0)) + k * PI / petals + 0.22 * sin(time * 0.21 * motion + k);
    vec2 from = turned(spin) * at;
    float angle = atan(from.y, from.x), sector = 2.0 * PI / petals;
    float own = abs(mod(angle + PI, sector) / sector - 0.5) * 2.0; // 0 in the middle of a petal, 1 between two
    float level = band(clamp(0.08 + 0.8 * part + 0.12 * own, 0.0, 1.0));
    float open = 0.35 + 0.65 * level;
    float edge = layer * (0.36 + 0.44 * open) * (1.0 - pow(own, 2.2) * (0.55 + 0.25 * open));
    float away = far - edge;
    float filled = inside(away);
    float depth = clamp(far / max(edge, 1e-3), 0.0, 1.0);
    // Veins, and a shimmer over them.
    float vein = pow(0.5 + 0.5 * cos(own * 17.0 + depth * 5.0), 6.0) * smoothstep(0.15, 0.7, depth);
    float shimmer = sin(own * 11.0 + k * 7.0 + depth * 3.0) * sin(depth * 9.0 - time * 0.9 * motion);
    vec3 tint = heat(clamp(0.08 + 0.5 * part + 0.42 * depth * level, 0.0, 1.0));
    float bright = 0.16 + 0.5 * depth * depth + 0.3 * vein * (0.3 + curve(TREBLE)) + 0.14 * shimmer * level;
    float thick = filled * (0.8 - 0.25 * part);
    colour = over(vec4(tint * max(bright, 0.04) * thick, thick), colour);
    colour = over(lit(mix(light, spark, part), (0.6 * inside(abs(away) - 0.0025) + 0.2 * glow(away, 0.012)) * (0.25 + 0.75 * level)), colour);
  }
  // Pollen: one grain a semitone of what sounds.
  float lane = fract(atan(at.x, at.y) / (2.0 * PI) + 0.5) * 48.0;
  float grain = tone(24.0 + floor(lane));
  float heart = 0.085 * swell;
  float mote = length(vec2((fract(lane) - 0.5) / 48.0 * 2.0 * PI * far, far - heart - 0.05 - 0.12 * grain));
  colour = over(lit(spark, grain * grain * glow(mote, 0.006)), colour);
  float middle = inside(far - heart);
  return over(vec4(mix(light, spark, 0.4 + 0.6 * curve(PULSE)) * middle * (0.5 + 0.4 * curve(LEVEL)), middle), colour);
}
