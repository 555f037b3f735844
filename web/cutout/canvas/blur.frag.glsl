// A Gaussian in one direction.
const int MOST = 96;
uniform sampler2D source;
uniform ivec2 size;  // of what is used of the source
uniform ivec2 direction;
uniform int last;
uniform float taps[MOST];

out vec4 value;

float at(ivec2 place) {
  return texelFetch(source, clamp(place, ivec2(0), size - 1), 0).r;
}

void main() {
  ivec2 place = ivec2(gl_FragCoord.xy);
  float sum = taps[0] * at(place);
  for (int n = 1; n <= last; n++) sum += taps[n] * (at(place + n * direction) + at(place - n * direction));
  value = vec4(sum);
}
