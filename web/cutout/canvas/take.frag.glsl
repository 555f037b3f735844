// A part of one level of a mask, inverted where that is asked for.
uniform sampler2D source;
uniform int level;
uniform ivec2 corner;  // of the part, in pixels of the level
uniform float inverted;

out vec4 value;

void main() {
  ivec2 place = clamp(corner + ivec2(gl_FragCoord.xy), ivec2(0), textureSize(source, level) - 1);
  float alpha = texelFetch(source, place, level).r;
  value = vec4(mix(alpha, 1.0 - alpha, inverted));
}
