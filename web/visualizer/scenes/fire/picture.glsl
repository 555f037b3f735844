// Flames: noise that rises, cut off where the spectrum of this place says so; embers at the foot.

float turbulent(vec2 p) {
  float sum = 0.0, weight = 0.55;
  for (int i = 0; i < 3; i++) {
    sum += weight * noise(p);
    p = turned(0.6) * p * 2.03 + 17.0;
    weight *= 0.5;
  }
  return sum;
}

vec4 picture(vec2 at) {
  float foot = at.y + extent.y; // 0 on the ground
  float rising = time * (0.55 + 0.45 * motion);
  float lean = wind * 0.35 * foot * foot;
  vec2 place = vec2(at.x - lean, foot);
  float warp = turbulent(vec2(place.x * 1.6, place.y * 1.1 - rising * 1.1));
  place.x += warp * 0.16 * smoothstep(0.0, 0.9, foot);
  float across = clamp(abs(place.x) / (min(extent.x, 1.25) * 0.95), 0.0, 1.0);
  float level = band(across * 0.8, 0.03 + foot * 0.12);
  float hearth = smoothstep(1.0, 0.35, across);
  float reach = height * hearth * max(1.0, 0.72 * extent.y) * (0.28 + 0.62 * curve(LOUD) + 0.75 * level * level + 0.2 * curve(BASS));
  float body_of_fire = 1.0 - foot / max(reach, 0.02);
  float lick = body_of_fire > -0.7 ? turbulent(vec2(place.x * 3.4, place.y * 1.5 - rising * 1.9)) : 0.0;
  float burn = clamp(body_of_fire + 0.62 * lick * smoothstep(0.0, 0.5, foot) + 0.05, 0.0, 1.0);
  burn = smoothstep(0.0, 0.75, burn);
  float core = clamp(body_of_fire * 1.3 - 0.1 + 0.25 * lick, 0.0, 1.0);
  float hot = burn * mix(0.28, 0.92, core * core);
  vec3 tint = mix(deep, body, smoothstep(0.0, 0.35, hot));
  tint = mix(tint, light, smoothstep(0.35, 0.75, hot));
  tint = mix(tint, spark, smoothstep(0.78, 1.05, hot + 0.12 * curve(FLASH)));
  vec4 colour = lit(mix(deep, body, 0.35), 0.5 * exp(-foot * 1.15) * exp(-across * 1.1) * (0.4 + 0.6 * curve(LEVEL)));
  colour = over(vec4(tint * burn * (0.3 + 0.62 * hot), burn * 0.92), colour);

  // A bed of embers: dark lumps, and light in the cracks between them.
  float bed = inside(foot - 0.1 - 0.02 * noise(vec2(at.x * 4.0, 3.0)) + 0.07 * across * across);
  if (bed == 0.0) return colour;
  vec2 lump = vec2(at.x * 6.0, foot * 17.0);
  float crack = abs(turbulent(lump)), seam = 1.0 - smoothstep(0.0, 0.22, crack);
  float breath = 0.5 + 0.5 * noise(vec2(at.x * 3.0, time * 0.8 * motion));
  float ember = seam * seam * (0.12 + 0.4 * breath + 0.7 * curve(BASS)) * hearth;
  vec3 coal = mix(ground * 0.35, mix(deep, body, 0.25), 0.5 * hearth * smoothstep(0.03, 0.11, foot));
  return over(vec4((coal + mix(body, light, seam * seam) * ember) * bed, bed), colour);
}
