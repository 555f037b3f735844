// Twice the size, blurred by a tent, to be added to the level that is there.
precision highp float;
uniform sampler2D source;
uniform vec2 target;
uniform float share;
out vec4 colour;

void main() {
  vec2 texel = 1.0 / vec2(textureSize(source, 0)), at = gl_FragCoord.xy / target;
  vec4 sum = vec4(0.0);
  for (int y = -1; y <= 1; y++)
    for (int x = -1; x <= 1; x++)
      sum += texture(source, at + vec2(x, y) * texel) * float((2 - abs(x)) * (2 - abs(y)));
  colour = sum / 16.0 * share;
}
