// The wall at a depth shows the spectrum as it was when that depth was passed; beats are hoops that stay in the wall.

// Where the tunnel's middle lies at a depth: it bends slowly.
vec2 bend(float depth) {
  float phase = time * 0.17 * motion;
  return vec2(sin(phase * 2.9 + depth * 0.23), sin(phase * 2.1 - depth * 0.19 + seed * 9.0)) * 0.04 * depth * motion;
}

vec4 picture(vec2 at) {
  // The depth whose ring passes through this point, found in a few steps since the middle moves with it.
  float corners = floor(sides), depth = 1.0;
  vec2 from = at;
  float angle = 0.0, radius = 1.0, facet = 0.0;
  for (int i = 0; i < 4; i++) {
    from = turned(-0.1 * depth - time * 0.05 * motion) * (at - bend(depth));
    angle = atan(from.y, from.x);
    float sector = 2.0 * PI / corners;
    facet = mod(angle + PI, sector) - sector * 0.5;
    radius = max(length(from) * mix(1.0, cos(facet) / cos(sector * 0.5), 0.9), 1e-3);
    depth = clamp(1.15 / radius, 0.3, 40.0);
  }
  float ago = depth / (3.6 * speed) - 0.16;
  float around = abs(angle) / PI; // 0 on one side, 1 on the other
  float fog = exp(-depth * 0.13), near = smoothstep(0.5, 1.1, depth);

  // Panels of the wall.
  float bars = corners * 4.0, lane = around * bars;
  float x = (floor(lane) + 0.5) / bars;
  float level = band(x, max(ago, 0.0));
  float across = abs(fract(lane) - 0.5), gap = smoothstep(0.46, 0.36, across);
  float step_length = 0.42, along = (time * 3.6 * speed - depth) / step_length;
  float plate = smoothstep(0.0, 0.12, fract(along)) * smoothstep(1.0, 0.88, fract(along));
  float shine = level * level * level * gap * mix(1.0, plate, 0.75);
  vec4 colour = lit(deep, (0.05 + 0.13 * gap * plate) * fog * near);
  colour = over(colour, lit(heat(0.02 + 0.72 * level * level), 1.15 * shine * fog * near));

  // Seams along the edges of the tunnel.
  float seam = abs(abs(facet) - PI / corners) * radius;
  colour = over(colour, lit(mix(body, light, 0.4), 0.3 * glow(seam, 0.006) * fog * (0.4 + 0.6 * curve(LEVEL))));

  // Hoops: a beat passes the eye when it sounds, and goes on into the depth.
  for (int i = 0; i < counts.z; i++) {
    vec4 b = beat(i);
    float age = -b.x;
    if (age < -0.16) break;
    float hoop = (age + 0.16) * 3.6 * speed;
    float first = b.y == 1.0 ? 1.0 : 0.0;
    float wide = mix(0.03, 0.055, first);
    colour = over(colour, lit(mix(light, spark, first * 0.6), mix(0.4, 1.0, first) * glow(depth - hoop, wide) * fog * near));
  }

  // The light at the end.
  float end = length(at - bend(14.0));
  colour = over(colour, lit(mix(light, spark, 0.3), (0.28 + 0.5 * curve(ENERGY)) * glow(end, 0.05 + 0.04 * curve(BASS))));
  colour = over(colour, lit(body, 0.2 * exp(-end * 3.2) * (0.4 + 0.6 * curve(LOUD))));
  return colour;
}
