// One step of the edge outwards: the maximum over a cross or a square, or a part of the way to it.
uniform sampler2D source;
uniform ivec2 size;  // of what is used of the source
uniform bool square;
uniform float part;

out vec4 value;

float at(ivec2 place) {
  return texelFetch(source, clamp(place, ivec2(0), size - 1), 0).r;
}

void main() {
  ivec2 place = ivec2(gl_FragCoord.xy);
  float middle = at(place);
  float most = max(max(middle, at(place + ivec2(1, 0))), max(at(place - ivec2(1, 0)), max(at(place + ivec2(0, 1)), at(place - ivec2(0, 1)))));
  if (square) {
    most = max(max(most, at(place + ivec2(1, 1))), max(at(place - ivec2(1, 1)), max(at(place + ivec2(1, -1)), at(place + ivec2(-1, 1)))));
  }
  value = vec4(mix(middle, most, part));
}
