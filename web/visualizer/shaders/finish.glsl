// The last step: bloom, aberration, words, vignette, grain; from linear light to what a screen takes.
precision highp float;
precision highp int;
uniform sampler2D source, bloom, words_map;
uniform vec2 size, extent;
uniform float time, backdrop, dark;
uniform float bloom_amount, aberration, vignette, grain, words_amount;
out vec4 colour;

const float FINE = 440.0, COARSE = 165.0; // grains along the shorter side: faster film has more of it, and larger

uint scramble(uint x) {
  x = x * 747796405u + 2891336453u;
  x = ((x >> ((x >> 28u) + 4u)) ^ x) * 277803737u;
  return (x >> 22u) ^ x;
}

// -0.5 to 0.5, another one for every place and moment.
float speck(ivec2 at, uint moment) { return float(scramble(uint(at.x) ^ scramble(uint(at.y) ^ moment))) / 4294967296.0 - 0.5; }

// Grain as film has it: clumps that are larger than a pixel, of one size in every picture.
float clumps(vec2 at, uint moment) {
  ivec2 cell = ivec2(floor(at));
  vec2 part = smoothstep(0.0, 1.0, fract(at));
  float low = mix(speck(cell, moment), speck(cell + ivec2(1, 0), moment), part.x);
  return mix(low, mix(speck(cell + ivec2(0, 1), moment), speck(cell + ivec2(1, 1), moment), part.x), part.y) * 1.5;
}

vec3 shoulder(vec3 x) { return mix(x, 0.75 + 0.25 * (1.0 - exp((0.75 - x) / 0.25)), step(0.75, x)); }

vec3 to_screen(vec3 x) { return mix(12.92 * x, 1.055 * pow(max(x, 1e-6), vec3(1.0 / 2.4)) - 0.055, step(0.0031308, x)); }

vec3 to_linear(vec3 x) { return mix(x / 12.92, pow((x + 0.055) / 1.055, vec3(2.4)), step(0.04045, x)); }

void main() {
  vec2 at = gl_FragCoord.xy / size, off = (at - 0.5) * extent;
  vec2 shift = (at - 0.5) * dot(off, off) * aberration * 0.014;
  vec4 all = texture(source, at);
  if (aberration > 0.0) all.rb = vec2(texture(source, at - shift).r, texture(source, at + shift).b);
  all += texture(bloom, at) * bloom_amount; // so soft that its fringes are not seen
  vec4 written = texture(words_map, at) * words_amount;
  if (written.a > 0.0) all = vec4(to_linear(written.rgb / written.a) * written.a, written.a) + all * (1.0 - written.a);
  float edge = length(off / extent) * 1.7;
  all.rgb *= 1.0 - vignette * 0.75 * smoothstep(0.55, 1.9, edge) * mix(0.35, 1.0, dark);
  float alpha = mix(clamp(all.a, 0.0, 1.0), 1.0, backdrop);
  vec3 screen = to_screen(shoulder(max(all.rgb / max(alpha, 1e-4), 0.0)));
  float brightness = dot(screen, vec3(0.3, 0.6, 0.1));
  uint moment = scramble(uint(time * 24.0 + 0.001));
  float grains = mix(FINE, COARSE, clamp((grain - 0.04) / 0.12, 0.0, 1.0));
  if (grain > 0.0) screen += clumps(off * grains, moment) * grain * 0.16 * (0.22 + brightness * (1.0 - brightness) * 2.6);
  screen += speck(ivec2(gl_FragCoord.xy), moment) * 0.6 / 255.0; // against steps in what is almost even
  colour = vec4(clamp(screen, 0.0, 1.0), alpha); // not multiplied: a transparent picture is read, never shown
}
