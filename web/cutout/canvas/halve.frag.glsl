// The next smaller level of a texture: averages of two by two.
uniform sampler2D source;

out vec4 value;

void main() {
  ivec2 place = 2 * ivec2(gl_FragCoord.xy), last = textureSize(source, 0) - 1;
  value = 0.25 * (texelFetch(source, min(place, last), 0) + texelFetch(source, min(place + ivec2(1, 0), last), 0)
    + texelFetch(source, min(place + ivec2(0, 1), last), 0) + texelFetch(source, min(place + 1, last), 0));
}
