// The wall at a depth shows the spectrum as it was when that depth was passed; beats are hoops that stay in the wall.

const float WALL = 1.15;       // its distance from the middle, where the eye is at depth 0
const float PLATE = 0.42;      // length of a plate of the wall, in depth
const float LATE = 0.16;       // seconds from the eye to the edge of the picture

// Where the tunnel's middle is seen at a depth. It bends slowly, and so little that no ring crosses another.
vec2 bend(float depth) {
  float phase = time * 0.21 * motion + seed * 9.0;
  return vec2(sin(phase * 1.3), 0.7 * sin(phase)) * 0.3 * (1.0 - exp(-depth / 3.5));
}

vec4 picture(vec2 at) {
  // The depth whose ring passes through this point, found in a few steps since the middle moves with it.
  float corners = floor(sides), sector = 2.0 * PI / corners, pace = 3.6 * speed;
  float depth = 1.0, angle = 0.0, radius = 1.0, facet = 0.0;
  for (int i = 0; i < 5; i++) {
    vec2 from = turned(-0.9 * (1.0 - exp(-depth / 7.0)) - time * 0.05 * motion) * (at - bend(depth));
    angle = atan(from.y, from.x);
    facet = mod(angle + PI, sector) - sector * 0.5;
    radius = max(length(from) * mix(1.0, cos(facet) / cos(sector * 0.5), 0.9), 1e-3);
    depth = clamp(WALL / radius, 0.3, 40.0);
  }
  float fog = exp(-depth * 0.12), near = smoothstep(0.5, 1.3, depth);
  float pixel = 2.0 / min(size.x, size.y) * depth * depth / WALL; // its length along the wall

  // Plates: each one shines as its band did when it was passed, some of them brighter by chance.
  float rows = corners * 4.0, around = abs(angle) / PI, lane = around * rows; // mirrored: 0 on one side, 1 on the other
  float along = (time * pace - depth) / PLATE, own = floor(along);
  float ago = max((time * pace - (own + 0.5) * PLATE) / pace - LATE, 0.0);
  float level = band((floor(lane) + 0.5) / rows, ago);
  float luck = chance(ivec2(int(floor(lane)) + (angle < 0.0 ? 0 : 64), int(own)));
  float fine = smoothstep(PLATE * 0.7, PLATE * 0.15, pixel);
  float gap = smoothstep(0.47, 0.4, abs(fract(lane) - 0.5));
  float joint = smoothstep(0.0, 0.07, fract(along)) * smoothstep(1.0, 0.93, fract(along));
  float plate = mix(0.7, gap * joint, fine);
  float shine = level * level * mix(0.45, 0.12 + luck * luck, fine);
  vec4 colour = lit(mix(deep, body, 0.12), (0.06 + 0.2 * plate * (0.6 + 0.4 * luck)) * fog * near);
  colour = over(colour, lit(heat(0.08 + 0.5 * level * level + 0.34 * luck * level), 1.25 * shine * plate * fog * near));

  // Seams along the edges of the tunnel.
  float seam = abs(abs(facet) - PI / corners) * radius;
  colour = over(colour, lit(mix(body, light, 0.45), 0.55 * glow(seam, 0.0035 + 0.002 / depth) * sqrt(fog) * near * (0.3 + 0.7 * curve(LEVEL))));

  // Hoops: a beat passes the eye when it sounds, and goes on into the depth.
  float here = LATE - depth / pace; // the time, from now, of a beat whose hoop is at this point
  int next = beat_from(here);
  for (int i = max(next - 1, 0); i < min(next + 1, counts.z); i++) {
    vec4 b = beat(i);
    float first = b.y == 1.0 ? 1.0 : 0.0, hoop = (LATE - b.x) * pace;
    float thin = mix(0.018, 0.034, first) + 0.35 * pixel;
    float away = abs(depth - hoop);
    float strength = mix(0.55, 1.35, first) * sqrt(fog) * smoothstep(0.55, 1.5, depth);
    colour = over(colour, lit(mix(light, spark, 0.2 + first * 0.6), strength * (glow(away, thin) + 0.25 * exp(-away * 3.5) * smoothstep(1.0, 2.6, depth))));
  }

  // The light at the end.
  float end = length(at - bend(40.0));
  colour = over(colour, lit(mix(light, spark, 0.35), (0.5 + 0.5 * curve(ENERGY)) * glow(end, 0.045 + 0.04 * curve(BASS))));
  return over(colour, lit(body, 0.3 * exp(-end * 3.0) * (0.35 + 0.65 * curve(LOUD))));
}
