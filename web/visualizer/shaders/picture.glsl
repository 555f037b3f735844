// The scene's picture over its ground.

out vec4 colour;

vec3 behind(vec2 at) {
  float depth = length(at / extent) * 0.8;
  return mix(mix(ground, deep, dark * 0.28), ground, smoothstep(0.0, 1.1, depth));
}

void main() {
  vec2 at = (gl_FragCoord.xy / size * 2.0 - 1.0) * extent;
  colour = over(picture(at), vec4(behind(at), 1.0) * backdrop);
}
