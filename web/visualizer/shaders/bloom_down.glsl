// Half the size: what is brighter than the threshold, or all of it for 0.
// [Jimenez: "Next generation post processing in Call of Duty: Advanced Warfare", SIGGRAPH 2014]
precision highp float;
uniform sampler2D source;
uniform float threshold;
out vec4 colour;

void main() {
  vec2 texel = 1.0 / vec2(textureSize(source, 0));
  vec2 at = gl_FragCoord.xy * 2.0 * texel;
  vec4 sum = texture(source, at) * 4.0;
  for (int i = 0; i < 4; i++) {
    vec2 corner = vec2(i & 1, i >> 1) * 2.0 - 1.0;
    sum += texture(source, at + corner * texel);
  }
  colour = max(sum / 8.0, 0.0);
  float bright = max(colour.r, max(colour.g, colour.b));
  colour *= smoothstep(threshold * 0.5, threshold, bright + 1e-4);
}
