// The last step: bloom, aberration, words, vignette, grain; from linear light to what a screen takes.
precision highp float;
precision highp int;
uniform sampler2D source, bloom, words_map;
uniform vec2 size, extent;
uniform float time, backdrop, dark;
uniform float bloom_amount, aberration, vignette, grain, words_amount;
out vec4 colour;

uint scramble(uint x) {
  x = x * 747796405u + 2891336453u;
  x = ((x >> ((x >> 28u) + 4u)) ^ x) * 277803737u;
  return (x >> 22u) ^ x;
}

vec3 shoulder(vec3 x) { return mix(x, 0.75 + 0.25 * (1.0 - exp((0.75 - x) / 0.25)), step(0.75, x)); }

vec3 to_screen(vec3 x) { return mix(12.92 * x, 1.055 * pow(max(x, 1e-6), vec3(1.0 / 2.4)) - 0.055, step(0.0031308, x)); }

vec3 to_linear(vec3 x) { return mix(x / 12.92, pow((x + 0.055) / 1.055, vec3(2.4)), step(0.04045, x)); }

vec4 lit(vec2 at) { return texture(source, at) + texture(bloom, at) * bloom_amount; }

void main() {
  vec2 at = gl_FragCoord.xy / size, off = (at - 0.5) * extent;
  vec2 shift = (at - 0.5) * dot(off, off) * aberration * 0.02;
  vec4 middle = lit(at);
  vec4 all = aberration > 0.0 ? vec4(lit(at - shift).r, middle.g, lit(at + shift).b, middle.a) : middle;
  vec4 written = texture(words_map, at) * words_amount;
  written.rgb = to_linear(written.rgb / max(written.a, 1e-4)) * written.a;
  all = written + all * (1.0 - written.a);
  float edge = length(off / extent) * 1.7;
  all.rgb *= 1.0 - vignette * 0.75 * smoothstep(0.55, 1.9, edge) * mix(0.35, 1.0, dark);
  float alpha = mix(clamp(all.a, 0.0, 1.0), 1.0, backdrop);
  vec3 screen = to_screen(shoulder(max(all.rgb / max(alpha, 1e-4), 0.0)));
  uvec2 pixel = uvec2(gl_FragCoord.xy);
  float speck = float(scramble(pixel.x ^ scramble(pixel.y ^ scramble(uint(time * 24.0 + 0.001))))) / 4294967296.0 - 0.5;
  float brightness = dot(screen, vec3(0.3, 0.6, 0.1));
  screen += speck * (grain * 0.16 * (0.35 + brightness * (1.0 - brightness) * 2.6) + 1.0 / 255.0);
  colour = vec4(clamp(screen, 0.0, 1.0), alpha); // not multiplied: a transparent picture is read, never shown
}
